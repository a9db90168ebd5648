package mirror_test

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

func TestEntriesThatALongerSourceTakesAreRefused(t *testing.T) {
	for _, row := range []struct {
		why     string
		mirrors []spec.Mirror
		want    string // path and message of the one problem; empty: none
	}{
		{"no longer source", []spec.Mirror{only(to("docker.io", "m.example.com"), "library")}, ""},
		{"a longer source takes the entry", []spec.Mirror{only(to("docker.io", "m.example.com"), "library/nginx"), to("docker.io/library", "n.example.com")},
			`spec.mirrors[0].only[0] "library/nginx": can match nothing, as mirror "docker-io-library" serves all that lies below it; remove the entry`},
		{"a source is the entry itself", []spec.Mirror{only(to("quay.io", "m.example.com"), "a"), to("quay.io/a", "n.example.com")},
			`spec.mirrors[0].only[0] "a": can match nothing, as mirror "quay-io-a" serves all that lies below it; remove the entry`},
		{"an exception for what another takes", []spec.Mirror{except(to("quay.io", "m.example.com"), "a"), to("quay.io/a", "n.example.com")},
			`spec.mirrors[0].except[0] "a": can match nothing, as mirror "quay-io-a" serves all that lies below it; remove the entry`},
		{"a longer source with only lets the rest fall through", []spec.Mirror{only(to("quay.io", "m.example.com"), "a"), only(to("quay.io/a", "n.example.com"), "b")}, ""},
		{"a longer source with except lets the rest fall through", []spec.Mirror{only(to("quay.io", "m.example.com"), "a"), except(to("quay.io/a", "n.example.com"), "b")}, ""},
		{"a source below the entry takes a part", []spec.Mirror{only(to("quay.io", "m.example.com"), "a"), to("quay.io/a/b", "n.example.com")}, ""},
		{"a look-alike takes nothing", []spec.Mirror{only(to("quay.io", "m.example.com"), "ab"), to("quay.io/a", "n.example.com")}, ""},
	} {
		set := &spec.MirrorSet{Name: "test", Spec: spec.Spec{Mirrors: row.mirrors}}
		for i := range set.Spec.Mirrors {
			m := &set.Spec.Mirrors[i]
			m.Name = strings.NewReplacer(".", "-", "/", "-").Replace(m.Source)
		}
		got := ""
		for _, problem := range mirror.CheckEntries(set) {
			got += fmt.Sprintf("%s %s", problem.Path, problem.Message)
		}
		if got != row.want {
			t.Errorf("%s:\ngot  %s\nwant %s", row.why, got, row.want)
		}
	}
}

func TestAMirrorBelowAPartlyHeldSourceIsNoForeignImage(t *testing.T) {
	plan := planOf(only(to("docker.io", "docker.io/b"), "a"))
	d := plan.Rewrite("a/x")
	if d.Image != "docker.io/b/a/x:latest" {
		t.Fatalf("rewritten to %q", d.Image)
	}
	if finding, found := plan.Judge(d.Image, mirror.AsAdmitted); found {
		t.Errorf("what was rewritten on purpose is warned about: %s", finding.Message)
	}
	if _, found := plan.Judge("c/x", mirror.AsAdmitted); !found {
		t.Error("what the mirror does not hold is not warned about any more")
	}
}
