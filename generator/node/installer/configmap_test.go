package installer_test

import (
	"bytes"
	"regexp"
	"sort"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
)

func TestFilesAreSpreadOverConfigMapsThatAnyToolCanApply(t *testing.T) {
	t.Parallel()
	files := generatedFiles()[:1]
	for _, host := range []string{"a.example", "b.example", "c.example", "d.example"} {
		files = append(files, artifact.File{Path: "containerd/certs.d/" + host + "/ca.crt", Data: bytes.Repeat([]byte("x"), 90<<10)})
	}
	files = append(files, artifact.File{Path: "containerd/certs.d/e.example/ca.crt", Data: bytes.Repeat([]byte("x"), 1<<20)})
	all := objects(t, render(t, files, image))
	held := map[string]bool{}
	var sizes []int
	for _, object := range all[1 : len(all)-1] {
		var m configMap
		strictly(t, object, &m)
		size := 0
		for _, text := range m.Data {
			size += len(text)
		}
		sizes = append(sizes, size)
		if size > 256<<10 && len(m.Data) > 1 {
			t.Errorf("%s has %d bytes in %d files", m.Metadata.Name, size, len(m.Data))
		}
		held[m.Metadata.Name] = true
	}
	if len(held) != 4 {
		t.Errorf("the ConfigMaps have %v bytes", sizes)
	}
}

func TestKeysOfAConfigMapAreValidAndGivenOnce(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 253)
	var files []artifact.File
	for _, host := range []string{"[::1]_5000_", "--1--5000-", "x_5000_", "x-5000-", long + "1", long + "2"} {
		files = append(files, artifact.File{Path: "containerd/certs.d/" + host + "/hosts.toml", Data: []byte(host)})
	}
	all := objects(t, render(t, files, image))
	var m configMap
	strictly(t, all[1], &m)
	var keys []string
	for key := range m.Data {
		keys = append(keys, key)
		if len(key) > 253 || !regexp.MustCompile(`^[-._a-zA-Z0-9]+$`).MatchString(key) || strings.HasPrefix(key, "..") {
			t.Errorf("%s is no key", key)
		}
	}
	sort.Strings(keys)
	if len(keys) != len(files)+1 {
		t.Errorf("%d files have the keys %q", len(files)+1, keys)
	}
}

// https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution
func TestFluxSubstitutesNothingInTheScript(t *testing.T) {
	t.Parallel()
	file := artifact.File{Path: "containerd/certs.d/a.example/hosts.toml", Data: []byte("server = \"https://a.example\"\n")}
	var m configMap
	strictly(t, objects(t, render(t, []artifact.File{file}, image))[1], &m)
	if !strings.Contains(m.Data["install.sh"], "${") {
		t.Fatal("the script has no ${ any more, and the annotation no reason")
	}
	if got := m.Metadata.Annotations["kustomize.toolkit.fluxcd.io/substitute"]; got != "disabled" {
		t.Errorf("kustomize.toolkit.fluxcd.io/substitute is %q", got)
	}
}
