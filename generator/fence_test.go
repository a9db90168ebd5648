package generator_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"testing"
)

const module = "mirrorgen.dev/gen"

// mayImport says which packages of this module a package may import. A package
// that is missing here fails the test: a new one takes its place on purpose.
var mayImport = map[string][]string{
	"cmd/gen":                     {"diagnosis", "diagnosis/probe", "generator", "generator/artifact", "generator/document", "generator/mirror", "generator/node", "generator/overlay", "generator/preset", "generator/spec", "generator/target", "generator/terminal", "generator/workload", "harness/engine", "harness/engine/opa", "harness/engine/reference", "harness/report", "harness/testcase", "migrate", "migrate/verify", "templates"},
	"diagnosis":                   {"generator/document", "generator/image", "generator/mirror", "generator/spec", "generator/terminal"},
	"diagnosis/probe":             {"diagnosis", "generator/image", "generator/mirror", "generator/spec", "generator/terminal"},
	"generator":                   {"generator/artifact", "generator/mirror", "generator/spec", "generator/target"},
	"generator/artifact":          {},
	"generator/document":          {},
	"generator/image":             {},
	"generator/image/corpus":      {},
	"generator/mirror":            {"generator/image", "generator/spec"},
	"generator/mirror/mirrortest": {"generator/image", "generator/image/corpus", "generator/mirror", "generator/spec"},
	"generator/node":              {"generator/artifact", "generator/document", "generator/image", "generator/mirror", "generator/node/installer", "generator/spec"},
	"generator/node/installer":    {"generator/artifact", "generator/document", "templates"},
	"generator/overlay":           {"generator/artifact", "generator/document"},
	"generator/preset":            {"generator", "generator/artifact", "generator/mirror", "generator/spec", "templates"},
	"generator/spec":              {"generator/document", "generator/image"},
	"generator/target":            {"generator/artifact", "generator/document", "generator/image", "generator/mirror", "generator/spec", "templates"},
	"generator/terminal":          {},
	"generator/workload":          {"generator/mirror"},
	"harness/engine":              {"engines/protocol", "generator/artifact"},
	"harness/engine/opa":          {"generator/artifact", "generator/document", "generator/spec", "generator/workload", "harness/engine"},
	"harness/engine/reference":    {"generator/artifact", "generator/mirror", "generator/workload", "harness/engine"},
	"harness/report":              {"generator/artifact", "generator/terminal"},
	"harness/testcase":            {"generator", "generator/artifact", "generator/document", "generator/mirror", "generator/spec", "generator/target", "generator/workload", "harness/engine", "harness/report"},
	"migrate":                     {"generator", "generator/document", "generator/image", "generator/mirror", "generator/spec", "migrate/expression"},
	"migrate/expression":          {"generator/image"},
	"migrate/verify":              {"generator/artifact", "generator/mirror", "generator/workload", "harness/engine", "migrate", "migrate/expression"},
	"templates":                   {},
	"hack/heavypods":              {},
	"hack/manymirrors":            {},
	"hack/measure":                {},
	"hack/pods":                   {},
	"hack/matrix":                 {"hack/pages", "hack/results", "harness/engine", "harness/testcase"},
	"hack/pages":                  {},
	"hack/providers":              {"generator/document", "hack/pages", "hack/results"},
	"hack/results":                {},
}

// onlyIn says which package alone may import a third-party module, or which few.
var onlyIn = map[string]string{
	"github.com/open-policy-agent/opa":       "harness/engine/opa",
	"sigs.k8s.io/kustomize":                  "generator/overlay",
	"gopkg.in/yaml.v3":                       "generator/document",
	"github.com/distribution/reference":      "generator/image",
	"github.com/spf13/cobra":                 "cmd/gen",
	"github.com/google/go-containerregistry": "diagnosis/probe",
	"github.com/pelletier/go-toml":           "generator/node, migrate",
	"github.com/kyverno":                     "nothing in the root module",
	"k8s.io":                                 "nothing in the root module",
}

func TestPackagesImportOnlyWhatTheArchitectureAllows(t *testing.T) {
	imports := importsOf(t, "..")
	if len(imports) < 10 {
		t.Fatalf("found %d packages: the test does not see the module", len(imports))
	}
	for _, pkg := range sorted(imports) {
		allowed, known := mayImport[pkg]
		if !known {
			t.Errorf("%s: is in no place of the architecture; add it to mayImport and to docs/architecture.md", pkg)
			continue
		}
		for _, imported := range imports[pkg] {
			if inner, ours := strings.CutPrefix(imported, module+"/"); ours {
				if !contains(allowed, inner) {
					t.Errorf("%s: may not import %s", pkg, inner)
				}
				continue
			}
			for _, prefix := range sorted(onlyIn) {
				if (imported == prefix || strings.HasPrefix(imported, prefix+"/")) && !contains(strings.Split(onlyIn[prefix], ", "), pkg) {
					t.Errorf("%s: imports %s, which is for %s", pkg, imported, onlyIn[prefix])
				}
			}
		}
	}
}

// importsOf lists what each package of the root module imports outside its
// tests; nested modules and folders that Go passes over are left out.
func importsOf(t *testing.T, root string) map[string][]string {
	t.Helper()
	imports := map[string][]string{}
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(root, name)
		if entry.IsDir() {
			if rel != "." && (strings.HasPrefix(entry.Name(), ".") || entry.Name() == "testdata") {
				return filepath.SkipDir
			}
			if _, err := os.Stat(filepath.Join(name, "go.mod")); err == nil && rel != "." {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		pkg := path.Dir(filepath.ToSlash(rel))
		imports[pkg] = append(imports[pkg], []string{}...)
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			imports[pkg] = append(imports[pkg], imported)
		}
		if _, ok := imports[pkg]; !ok {
			imports[pkg] = nil
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return imports
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	return keys
}

func contains(list []string, value string) bool {
	for _, item := range list {
		if item == value {
			return true
		}
	}
	return false
}
