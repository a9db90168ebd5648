package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/overlay"
)

// fluxKustomizations are those of the page, by name.
func fluxKustomizations(t *testing.T) map[string]map[string]any {
	t.Helper()
	found := map[string]map[string]any{}
	for _, b := range blocks(t, filepath.Join(repository, "docs", "gitops.md")) {
		if b.kind != "yaml" {
			continue
		}
		reader := document.NewReader(b.page, strings.NewReader(b.text))
		for {
			read, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			object, err := read.Object()
			if err != nil {
				t.Fatal(err)
			}
			if object["apiVersion"] == "kustomize.toolkit.fluxcd.io/v1" {
				found[object["metadata"].(map[string]any)["name"].(string)] = object["spec"].(map[string]any)
			}
		}
	}
	if len(found) < 6 {
		t.Fatalf("found %d Kustomizations of Flux in docs/gitops.md", len(found))
	}
	return found
}

// buildAsFlux builds what a Kustomization applies, its patches included, with
// the folder policies in the place of ./policies, and lists the objects.
func buildAsFlux(t *testing.T, spec map[string]any, policies string) []string {
	t.Helper()
	root := t.TempDir()
	if err := os.CopyFS(filepath.Join(root, "policies"), os.DirFS(policies)); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(root, "flux"), 0o755); err != nil {
		t.Fatal(err)
	}
	kustomization := map[string]any{
		"apiVersion": "kustomize.config.k8s.io/v1beta1",
		"kind":       "Kustomization",
		"resources":  []any{"../" + strings.TrimPrefix(spec["path"].(string), "./")},
	}
	if patches, ok := spec["patches"]; ok {
		kustomization["patches"] = patches
	}
	text, err := document.Stream([]map[string]any{kustomization})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "flux", "kustomization.yaml"), text, 0o644); err != nil {
		t.Fatal(err)
	}
	objects, err := overlay.Build(filepath.Join(root, "flux"), overlay.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return namesOf(objects)
}

// namesOf are objects as "group kind/name", sorted.
func namesOf(objects []map[string]any) []string {
	var names []string
	for _, object := range objects {
		version, _ := object["apiVersion"].(string)
		group, _, _ := strings.Cut(version, "/")
		metadata, _ := object["metadata"].(map[string]any)
		names = append(names, fmt.Sprintf("%s %s/%s", group, object["kind"], metadata["name"]))
	}
	slices.Sort(names)
	return names
}

// Flux asks the API server about all objects of a Kustomization before it applies
// one, so that what another object has to be there for may not stand beside it.
func TestTheFluxKustomizationsApplyEachObjectOnceAndInOrder(t *testing.T) {
	all := fluxKustomizations(t)
	for _, row := range []struct {
		why, folder string
		names       []string
		change      map[string]string
	}{
		{"Gatekeeper judges", "policies", []string{"mirror-rbac", "mirror-policies", "mirror-templates", "mirror-constraints"}, nil},
		{"without Gatekeeper the page says which path to change", "policies/kyverno", []string{"mirror-rbac", "mirror-policies"}, map[string]string{"mirror-policies": "./policies/kyverno"}},
	} {
		t.Run(row.why, func(t *testing.T) {
			generated := filepath.Join(repository, "examples", "harbor", "generated")
			var applied []string
			for _, name := range row.names {
				spec, ok := all[name]
				if !ok {
					t.Fatalf("docs/gitops.md has no Kustomization %s", name)
				}
				if path, ok := row.change[name]; ok {
					spec["path"] = path
				}
				objects := buildAsFlux(t, spec, generated)
				applied = append(applied, objects...)
				groups := map[string]bool{}
				for _, object := range objects {
					group, _, _ := strings.Cut(object, " ")
					groups[group] = true
				}
				for _, pair := range [][2]string{{"rbac.authorization.k8s.io", "kyverno.io"}, {"templates.gatekeeper.sh", "constraints.gatekeeper.sh"}} {
					if groups[pair[0]] && groups[pair[1]] {
						t.Errorf("%s: holds %s and %s, of which the second needs the first", name, pair[0], pair[1])
					}
				}
				if spec["prune"] != true {
					t.Errorf("%s: does not prune, so that policies of an old hash stay", name)
				}
			}
			whole, err := overlay.Build(filepath.Join(generated, strings.TrimPrefix(row.folder, "policies")), overlay.Options{})
			if err != nil {
				t.Fatal(err)
			}
			slices.Sort(applied)
			if want := namesOf(whole); !slices.Equal(applied, want) {
				t.Errorf("applied\n%s\nwant\n%s", strings.Join(applied, "\n"), strings.Join(want, "\n"))
			}
		})
	}
}
