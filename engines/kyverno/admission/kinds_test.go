package admission

import (
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno/data"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/yaml"
)

// A definition is a part of a CustomResourceDefinition.
type definition struct {
	Spec struct {
		Group string
		Names struct{ Kind string }
		// Scope is Cluster or Namespaced.
		Scope    string
		Versions []struct {
			Name       string
			Served     bool
			Deprecated bool
		}
	}
}

func TestKindsAreThoseOfKyvernosDefinitions(t *testing.T) {
	crds, err := data.Crds()
	if err != nil {
		t.Fatal(err)
	}
	files, err := fs.Glob(crds, "*kyverno.io_*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, file := range files {
		if strings.HasPrefix(file, "cli.") {
			continue // of the command line
		}
		text, err := fs.ReadFile(crds, file)
		if err != nil {
			t.Fatal(err)
		}
		var crd definition
		if err := yaml.Unmarshal(text, &crd); err != nil {
			t.Fatal(err)
		}
		var served []string
		for _, version := range crd.Spec.Versions {
			if version.Served {
				served = append(served, version.Name)
			}
			if want := version.Name == "v1alpha1" || crd.Spec.Group == classicGroup; version.Deprecated != want {
				t.Errorf("%s %s: deprecated is %v", file, version.Name, version.Deprecated)
			}
		}
		known, ok := kinds[runtimeschema.GroupKind{Group: crd.Spec.Group, Kind: crd.Spec.Names.Kind}]
		if !ok {
			t.Errorf("%s is not among the kinds", file)
			continue
		}
		found++
		slices.Sort(served)
		if versions := slices.Sorted(slices.Values(known.versions)); !slices.Equal(versions, served) {
			t.Errorf("%s serves %v, the kind says %v", file, served, versions)
		}
		if (known.decode == nil) != (known.crd == "") || known.crd != "" && known.crd != file {
			t.Errorf("%s: the kind says %q", file, known.crd)
		}
		namespaced := strings.HasPrefix(crd.Spec.Names.Kind, "Namespaced") || crd.Spec.Names.Kind == "Policy"
		if known.decode != nil && namespaced != (crd.Spec.Scope == "Namespaced") {
			t.Errorf("%s is %s", file, crd.Spec.Scope)
		}
	}
	if found != len(kinds) {
		t.Errorf("%d definitions for %d kinds", found, len(kinds))
	}
}
