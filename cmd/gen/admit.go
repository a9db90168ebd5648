package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/overlay"
	"mirrorgen.dev/gen/generator/workload"
	"mirrorgen.dev/gen/harness/testcase"
)

func newAdmit() *cobra.Command {
	var from specFlag
	var engines engineFlag
	var policies, through, namespaces string
	var workers int
	cmd := &cobra.Command{
		Use:   "admit INPUT...",
		Short: "run manifests through admission, offline",
		Long: `admit submits each object of its inputs (file, folder, kustomization, or - for
stdin) as a CREATE. Admitted objects are written to stdout as a YAML stream;
what changed and what was denied is said on stderr. Objects are streamed: memory
does not grow with their number.

--engine takes a pipeline such as kyverno->rego, or one engine: reference (the
default with -f: needs nothing installed), kyverno, kyverno-cel, kubernetes, rego,
gatekeeper. The default with --policies is what they hold: kyverno->gatekeeper where
Kyverno rewrites and Gatekeeper judges, else the first of kyverno, kyverno-cel,
kubernetes and gatekeeper that they have policies of.`,
		Example: `  gen admit -f mirrors.yaml pods.yaml
  gen admit -f mirrors.yaml --engine 'kyverno->rego' deploy/
  kustomize build overlays/prod | gen admit --policies policies -`,
		Args: atLeastOne("an INPUT: a file, a folder, a kustomization, or - for stdin"),
		RunE: func(cmd *cobra.Command, inputs []string) (err error) {
			useCPUs()
			set, err := admitPolicies(cmd, &from, policies)
			if err != nil {
				return err
			}
			if through == "" {
				through = defaultThrough(set, policies != "")
			}
			labels, err := readNamespaces(namespaces)
			if err != nil {
				return err
			}
			mutate, judge, err := testcase.Through(through)
			if err != nil {
				return err
			}
			admission, err := testcase.OpenAdmission(cmd.Context(), set, engines.factories(mutate, judge), through)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, admission.Close()) }()
			a := &admitter{admission: admission, namespaces: labels, workers: max(1, workers),
				stdout: bufio.NewWriterSize(cmd.OutOrStdout(), 1<<16), stderr: bufio.NewWriter(cmd.ErrOrStderr())}
			err = a.run(cmd.Context(), inputs, cmd.InOrStdin(), from.allowRemote)
			if a.passedOver > 0 {
				// Without it, a green run over Deployments alone would look like a proof.
				fmt.Fprintf(a.stderr, "notice: %d of %d objects not judged: %s\n", a.passedOver, a.objects, a.why)
			}
			err = errors.Join(err, a.stdout.Flush(), a.stderr.Flush())
			switch {
			case err != nil:
				return err
			case a.broken > 0:
				return errReported
			case a.objects == 0:
				return errors.New("the inputs hold no object; nothing was judged")
			case a.denied > 0:
				return errFindings
			}
			return nil
		},
	}
	from.register(cmd)
	flags := cmd.Flags()
	flags.StringVar(&policies, "policies", "", "folder or kustomization of policies, instead of -f")
	flags.StringVar(&through, "engine", "", "engine or pipeline (default reference with -f, what they hold with --policies)")
	flags.StringVar(&namespaces, "namespaces", "", "YAML stream of Namespaces, whose labels namespace selectors are held against")
	// More than there are processors: an engine program answers in its own time,
	// and neither side is to wait for the other.
	flags.IntVarP(&workers, "jobs", "j", 16*runtime.NumCPU(), "how many objects are under way at once")
	engines.register(cmd)
	return cmd
}

// defaultThrough is the reference, or what built policies are made for: an
// engine that has nothing to judge by would let everything pass.
func defaultThrough(set *testcase.PolicySet, built bool) string {
	if !built {
		return "reference"
	}
	for _, name := range generator.Rewriters() {
		if _, there := set.Files[name]; !there {
			continue
		}
		if set.OnlyRewrites[name] {
			return name + "->gatekeeper"
		}
		return name
	}
	return "gatekeeper"
}

func admitPolicies(cmd *cobra.Command, from *specFlag, policies string) (*testcase.PolicySet, error) {
	if policies != "" {
		if len(from.paths) > 0 {
			return nil, errors.New("-f and --policies: name one of the two")
		}
		return builtPolicies(policies, from.allowRemote)
	}
	plans, err := from.plans(cmd)
	if err != nil {
		return nil, err
	}
	return testcase.FromPlans(strings.Join(from.orDefault(), ", "), plans)
}

// readNamespaces maps namespaces to their labels; nil where no file is named.
func readNamespaces(name string) (map[string]map[string]string, error) {
	if name == "" {
		return nil, nil
	}
	if _, err := look(name, "name a YAML stream of Namespaces with --namespaces"); err != nil {
		return nil, err
	}
	file, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	labels := map[string]map[string]string{}
	reader := document.NewReader(name, file)
	for {
		doc, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return labels, nil
		}
		if err != nil {
			return nil, err
		}
		object, err := doc.Object()
		if err != nil {
			return nil, err
		}
		if workload.KindOf(object) != "v1/Namespace" {
			return nil, fmt.Errorf("%s: document %d: is no v1 Namespace", name, doc.Index)
		}
		metadata, _ := object["metadata"].(map[string]any)
		namespace, _ := metadata["name"].(string)
		labels[namespace] = workload.Labels(object)
	}
}

// An admitter streams objects through an admission: documents are read one by
// one, judged by several workers, and reported in the order in which they were read.
type admitter struct {
	admission  *testcase.Admission
	namespaces map[string]map[string]string
	workers    int

	stdout, stderr          *bufio.Writer
	objects, denied, broken int
	// passedOver counts workloads that no policy judged; why is the same of each.
	passedOver int
	why        string
}

// A job is one document on its way.
type job struct {
	doc    document.Document
	object map[string]any // set where the input was built, not read
	tree   *document.Tree // set where it was read
	err    error          // what kept the document from being read
	done   chan struct{}
	out    judged
}

// judged is what came of a document.
type judged struct {
	stdout, stderr          []byte
	objects, denied, broken int
	passedOver              int
	why                     string
}

func (a *admitter) run(ctx context.Context, inputs []string, stdin io.Reader, allowRemote bool) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	// The bound on documents under way is what keeps memory flat.
	ordered := make(chan *job, 2*a.workers)
	todo := make(chan *job, 2*a.workers)
	readErr := make(chan error, 1)
	go func() {
		defer close(ordered)
		defer close(todo)
		readErr <- readInputs(inputs, stdin, allowRemote, func(j *job) bool {
			j.done = make(chan struct{})
			select {
			case ordered <- j:
			case <-ctx.Done():
				return false
			}
			select {
			case todo <- j:
			case <-ctx.Done():
				return false
			}
			return true
		})
	}()
	for range a.workers {
		go func() {
			for j := range todo {
				a.judge(ctx, j)
				close(j.done)
			}
		}()
	}
	for j := range ordered {
		select {
		case <-j.done:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := a.report(&j.out); err != nil {
			return err
		}
	}
	return <-readErr
}

// report writes what came of one document.
func (a *admitter) report(out *judged) error {
	if len(out.stdout) > 0 {
		if a.objects > a.denied {
			if _, err := a.stdout.WriteString("---\n"); err != nil {
				return err
			}
		}
		if _, err := a.stdout.Write(out.stdout); err != nil {
			return err
		}
	}
	if _, err := a.stderr.Write(out.stderr); err != nil {
		return err
	}
	a.objects += out.objects
	a.denied += out.denied
	a.broken += out.broken
	if a.passedOver += out.passedOver; out.passedOver > 0 {
		a.why = out.why
	}
	return nil
}

// readInputs yields the documents of every input; yield returns false to stop.
// What keeps one input or document from being read is yielded as its error, so
// that the rest is still judged.
func readInputs(inputs []string, stdin io.Reader, allowRemote bool, yield func(*job) bool) error {
	for _, input := range inputs {
		more, err := readInput(input, stdin, allowRemote, yield)
		if err != nil {
			more = yield(&job{err: err})
		}
		if !more {
			return nil
		}
	}
	return nil
}

func readInput(input string, stdin io.Reader, allowRemote bool, yield func(*job) bool) (more bool, err error) {
	if input == "-" {
		return readStream("stdin", stdin, yield), nil
	}
	if overlay.IsKustomization(input) {
		objects, err := overlay.Build(input, overlay.Options{AllowRemote: allowRemote})
		if err != nil {
			return true, err
		}
		for i, object := range objects {
			if !yield(&job{doc: document.Document{Name: input, Index: i + 1}, object: object}) {
				return false, nil
			}
		}
		return true, nil
	}
	info, err := look(input, "name a file, a folder, a kustomization, or - for stdin")
	if err != nil {
		return true, err
	}
	files := []string{input}
	if info.IsDir() {
		if files, err = yamlFiles(input); err != nil {
			return true, err
		}
	}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			return true, err
		}
		more := readStream(name, file, yield)
		file.Close()
		if !more {
			return false, nil
		}
	}
	return true, nil
}

func readStream(name string, r io.Reader, yield func(*job) bool) (more bool) {
	reader := document.NewReader(name, r)
	for {
		doc, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return true
		}
		if err != nil {
			// What follows in this stream has no known beginning.
			return yield(&job{err: err})
		}
		if !yield(&job{doc: doc}) {
			return false
		}
	}
}

// judge admits the objects of one document.
func (a *admitter) judge(ctx context.Context, j *job) {
	if j.err != nil {
		j.out.fail(j.err)
		return
	}
	object := j.object
	if object == nil {
		tree, err := j.doc.Tree()
		if err != nil {
			j.out.fail(err)
			return
		}
		j.tree, object = tree, tree.Object()
	}
	a.judgeEach(ctx, j, object, place(j.doc), j.object == nil)
	// What was read is not needed any more, while the job may wait for its turn.
	j.doc.Data, j.object, j.tree = nil, nil, nil
}

// judgeEach judges an object, or each item of a list one by one, as kubectl
// submits them: a List, a list of one kind (PodList), and lists within them.
func (a *admitter) judgeEach(ctx context.Context, j *job, object map[string]any, where string, whole bool) {
	kind, _ := object["kind"].(string)
	version, _ := object["apiVersion"].(string)
	items, isArray := object["items"].([]any)
	switch {
	case !strings.HasSuffix(kind, "List"), !isArray && kind != "List":
		a.judgeObject(ctx, j, object, whole)
		return
	case !isArray:
		j.out.fail(fmt.Errorf("%s: is a List whose items are no list", where))
		return
	}
	for i, item := range items {
		where := fmt.Sprintf("%s: items[%d]", where, i)
		object, ok := item.(map[string]any)
		if !ok {
			j.out.fail(fmt.Errorf("%s: is no object", where))
			continue
		}
		a.judgeEach(ctx, j, typed(object, version, kind), where, false)
	}
}

// typed is an item of a list of one kind with the kind that the list implies;
// the API server leaves it out.
func typed(item map[string]any, version, list string) map[string]any {
	if _, has := item["kind"]; has || list == "List" {
		return item
	}
	whole := map[string]any{"apiVersion": version, "kind": strings.TrimSuffix(list, "List")}
	for key, value := range item {
		whole[key] = value
	}
	return whole
}

// judgeObject admits one object. whole says that the document holds nothing
// else, so that its own bytes can be passed on where nothing changed.
func (a *admitter) judgeObject(ctx context.Context, j *job, object map[string]any, whole bool) {
	for _, field := range []string{"apiVersion", "kind"} {
		if text, _ := object[field].(string); text == "" {
			j.out.fail(fmt.Errorf("%s: is no Kubernetes object: it has no %s", place(j.doc), field))
			return
		}
	}
	namespace := workload.Namespace(object)
	labels := a.namespaces[namespace]
	verdict, err := a.admission.Admit(ctx, object, labels)
	who := who(j.doc, object)
	if err != nil {
		if labels == nil {
			err = inOurFlags(err)
		}
		j.out.fail(fmt.Errorf("%s: %w", who, err))
		return
	}
	j.out.objects++
	if verdict.PassedOver != "" {
		j.out.passedOver++
		j.out.why = verdict.PassedOver
	}
	for _, change := range verdict.Changes {
		j.out.say(who, "changed: "+change)
	}
	for _, warning := range verdict.Warnings {
		j.out.say(who, "warning: "+warning)
	}
	for _, recorded := range verdict.Recorded {
		j.out.say(who, "recorded: "+recorded)
	}
	if !verdict.Allowed {
		j.out.denied++
		for _, message := range verdict.Messages {
			j.out.say(who, "denied: "+message)
		}
		if len(verdict.Messages) == 0 {
			j.out.say(who, "denied")
		}
		return
	}
	data, err := j.text(verdict, whole)
	if err != nil {
		j.out.fail(fmt.Errorf("%s: %w", who, err))
		return
	}
	if len(j.out.stdout) > 0 {
		j.out.stdout = append(j.out.stdout, "---\n"...)
	}
	j.out.stdout = append(j.out.stdout, data...)
	if n := len(j.out.stdout); n > 0 && j.out.stdout[n-1] != '\n' {
		j.out.stdout = append(j.out.stdout, '\n')
	}
}

// text is the admitted object: the document's own text where it holds nothing
// else, with the images put in their places, so that comments and layout stay.
func (j *job) text(verdict testcase.Verdict, whole bool) ([]byte, error) {
	switch {
	case whole && len(verdict.Changes) == 0:
		return j.doc.Data, nil
	case whole && verdict.Edits != nil && j.tree != nil:
		if text, ok := j.tree.Replace(verdict.Edits); ok {
			return text, nil
		}
	}
	return document.Marshal(verdict.Object)
}

// inOurFlags says where labels that an engine misses are given here: engines name
// namespaceLabels, which is a field of a test case and of the protocol.
func inOurFlags(err error) error {
	text := err.Error()
	if !strings.Contains(text, "namespaceLabels") {
		return err
	}
	return errors.New(strings.TrimSuffix(text, "; give them in namespaceLabels") + "; give its labels with --namespaces FILE")
}

func (o *judged) say(who, what string) {
	o.stderr = append(o.stderr, printable(who+": "+what)...)
	o.stderr = append(o.stderr, '\n')
}

func (o *judged) fail(err error) {
	o.broken++
	o.stderr = append(o.stderr, printable(err.Error())...)
	o.stderr = append(o.stderr, '\n')
}

// who names an object and where it stands.
func who(doc document.Document, object map[string]any) string {
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	if name == "" {
		name, _ = metadata["generateName"].(string)
	}
	kind, _ := object["kind"].(string)
	if _, _, isWorkload := workload.PodTemplate(object); !isWorkload && metadata["namespace"] == nil {
		// It may lie in no namespace, as an ImageCache does.
		return fmt.Sprintf("%s: %s %s", place(doc), kind, name)
	}
	return fmt.Sprintf("%s: %s %s/%s", place(doc), kind, workload.Namespace(object), name)
}

// place is where a document begins; what was built has no lines.
func place(doc document.Document) string {
	if doc.Line == 0 {
		return doc.Name
	}
	return fmt.Sprintf("%s:%d", doc.Name, doc.Line)
}
