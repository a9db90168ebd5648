package target

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// TestWhichHostsNeedNoLook: an image whose text begins with one of them is left
// alone, and a Pod of such images alone is looked at no further.
func TestWhichHostsNeedNoLook(t *testing.T) {
	many := func(n int) (mirrors []spec.Mirror) {
		for i := range n {
			mirrors = append(mirrors, spec.Mirror{Name: fmt.Sprintf("m%d", i), Source: fmt.Sprintf("s%d.example.net", i), Mirror: fmt.Sprintf("m%d.example.com", i)})
		}
		return mirrors
	}
	for _, row := range []struct {
		why     string
		mirrors []spec.Mirror
		want    []string
	}{
		{"the mirror's host, once for all that it mirrors", []spec.Mirror{
			{Name: "a", Source: "docker.io", Mirror: "m.example.com/hub"}, {Name: "b", Source: "quay.io", Mirror: "m.example.com/quay"}}, []string{"m.example.com/"}},
		{"a port is part of the host", []spec.Mirror{{Name: "a", Source: "docker.io", Mirror: "m.example.com:5000/hub"}}, []string{"m.example.com:5000/"}},
		{"a mirror without a path", []spec.Mirror{{Name: "a", Source: "docker.io", Mirror: "m.example.com"}}, []string{"m.example.com/"}},
		{"a mirror on a host of which other images are rewritten", []spec.Mirror{
			{Name: "a", Source: "docker.io", Mirror: "m.example.com/hub"}, {Name: "b", Source: "m.example.com/old", Mirror: "n.example.com/new"}}, []string{"n.example.com/"}},
		{"and there is no other", []spec.Mirror{{Name: "a", Source: "m.example.com/old", Mirror: "m.example.com/new"}}, nil},
		{"a mirror on Docker Hub, by its one name: by the others it is looked at", []spec.Mirror{{Name: "a", Source: "quay.io/acme", Mirror: "docker.io/acme"}}, []string{"docker.io/"}},
		{"as many as are asked for", many(2), []string{"m0.example.com/", "m1.example.com/"}},
		{"too many to ask for", many(mostMirrorHosts + 1), nil},
	} {
		plan := mirror.Compile(&spec.MirrorSet{Name: "cn", Spec: spec.Spec{Mirrors: row.mirrors}})
		got := celElsewhere(plan.Table.Rewriting(), celPodLists())
		var tests []string
		for _, host := range row.want {
			tests = append(tests, "string(c.image).startsWith('"+host+"')")
		}
		if len(row.want) == 0 {
			if got != "" {
				t.Errorf("%s: got %s, want nothing", row.why, got)
			}
			continue
		}
		if want := "!(" + strings.Join(tests, " || ") + ")"; strings.Count(got, want) != 3 {
			t.Errorf("%s: got %s\nwant %s for each list of containers", row.why, got, want)
		}
		if want := "string(c.image.reference).startsWith('" + row.want[0] + "')"; strings.Count(got, want) != 1 {
			t.Errorf("%s: got %s\nwant %s for volumes", row.why, got, want)
		}
	}
}
