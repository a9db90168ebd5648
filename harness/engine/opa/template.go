package opa

import (
	"context"
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

const target = "admission.k8s.gatekeeper.sh"

// A template is a ConstraintTemplate, compiled.
type template struct {
	// kind is the kind of its constraints.
	kind string
	// schema is what its constraints' parameters are held to; nil: anything.
	schema map[string]any
	// query answers "violations" and, where the template has a rule in_scope, "scope".
	query rego.PreparedEvalQuery
}

// newTemplate compiles a ConstraintTemplate as Gatekeeper does, and refuses
// what would run differently there.
func newTemplate(ctx context.Context, from loaded) (*template, error) {
	t := &template{kind: text(from.object, "spec", "crd", "spec", "names", "kind")}
	if t.kind == "" {
		return nil, from.errorf("spec.crd.spec.names.kind is missing")
	}
	if name(from.object) != strings.ToLower(t.kind) {
		return nil, from.errorf("its name has to be its kind in lower case, %q", strings.ToLower(t.kind))
	}
	t.schema, _ = field(from.object, "spec", "crd", "spec", "validation", "openAPIV3Schema").(map[string]any)
	main, libs, err := regoSource(from.object)
	if err != nil {
		return nil, from.errorf("%w", err)
	}
	if t.query, err = compileTemplate(ctx, main, libs); err != nil {
		return nil, from.errorf("%w", err)
	}
	return t, nil
}

// regoSource finds the Rego of a template.
func regoSource(object map[string]any) (main string, libs []string, err error) {
	targets, _ := field(object, "spec", "targets").([]any)
	if len(targets) != 1 {
		return "", nil, errors.New("spec.targets has to have one target")
	}
	only, _ := targets[0].(map[string]any)
	if text(only, "target") != target {
		return "", nil, fmt.Errorf("the target has to be %s", target)
	}
	if _, legacy := only["rego"]; legacy {
		return "", nil, errors.New("spec.targets[0].rego holds Rego v0, which is not run here: move it to code, with engine Rego and source.version v1")
	}
	code, _ := only["code"].([]any)
	if len(code) != 1 {
		return "", nil, errors.New("spec.targets[0].code has to have one engine: of several Gatekeeper runs one and ignores the others")
	}
	entry, _ := code[0].(map[string]any)
	if engine := text(entry, "engine"); engine != "Rego" {
		return "", nil, fmt.Errorf("engine %q is not run here: only Rego is", engine)
	}
	if version := text(entry, "source", "version"); version != "v1" {
		return "", nil, fmt.Errorf("source.version %q is not run here: Gatekeeper takes all but v1 for Rego v0", version)
	}
	if main = text(entry, "source", "rego"); main == "" {
		return "", nil, errors.New("source.rego is missing")
	}
	further, _ := field(entry, "source", "libs").([]any)
	for i, lib := range further {
		source, ok := lib.(string)
		if !ok {
			return "", nil, fmt.Errorf("source.libs[%d] is not a string", i)
		}
		libs = append(libs, source)
	}
	return main, libs, nil
}

func compileTemplate(ctx context.Context, source string, libs []string) (rego.PreparedEvalQuery, error) {
	none := rego.PreparedEvalQuery{}
	capabilities, err := gatekeeperCapabilities()
	if err != nil {
		return none, err
	}
	main, err := parse("rego", source, capabilities)
	if err != nil {
		return none, err
	}
	modules := map[string]*ast.Module{"rego": main}
	for i, lib := range libs {
		file := fmt.Sprintf("libs[%d]", i)
		module, err := parse(file, lib, capabilities)
		if err != nil {
			return none, err
		}
		if path := module.Package.Path; len(path) < 3 || !path.HasPrefix(libPrefix()) {
			return none, fmt.Errorf("%s: package %s: Gatekeeper takes libraries only below package lib, such as lib.image",
				file, strings.TrimPrefix(path.String(), "data."))
		}
		modules[file] = module
	}
	for _, file := range sortedModules(modules) {
		if err := checkRefs(modules[file], file); err != nil {
			return none, err
		}
	}
	rules := map[string]bool{}
	for _, rule := range main.Rules {
		rules[rule.Head.Ref().String()] = true
	}
	compiler := ast.NewCompiler().WithCapabilities(capabilities)
	if compiler.Compile(modules); compiler.Failed() {
		return none, compiler.Errors
	}
	if len(compiler.GetRules(main.Package.Path.Append(ast.StringTerm("violation")))) == 0 {
		return none, errors.New("there is no rule violation")
	}
	query := fmt.Sprintf("violations = %s.violation", main.Package.Path)
	if rules["in_scope"] {
		query += fmt.Sprintf("; scope = %s.in_scope", main.Package.Path)
	}
	return rego.New(rego.Query(query), rego.Compiler(compiler), rego.StrictBuiltinErrors(true)).PrepareForEval(ctx)
}

func libPrefix() ast.Ref { return ast.MustParseRef("data.lib") }

// gatekeeperCapabilities are those of Gatekeeper's OPA without http.send, which
// its chart disables.
func gatekeeperCapabilities() (*ast.Capabilities, error) {
	capabilities, err := ast.LoadCapabilitiesVersion(oldestOPA)
	if err != nil {
		return nil, err
	}
	kept := capabilities.Builtins[:0:0]
	for _, builtin := range capabilities.Builtins {
		if builtin.Name != "http.send" {
			kept = append(kept, builtin)
		}
	}
	capabilities.Builtins = kept
	return capabilities, nil
}

// checkRefs refuses what Gatekeeper refuses to import and to refer to.
func checkRefs(module *ast.Module, file string) error {
	for _, imported := range module.Imports {
		ref, _ := imported.Path.Value.(ast.Ref)
		if !ref.HasPrefix(libPrefix()) && !ref.HasPrefix(ast.MustParseRef("future.keywords")) {
			return fmt.Errorf("%s: import %s: Gatekeeper allows data.lib alone", file, imported.Path)
		}
	}
	var err error
	ast.WalkRefs(module, func(ref ast.Ref) bool {
		if err != nil || !ref.HasPrefix(ast.Ref{ast.DefaultRootDocument}) || ref.HasPrefix(libPrefix()) || ref.Equal(module.Package.Path) {
			return err != nil
		}
		if ref.HasPrefix(ast.MustParseRef("data.inventory")) {
			err = fmt.Errorf("%s: %s: a cluster's inventory is not known here", file, ref)
		} else {
			err = fmt.Errorf("%s: %s: Gatekeeper allows data.lib and data.inventory alone", file, ref)
		}
		return true
	})
	return err
}

func sortedModules(modules map[string]*ast.Module) []string {
	names := make([]string, 0, len(modules))
	for name := range modules {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}
