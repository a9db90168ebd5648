// Package opa runs generated policies on Open Policy Agent, in process: the
// plain Rego that conftest and OPA take, and Gatekeeper's constraints, whose
// matching and expansion it does as Gatekeeper does.
package opa

import (
	"context"
	"errors"
	"fmt"
	"path"
	"sort"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/harness/engine"
)

// RegoName and GatekeeperName are the engines' names.
const (
	RegoName       = "rego"
	GatekeeperName = "gatekeeper"
)

// oldestOPA is the OPA that policies have to compile with: Gatekeeper v3.23.1
// embeds it, and conftest a later one.
const oldestOPA = "v1.17.1"

type regoEngine struct{}

// NewRego makes the engine for the files of the target rego.
func NewRego() engine.Engine { return regoEngine{} }

func (regoEngine) Name() string { return RegoName }

func (regoEngine) Close() error { return nil }

// regoQuery asks the generated package main for its ordered answers.
const regoQuery = `answer = {
	"problems": data.main.problems,
	"denials": data.main.denials,
	"warnings": data.main.warnings,
	"recorded": data.main.records,
	"matched": data.main.matched,
	"fired": data.main.fired,
}`

// Load compiles the .rego files, tests left out, and takes as data the YAML and
// JSON files that hold no Kubernetes objects.
func (regoEngine) Load(ctx context.Context, files []artifact.File) (engine.Session, error) {
	capabilities, err := ast.LoadCapabilitiesVersion(oldestOPA)
	if err != nil {
		return nil, err
	}
	modules := map[string]*ast.Module{}
	for _, file := range files {
		if path.Ext(file.Path) != ".rego" || strings.HasSuffix(file.Path, "_test.rego") {
			continue
		}
		module, err := parse(file.Path, string(file.Data), capabilities)
		if err != nil {
			return nil, err
		}
		modules[file.Path] = module
	}
	if len(modules) == 0 {
		return nil, errors.New("no .rego file: nothing to judge by is not a pass")
	}
	compiler := ast.NewCompiler().WithCapabilities(capabilities).WithStrict(true)
	if compiler.Compile(modules); compiler.Failed() {
		return nil, compiler.Errors
	}
	for _, rule := range []string{"problems", "denials", "warnings", "records", "matched", "fired"} {
		if len(compiler.GetRules(ast.MustParseRef("data.main."+rule))) == 0 {
			return nil, fmt.Errorf("package main has no rule %s: these are not the policies that gen policies generates", rule)
		}
	}
	data, err := readData(files)
	if err != nil {
		return nil, err
	}
	sets, _ := field(data, "mirrorgen", "sets").(map[string]any)
	if len(sets) == 0 {
		return nil, errors.New("no data: mirrorgen.sets is in none of the YAML files; nothing to judge by is not a pass")
	}
	store := inmem.NewFromObjectWithOpts(data, inmem.OptReturnASTValuesOnRead(true))
	query, err := rego.New(
		rego.Query(regoQuery), rego.Compiler(compiler), rego.Store(store), rego.StrictBuiltinErrors(true),
	).PrepareForEval(ctx)
	if err != nil {
		return nil, err
	}
	session := &regoSession{query: query}
	for set := range sets {
		session.sets = append(session.sets, set)
	}
	sort.Strings(session.sets)
	return session, nil
}

func parse(name, source string, capabilities *ast.Capabilities) (*ast.Module, error) {
	return ast.ParseModuleWithOpts(name, source, ast.ParserOptions{RegoVersion: ast.RegoV1, Capabilities: capabilities})
}

// readData merges the documents that are no Kubernetes objects, as OPA does
// with -d; the same value given twice is an error.
func readData(files []artifact.File) (map[string]any, error) {
	documents, err := readObjects(files)
	if err != nil {
		return nil, err
	}
	data := map[string]any{}
	for _, doc := range documents {
		if text(doc.object, "apiVersion") != "" || text(doc.object, "kind") != "" {
			continue
		}
		if err := merge(data, doc.object, ""); err != nil {
			return nil, fmt.Errorf("%s: %w", doc.file, err)
		}
	}
	return data, nil
}

func merge(into, from map[string]any, at string) error {
	for key, value := range from {
		here := strings.TrimPrefix(at+"."+key, ".")
		existing, taken := into[key]
		if !taken {
			into[key] = value
			continue
		}
		below, isMap := existing.(map[string]any)
		further, isMapToo := value.(map[string]any)
		if !isMap || !isMapToo {
			return fmt.Errorf("data.%s is given twice", here)
		}
		if err := merge(below, further, here); err != nil {
			return err
		}
	}
	return nil
}

type regoSession struct {
	query rego.PreparedEvalQuery
	sets  []string
}

func (*regoSession) Close() error { return nil }

// Rules are the mirror sets.
func (s *regoSession) Rules() []string { return append([]string(nil), s.sets...) }

// Admit judges; Rego rewrites nothing.
func (s *regoSession) Admit(ctx context.Context, request engine.Request) (engine.Outcome, error) {
	outcome := engine.Outcome{Allowed: true, Object: request.Object}
	if err := request.Validate(); err != nil {
		return engine.Outcome{}, err
	}
	if !request.Runs(engine.Validate) {
		return outcome, nil
	}
	input, err := ast.InterfaceToValue(admissionReview(request))
	if err != nil {
		return engine.Outcome{}, err
	}
	results, err := s.query.Eval(ctx, rego.EvalParsedInput(input))
	if err != nil {
		return engine.Outcome{}, err
	}
	if len(results) != 1 {
		return engine.Outcome{}, errors.New("the policy has no answer")
	}
	answer, _ := results[0].Bindings["answer"].(map[string]any)
	lists := map[string][]string{}
	for _, list := range []string{"problems", "denials", "warnings", "recorded", "matched", "fired"} {
		if lists[list], err = stringsOf(answer[list]); err != nil {
			return engine.Outcome{}, err
		}
	}
	if problems := lists["problems"]; len(problems) > 0 {
		return engine.Outcome{}, errors.New(strings.Join(problems, "; "))
	}
	outcome.Messages = lists["denials"]
	outcome.Allowed = len(outcome.Messages) == 0
	outcome.Warnings, outcome.Recorded = lists["warnings"], lists["recorded"]
	outcome.Matched, outcome.Fired = lists["matched"], lists["fired"]
	return outcome, nil
}

// admissionReview is the request as an API server would send it.
func admissionReview(request engine.Request) map[string]any {
	asked := map[string]any{
		"operation":   operation(request),
		"subResource": request.SubResource,
		"object":      object(request.Object),
		"oldObject":   object(request.OldObject),
	}
	if request.NamespaceLabels != nil {
		asked["namespaceObject"] = map[string]any{"metadata": map[string]any{"labels": labels(request.NamespaceLabels)}}
	}
	return map[string]any{"kind": "AdmissionReview", "request": asked}
}

func operation(request engine.Request) string {
	if request.Operation == "" {
		return string(engine.Create)
	}
	return string(request.Operation)
}

// object keeps a nil map from becoming an empty object.
func object(value map[string]any) any {
	if value == nil {
		return nil
	}
	return value
}

func labels(values map[string]string) map[string]any {
	out := make(map[string]any, len(values))
	for key, value := range values {
		out[key] = value
	}
	return out
}
