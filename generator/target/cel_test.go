package target

import (
	"fmt"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

func TestACELLiteralHoldsNothingButText(t *testing.T) {
	for _, row := range []struct{ why, text, want string }{
		{"plain text", "m.example.com/hub", `'m.example.com/hub'`},
		{"a quote would end the literal", `a'b`, `'a\'b'`},
		{"a backslash would escape", `a\`, `'a\\'`},
		{"a newline would end the line of a YAML scalar", "a\nb", `'a\u000ab'`},
		{"Flux substitutes ${", "${A}", `'\u0024\u007bA}'`},
		{"a line separator is a line's end to some", "a\u2028b", `'a\u2028b'`},
		{"other scripts are text", "日本", `'日本'`},
	} {
		if got := celString(row.text); got != row.want {
			t.Errorf("%s: got %s, want %s", row.why, got, row.want)
		}
	}
}

func TestASelectorIsAnExpression(t *testing.T) {
	const has = "has(l) && type(l) == map && "
	for _, row := range []struct {
		why      string
		selector spec.Selector
		want     string
	}{
		{"nothing selects everything", spec.Selector{}, "true"},
		{"labels, in the order of their keys", spec.Selector{MatchLabels: map[string]string{"b": "2", "a": "1"}}, has + "'a' in l && l['a'] in ['1']\n&& " + has + "'b' in l && l['b'] in ['2']"},
		{"In needs the key", spec.Selector{MatchExpressions: []spec.Requirement{{Key: "a", Operator: "In", Values: []string{"x", "y"}}}}, has + "'a' in l && l['a'] in ['x', 'y']"},
		{"NotIn holds without it", spec.Selector{MatchExpressions: []spec.Requirement{{Key: "a", Operator: "NotIn", Values: []string{"x"}}}}, "!(" + has + "'a' in l && l['a'] in ['x'])"},
		{"Exists", spec.Selector{MatchExpressions: []spec.Requirement{{Key: "a", Operator: "Exists"}}}, has + "'a' in l"},
		{"DoesNotExist", spec.Selector{MatchExpressions: []spec.Requirement{{Key: "a", Operator: "DoesNotExist"}}}, "!(" + has + "'a' in l)"},
	} {
		if got := celSelector("l", row.selector); got != row.want {
			t.Errorf("%s: got %s, want %s", row.why, got, row.want)
		}
	}
}

// TestALargeTableIsSeveralVariables: an expression may have 100,000 code points.
func TestALargeTableIsSeveralVariables(t *testing.T) {
	var rows []celRow
	for i := range 4000 {
		rows = append(rows, celRow{fmt.Sprintf("host%d.example.net/", i), celString(fmt.Sprintf("m.example.com/h%d/", i))})
	}
	table := newCelTable("table", rows)
	if len(table.Parts) < 2 {
		t.Fatalf("%d variables", len(table.Parts))
	}
	entries := 0
	for i, part := range table.Parts {
		if len(part.Expression) > 100_000 {
			t.Errorf("%s has %d characters", part.Name, len(part.Expression))
		}
		if want := []string{"table", "table2", "table3", "table4"}[i]; part.Name != want {
			t.Errorf("variable %d is called %s, want %s", i, part.Name, want)
		}
		entries += strings.Count(part.Expression, "host")
	}
	if entries != 4000 {
		t.Errorf("%d entries of 4000", entries)
	}
	for _, part := range table.Parts {
		if !strings.Contains(table.holds("k"), "k in variables."+part.Name) || !strings.Contains(table.at("k"), "variables."+part.Name+"[k]") {
			t.Errorf("%s is not looked at: %s, %s", part.Name, table.holds("k"), table.at("k"))
		}
	}
	if none := newCelTable("table", nil); len(none.Parts) != 1 || none.Parts[0].Expression != "{}" {
		t.Errorf("an empty table is %v", none.Parts)
	}
}

// TestNoExpressionIsLongerThanIsTaken renders sets with more hosts than one map of
// them may have.
func TestNoExpressionIsLongerThanIsTaken(t *testing.T) {
	set := needsRichest()
	for i := range 3000 {
		host := fmt.Sprintf("host%d.a-rather-long-domain.example.net", i)
		set.Spec.Mirrors = append(set.Spec.Mirrors, spec.Mirror{Name: fmt.Sprintf("m%d", i), Source: host, Mirror: fmt.Sprintf("m.example.com/h%d", i)})
		set.Spec.Registries = append(set.Spec.Registries, spec.Registry{Host: fmt.Sprintf("r%d.example.net", i), Transport: "http"})
	}
	for _, target := range celTargets() {
		files, err := target.Render(mirror.Compile(set))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			for _, part := range strings.Split(string(file.Data), "expression: |-")[1:] {
				expression, _, _ := strings.Cut(part, "\n  - name: ")
				// A block's indentation is YAML's, and no part of it.
				if expression = strings.ReplaceAll(expression, "\n      ", "\n"); len(expression) > 100_000 {
					t.Errorf("%s: an expression of %d characters: %.80q", file.Path, len(expression), expression)
				}
			}
		}
	}
}

func TestASetThatNoClusterStoresIsRefused(t *testing.T) {
	var mirrors []spec.Mirror
	for i := range 20_000 {
		mirrors = append(mirrors, spec.Mirror{Name: fmt.Sprintf("m%d", i), Source: fmt.Sprintf("host%d.example.net", i), Mirror: fmt.Sprintf("mirror.example.com/h%d", i)})
	}
	plan := mirror.Compile(&spec.MirrorSet{Name: "huge", Spec: spec.Spec{Mirrors: mirrors}})
	for _, target := range celTargets() {
		_, err := target.Render(plan)
		if err == nil || !strings.Contains(err.Error(), "split the set") {
			t.Errorf("%s: %v", target.Name, err)
		}
	}
}

// celTargets are the targets whose policies are written in CEL.
func celTargets() []Target { return []Target{KyvernoCEL(), Kubernetes()} }

func TestGoldenCELPolicies(t *testing.T) {
	for _, target := range celTargets() {
		for name, set := range map[string]*spec.MirrorSet{"richest": kyvernoRichest(), "needs": needsRichest()} {
			files, err := target.Render(mirror.Compile(set))
			if err != nil {
				t.Fatal(err)
			}
			golden(t, target.Name+"-"+name, files)
		}
	}
}

// TestPoliciesHaveNoBlankLines: what Go templates leave behind must not show.
func TestPoliciesHaveNoBlankLines(t *testing.T) {
	for _, target := range celTargets() {
		for _, set := range []*spec.MirrorSet{kyvernoRichest(), needsRichest()} {
			files, err := target.Render(mirror.Compile(set))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range files {
				for i, line := range strings.Split(strings.TrimSuffix(string(file.Data), "\n"), "\n") {
					if strings.TrimRight(line, " ") != line || line == "" {
						t.Errorf("%s:%d: %q", file.Path, i+1, line)
					}
				}
			}
		}
	}
}

// TestBothDialectsHaveOneSourceOfExpressions: what a Pod becomes must not depend on
// who evaluates the policy.
func TestBothDialectsHaveOneSourceOfExpressions(t *testing.T) {
	expressions := func(target Target) map[string]string {
		files, err := target.Render(mirror.Compile(needsRichest()))
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]string{}
		for _, file := range files {
			name := strings.TrimPrefix(file.Path, target.Name+"/")
			_, rest, _ := strings.Cut(string(file.Data), "\n  variables:\n")
			rest, _, _ = strings.Cut(rest, "\n---\n")
			found[name] = strings.TrimRight(rest, "\n")
		}
		return found
	}
	kyverno, kubernetes := expressions(KyvernoCEL()), expressions(Kubernetes())
	for _, name := range []string{"-rewrite.yaml", "-imagecache.yaml", "-constraint.yaml", "-warnings.yaml"} {
		name = needsRichest().Name + name
		if kyverno[name] == "" || kyverno[name] != kubernetes[name] {
			t.Errorf("%s: the expressions differ:\n%s\n%s", name, kyverno[name], kubernetes[name])
		}
	}
}
