package target

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// nested are mirrors whose sources have 1 to depth components, several of each.
func nested(depth, several int) string {
	var text strings.Builder
	for at := range depth {
		for i := range several {
			fmt.Fprintf(&text, "  - {name: m%d-%d, source: up.example.net/%sn%d, mirror: m.example.com/p%d-%d}\n", at, i, strings.Repeat("a/", at), i, at, i)
		}
	}
	return text.String()
}

func planOf(t *testing.T, body string) *mirror.Plan {
	t.Helper()
	sets, err := spec.Parse("mirrors.yaml", []byte("apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: s}\nspec:\n"+body))
	if err != nil {
		t.Fatal(err)
	}
	return mirror.Compile(sets[0])
}

// TestWhatAPodCouldMakeTooDearIsRefused: past the cost limit failurePolicy Ignore lets
// the Pod by, so that no policy may be written that a Pod within the limits takes there.
func TestWhatAPodCouldMakeTooDearIsRefused(t *testing.T) {
	allowed := func(depth int) string {
		text := "  constraint: {allowRegistries: [al.example.net"
		for at := 1; at < depth; at++ {
			text += ", 'al.example.net:" + fmt.Sprint(at) + strings.Repeat("/z", at) + "'"
		}
		return text + "]}\n"
	}
	wide := "  mirrors:\n  - {source: up.example.net, mirror: m.example.com/up}\n"
	for _, row := range []struct{ why, body, want string }{
		{"one mirror", wide, ""},
		{"as many depths as may be", "  mirrors:\n" + nested(16, 1), ""},
		{"one more", "  mirrors:\n" + nested(17, 1), "its 17 sources, with only and except, have 17 different numbers of path components and fill 1 tables: that takes 17 look-ups of an image, and more than 16 would"},
		{"several tables, one depth", "  mirrors:\n" + nested(1, 3000), ""},
		{"several tables, several depths", "  mirrors:\n" + nested(5, 1400), "have 5 different numbers of path components and fill 5 tables: that takes 33 look-ups"},
		{"what is allowed is asked for twice", allowed(14) + wide, "its 15 allowed registries, mirrors among them, have 14 different"},
		{"few depths of what is allowed", allowed(9) + wide, ""},
	} {
		plan := planOf(t, row.body)
		for name, render := range map[string]func(*mirror.Plan) error{
			"kubernetes":  func(p *mirror.Plan) error { _, err := renderKubernetes(p); return err },
			"kyverno-cel": func(p *mirror.Plan) error { _, err := renderKyvernoCEL(p); return err },
		} {
			err := render(plan)
			if row.want == "" {
				if err != nil {
					t.Errorf("%s, %s: %v", row.why, name, err)
				}
				continue
			}
			var limit *LimitError
			if !errors.As(err, &limit) {
				t.Errorf("%s, %s: got %v, want a LimitError", row.why, name, err)
				continue
			}
			if limit.Set != "s" || limit.Target != name || !strings.Contains(limit.Reason, row.want) {
				t.Errorf("%s: got %+v", row.why, limit)
			}
			if text := limit.Error(); !strings.HasPrefix(text, "mirrors.yaml:") || !strings.HasSuffix(text, "split the set, or leave the target out (gen policies --target)") {
				t.Errorf("%s: the error names no place or no remedy: %s", row.why, text)
			}
		}
	}
}

func TestAPolicyThatNoClusterStoresIsRefused(t *testing.T) {
	var text strings.Builder
	text.WriteString("  mirrors:\n")
	host := strings.Repeat(strings.Repeat("h", 60)+".", 3)
	for i := range 3000 {
		fmt.Fprintf(&text, "  - {name: m%d, source: %sn%d.example.net, mirror: %sm.example.com/p%d}\n", i, host, i, host, i)
	}
	d := kubernetesDialect()
	_, err := d.rewrite(planOf(t, text.String()))
	var limit *LimitError
	if !errors.As(err, &limit) || !strings.Contains(limit.Reason, "its rewrite takes") || !strings.Contains(limit.Reason, "no object of much more than 1200000") {
		t.Errorf("got %v", err)
	}
}

// TestAListInAMessageIsCut: a message of each of 500 images has it.
func TestAListInAMessageIsCut(t *testing.T) {
	var many []string
	for i := range 600 {
		many = append(many, fmt.Sprintf("organization%03d", i))
	}
	for _, row := range []struct {
		why   string
		items []string
		want  string
	}{
		{"none", nil, ""},
		{"all that fit", []string{"a", "b"}, "a, b"},
		{"a first one that is too long stands all the same", []string{strings.Repeat("a", 3000), "b"}, strings.Repeat("a", 3000) + " and 1 more"},
		{"as many as fit", many, strings.Join(many[:117], ", ") + " and 483 more"},
	} {
		if got := celListed(row.items); got != row.want {
			t.Errorf("%s: got %q", row.why, got)
		}
	}
	plan := planOf(t, "  constraint: {allowRegistries: ["+strings.Join(many, ".example.net, ")+".example.net]}\n  mirrors:\n"+
		"  - {source: docker.io, mirror: m.example.com/hub, only: ["+strings.Join(many, ", ")+"]}\n")
	file, err := kubernetesDialect().constraint(plan)
	if err != nil {
		t.Fatal(err)
	}
	if text := string(file.Data); !strings.Contains(text, "organization116 and 483 more)") || strings.Contains(text, strings.Join(many, ", ")) {
		t.Error("the constraint has the whole list of what the mirror holds")
	}
}
