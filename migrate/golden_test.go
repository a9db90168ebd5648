package migrate

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/spec"
)

var update = flag.Bool("update", false, "write the golden files")

// inputs reads the files below a folder, named from there.
func inputs(t *testing.T, dir string) []File {
	t.Helper()
	var files []File
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := os.ReadFile(name)
		rel, _ := filepath.Rel(dir, name)
		files = append(files, File{Name: filepath.ToSlash(rel), Data: data})
		return err
	})
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	return files
}

// talk is what the command says of a result.
func talk(result *Result) string {
	var b strings.Builder
	for _, of := range []struct {
		what     string
		problems []spec.Problem
	}{{"passed over", result.PassedOver}, {"note", result.Notes}, {"left out", result.LeftOut}} {
		for _, p := range of.problems {
			fmt.Fprintf(&b, "%s: %s\n", of.what, p)
		}
	}
	return b.String()
}

func TestEachFamilyIsReadAsTheGoldenFilesSay(t *testing.T) {
	for _, row := range []struct {
		folder, why string
		sources     []string
	}{
		{"policies/looks-registries-up", "a precondition on the registry, and a digest joined by a colon", nil},
		{"policies/every-registry", "of every registry Docker Hub is carried over, and the rest named", nil},
		{"policies/every-registry", "those that are named are carried over, too", []string{"docker.io", "quay.io", "gcr.io/team"}},
		{"policies/image-variables", "variables without library/", nil},
		{"policies/literal-prefix", "a path, and whatever else the policy does", nil},
		{"policies/variables", "a context is put in its place", nil},
		{"policies/several-registries", "alternatives, and what is left alone", nil},
		{"policies/conditions", "conditions of the rule, the list, the entry and an anchor, as Kyverno reads them", nil},
		{"policies/three-rules", "rules that are one mirror together", nil},
		{"policies/cel-configuration", "CEL that applies a configuration", nil},
		{"policies/cel-patches", "CEL that makes patches", nil},
		{"policies/admission-policy", "Kubernetes' own policy, limited by its binding", nil},
		{"policies/scopes", "a MirrorSet for each scope", nil},
		{"policies/namespaced", "a policy of one namespace, about templates", nil},
		{"policies/list", "what kubectl prints", nil},
		{"nodes/k3s", "registries.yaml with logins", nil},
		{"nodes/k3s", "the wildcard, for registries that are named", []string{"registry.k8s.io", "docker.io"}},
		{"nodes/containerd", "certs.d", nil},
		{"nodes/containerd", "_default, for registries that are named", []string{"registry.k8s.io"}},
		{"nodes/legacy", "the mirrors of config.toml", nil},
		{"nodes/openshift", "three kinds that speak of one source", nil},
	} {
		name := row.folder
		suffix := ""
		if row.sources != nil {
			suffix = "-sources"
		}
		t.Run(name+suffix, func(t *testing.T) {
			dir := filepath.Join("testdata", filepath.FromSlash(row.folder))
			result, err := Read(inputs(t, filepath.Join(dir, "in")), Options{Sources: row.sources})
			if err != nil {
				t.Fatalf("%s: %v", row.why, err)
			}
			golden(t, filepath.Join(dir, "want"+suffix+".yaml"), result.Text)
			golden(t, filepath.Join(dir, "want"+suffix+".txt"), []byte(talk(result)))
			again, err := Read(inputs(t, filepath.Join(dir, "in")), Options{Sources: row.sources})
			if err != nil || !bytes.Equal(again.Text, result.Text) || talk(again) != talk(result) {
				t.Errorf("%s: a second time it is something else", row.why)
			}
			for _, secret := range []string{"hunter2", "cm9ib3Q6"} {
				if bytes.Contains(result.Text, []byte(secret)) || strings.Contains(talk(result), secret) {
					t.Errorf("%s: the password is repeated", row.why)
				}
			}
		})
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(name, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("%s: is not there; write it with -update", name)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs:\n%s\nwant\n%s", name, got, want)
	}
}
