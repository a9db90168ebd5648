package opa_test

import (
	"bytes"
	"context"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/format"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
	"github.com/open-policy-agent/opa/v1/tester"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/target"
	"mirrorgen.dev/gen/templates"
)

// oldest is the OPA that Gatekeeper v3.23.1 embeds; conftest embeds a later one.
const oldest = "v1.17.1"

// regoFiles are the Rego sources that policies are made of, their tests among them.
func regoFiles(t *testing.T) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	err := fs.WalkDir(templates.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || path.Ext(name) != ".rego" {
			return err
		}
		files[name], err = templates.FS.ReadFile(name)
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("no Rego found: %v", err)
	}
	return files
}

func parsedRego(t *testing.T, files map[string][]byte) map[string]*ast.Module {
	t.Helper()
	capabilities, err := ast.LoadCapabilitiesVersion(oldest)
	if err != nil {
		t.Fatal(err)
	}
	modules := map[string]*ast.Module{}
	for name, data := range files {
		modules[name], err = ast.ParseModuleWithOpts(name, string(data), ast.ParserOptions{
			RegoVersion: ast.RegoV1, Capabilities: capabilities, ProcessAnnotation: true})
		if err != nil {
			t.Fatal(err)
		}
	}
	return modules
}

func TestRegoIsFormattedStrictAndOldEnoughForGatekeeper(t *testing.T) {
	files := regoFiles(t)
	for name, data := range files {
		formatted, err := format.SourceWithOpts(name, data, format.Opts{RegoVersion: ast.RegoV1})
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(formatted, data) {
			t.Errorf("%s: opa fmt would change it", name)
		}
		for i, line := range strings.Split(string(data), "\n") {
			if n := len([]rune(line)); n > 120 {
				t.Errorf("%s:%d: %d columns, more than 120", name, i+1, n)
			}
		}
	}
	capabilities, err := ast.LoadCapabilitiesVersion(oldest)
	if err != nil {
		t.Fatal(err)
	}
	compiler := ast.NewCompiler().WithCapabilities(capabilities).WithStrict(true)
	if compiler.Compile(parsedRego(t, files)); compiler.Failed() {
		t.Error(compiler.Errors)
	}
}

func TestEveryRegoPackageAndExportedRuleSaysWhatItIs(t *testing.T) {
	for name, module := range parsedRego(t, regoFiles(t)) {
		if strings.HasSuffix(name, "_test.rego") {
			continue
		}
		documented := map[string]bool{}
		inPackage := false
		for _, note := range module.Annotations {
			inPackage = inPackage || note.Scope == "package" && note.Description != ""
			if (note.Scope == "rule" || note.Scope == "document") && note.Description != "" {
				documented[note.GetTargetPath().String()] = true
			}
		}
		if !inPackage {
			t.Errorf("%s: the package has no METADATA with a description", name)
		}
		for _, rule := range module.Rules {
			ref := rule.Head.Ref().String()
			if !strings.HasPrefix(ref, "_") && !documented[rule.Ref().GroundPrefix().String()] {
				t.Errorf("%s: rule %s has no METADATA with a description", name, ref)
			}
		}
	}
}

func TestRegoTestsPassAndReachEveryExpression(t *testing.T) {
	modules := parsedRego(t, regoFiles(t))
	coverage := cover.New()
	runTests(t, modules, coverage)
	policy := map[string]*ast.Module{}
	for name, module := range modules {
		if !strings.HasSuffix(name, "_test.rego") {
			policy[name] = module
		}
	}
	for name, file := range coverage.Report(policy).Files {
		for _, missed := range file.NotCovered {
			t.Errorf("%s:%d to %d: no test gets here", name, missed.Start.Row, missed.End.Row)
		}
	}
}

func TestGeneratedRegoTestsPassWithoutItsData(t *testing.T) {
	files, err := target.Rego().Render(manyMirrors(1))
	if err != nil {
		t.Fatal(err)
	}
	generated := map[string][]byte{}
	for _, file := range files {
		if path.Ext(file.Path) == ".rego" {
			generated[file.Path] = file.Data
			formatted, err := format.SourceWithOpts(file.Path, file.Data, format.Opts{RegoVersion: ast.RegoV1})
			if err != nil || !bytes.Equal(formatted, file.Data) {
				t.Errorf("%s: opa fmt would change it (%v)", file.Path, err)
			}
		}
	}
	runTests(t, parsedRego(t, generated), nil)
}

// runTests runs the tests in modules; coverage may be nil.
func runTests(t *testing.T, modules map[string]*ast.Module, coverage *cover.Cover) {
	t.Helper()
	ctx := context.Background()
	store := inmem.New()
	runner := tester.NewRunner().SetStore(store).SetModules(modules)
	if coverage != nil {
		runner = runner.SetCoverageQueryTracer(coverage)
	}
	var results []*tester.Result
	err := storage.Txn(ctx, store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		found, err := runner.RunTests(ctx, txn)
		if err != nil {
			return err
		}
		for result := range found {
			results = append(results, result)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(results) == 0 {
		t.Fatal("no Rego test was run")
	}
	for _, result := range results {
		if !result.Pass() {
			t.Errorf("%s.%s failed: %v", result.Package, result.Name, result.Error)
		}
	}
}

func TestDeletingAnyRuleOfThePolicyTurnsATestBesideItRed(t *testing.T) {
	sources := regoFiles(t)
	parsed := parsedRego(t, sources)
	for name, module := range parsed {
		if strings.HasSuffix(name, "_test.rego") {
			continue
		}
		for i, rule := range module.Rules {
			modules := map[string]*ast.Module{}
			for other := range parsed {
				// The tests beside the file are the ones that have to notice.
				if !strings.HasSuffix(other, "_test.rego") || path.Dir(other) == path.Dir(name) {
					modules[other] = parsed[other].Copy()
				}
			}
			mutated := modules[name]
			mutated.Rules = append(mutated.Rules[:i:i], mutated.Rules[i+1:]...)
			if survives(t, modules) {
				t.Errorf("%s:%d: without rule %s every test still passes", name, rule.Location.Row, rule.Head.Ref())
			}
		}
	}
}

// survives reports whether the modules compile and all their tests pass.
func survives(t *testing.T, modules map[string]*ast.Module) bool {
	t.Helper()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	store := inmem.New()
	passed := true
	err := storage.Txn(ctx, store, storage.TransactionParams{}, func(txn storage.Transaction) error {
		found, err := tester.NewRunner().SetStore(store).SetModules(modules).RunTests(ctx, txn)
		if err != nil {
			passed = false
			return nil
		}
		for result := range found {
			if !result.Pass() {
				passed = false
				stop()
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return passed
}

// hostedBy keeps the parts of generated files that an engine reads.
func hostedBy(files []artifact.File, prefix string) []artifact.File {
	var kept []artifact.File
	for _, file := range files {
		if strings.HasPrefix(file.Path, prefix) {
			kept = append(kept, file)
		}
	}
	return kept
}
