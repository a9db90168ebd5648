// Package verify runs what was in use and the MirrorSet that replaces it on the
// same Pods, and says of every image on which they differ which is right.
//
// Policies run in their own engines; node configuration is asked where it would
// pull from, by a model of the runtime's rules. Together they are the old side: a
// node pulls what admission made of an image.
package verify

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/workload"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/migrate"
	"mirrorgen.dev/gen/migrate/expression"
)

// A Fixture is an object to run both sides on: a Pod, or a workload that makes Pods.
type Fixture struct {
	// Where names the object, such as pods.yaml: Pod shop/web.
	Where  string
	Object map[string]any
}

// A Line is one image on which the two sides differ.
type Line struct {
	// Where is the fixture's, Place the image's in the Pod.
	Where string `json:"where"`
	Place string `json:"place"`
	// Image is what was written, Old and New what each side makes of it; Failed in
	// place of Old where there is none.
	Image string `json:"image"`
	Old   string `json:"old"`
	New   string `json:"new"`
	// Right is new, old, neither or undecided.
	Right string `json:"right"`
	Why   string `json:"why"`
}

// A Report is what came of a comparison.
type Report struct {
	Lines []Line
	// Pods and Images count what was compared, Same the images that are equal.
	Pods, Images, Same int
}

// Count is the number of lines with that answer.
func (r *Report) Count(right migrate.Side) int {
	n := 0
	for _, line := range r.Lines {
		if line.Right == right.String() {
			n++
		}
	}
	return n
}

// A Comparison is what is compared.
type Comparison struct {
	// Policies and Nodes are the old side.
	Policies []migrate.OldPolicy
	Nodes    []*migrate.Node
	// Engine makes the engine of a name: kyverno, kyverno-cel or kubernetes.
	Engine func(name string) (engine.Engine, error)
	// Plans are the MirrorSets', New their policies, loaded.
	Plans []*mirror.Plan
	New   engine.Session
	// NamespaceLabels are those of namespaces by name; nil: none are known.
	NamespaceLabels map[string]map[string]string

	old []side
	// registry holds every image of the fixtures, for policies that look images up.
	registry []string
}

// A side is one engine of the old policies, loaded.
type side struct {
	engine  engine.Engine
	session engine.Session
}

// Run compares both sides on fixtures, in their order. An error means that there
// is no comparison: an engine that is absent or broke, policies that do not load,
// fixtures without a Pod or an image.
func (c *Comparison) Run(ctx context.Context, fixtures []Fixture) (report *Report, err error) {
	if len(c.Policies)+len(c.Nodes) == 0 {
		return nil, errors.New("the inputs hold nothing that could be run; nothing was compared")
	}
	defer func() { err = errors.Join(err, c.close()) }()
	if err := c.load(ctx); err != nil {
		return nil, err
	}
	for _, f := range fixtures {
		for _, i := range imagesOf(f.Object) {
			if i.Present && expression.IsLookedUp(i.Text) {
				c.registry = append(c.registry, i.Text)
			}
		}
	}
	report = &Report{}
	for _, f := range fixtures {
		if err := c.fixture(ctx, f, report); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Where, err)
		}
	}
	switch {
	case report.Pods == 0:
		return nil, errors.New("the fixtures hold no Pod and no workload; nothing was compared")
	case report.Images == 0:
		return nil, errors.New("the fixtures' Pods hold no image; nothing was compared")
	}
	return report, nil
}

// engineOf runs policies of a kind.
func engineOf(kind string) string {
	switch kind {
	case "ClusterPolicy", "Policy":
		return "kyverno"
	case "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding":
		return "kubernetes"
	}
	return "kyverno-cel"
}

// load loads the old policies, each kind into its engine. An API server runs its
// own policies before it asks webhooks.
func (c *Comparison) load(ctx context.Context) error {
	for _, name := range []string{"kubernetes", "kyverno", "kyverno-cel"} {
		var files []artifact.File
		bound := map[string]bool{}
		for i, p := range c.Policies {
			if engineOf(p.Kind) != name {
				continue
			}
			files = append(files, artifact.File{Path: fmt.Sprintf("%d-%s", i, p.File), Data: p.Data})
			if p.Kind == "MutatingAdmissionPolicyBinding" {
				bound[p.Name] = true
			}
		}
		if len(files) == 0 {
			continue
		}
		files = append(files, c.bindings(bound)...)
		e, err := c.Engine(name)
		if err != nil {
			return err
		}
		session, err := e.Load(ctx, files)
		if err != nil {
			return errors.Join(fmt.Errorf("the old policies: %s: %w", name, err), e.Close())
		}
		c.old = append(c.old, side{e, session})
	}
	return nil
}

// bindings bind the policies that came without one: their bindings are somewhere in
// the cluster, or the policies would do nothing.
func (c *Comparison) bindings(bound map[string]bool) []artifact.File {
	var files []artifact.File
	for _, p := range c.Policies {
		if p.Kind == "MutatingAdmissionPolicy" && !bound[p.Name] {
			bound[p.Name] = true
			files = append(files, artifact.File{Path: "binding.yaml", Data: []byte(fmt.Sprintf(
				"apiVersion: admissionregistration.k8s.io/v1\nkind: MutatingAdmissionPolicyBinding\nmetadata: {name: %q}\nspec: {policyName: %q}\n", p.Name, p.Name))})
		}
	}
	return files
}

func (c *Comparison) close() error {
	var problems []error
	for _, s := range c.old {
		problems = append(problems, s.session.Close(), s.engine.Close())
	}
	return errors.Join(problems...)
}

// fixture runs both sides on one object.
func (c *Comparison) fixture(ctx context.Context, f Fixture, report *Report) error {
	template, isPod, ok := workload.PodTemplate(f.Object)
	if !ok {
		return nil
	}
	report.Pods++
	submitted := f.Object
	if !isPod {
		// Kyverno may rewrite the workload first, and then the Pod that comes of it.
		outcome, err := c.admitOld(ctx, f.Object)
		if err != nil {
			return err
		}
		if outcome.refused != "" {
			return c.each(template, nil, outcome, nil, "", f, report)
		}
		after, _, ok := workload.PodTemplate(outcome.object)
		if !ok {
			return errors.New("the old policies left no template of a Pod")
		}
		submitted = podOf(f.Object, after)
	}
	old, err := c.admitOld(ctx, submitted)
	if err != nil {
		return err
	}
	if len(c.Policies) == 0 {
		// A node pulls for every namespace alike, and so does the MirrorSet there.
		return c.each(template, old.object, old, nil, "", f, report)
	}
	fresh := f.Object
	if !isPod {
		fresh = podOf(f.Object, template)
	}
	now, unasked, err := c.admitNew(ctx, fresh)
	if err != nil {
		return err
	}
	return c.each(template, old.object, old, now, unasked, f, report)
}

// podOf is the Pod that a workload makes of a template.
func podOf(object, template map[string]any) map[string]any {
	metadata := map[string]any{}
	if of, ok := template["metadata"].(map[string]any); ok {
		for key, value := range of {
			metadata[key] = value
		}
	}
	of, _ := object["metadata"].(map[string]any)
	name, _ := of["name"].(string)
	metadata["name"], metadata["namespace"] = name, workload.Namespace(object)
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": template["spec"]}
}

func imagesOf(object map[string]any) []workload.Image {
	template, _, _ := workload.PodTemplate(object)
	spec, _ := template["spec"].(map[string]any)
	return workload.Images(spec)
}

// brief is what is shown of a message: its beginning, and its end, where the
// cause stands.
func brief(text string) string {
	const begin, end = 60, 140
	runes := []rune(strings.Join(strings.Fields(text), " "))
	if len(runes) <= begin+end+len(" ... ") {
		return string(runes)
	}
	return string(runes[:begin]) + " ... " + string(runes[len(runes)-end:])
}
