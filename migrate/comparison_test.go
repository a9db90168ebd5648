package migrate

import (
	"testing"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/migrate/expression"
)

// entryOf reads one precondition.
func entryOf(t *testing.T, text string) field {
	t.Helper()
	n, err := document.Document{Name: "p.yaml", Line: 1, Data: []byte(text)}.Node()
	if err != nil {
		t.Fatal(err)
	}
	return root("p.yaml", n)
}

func TestAConditionHoldsWhereKyvernoSaysSo(t *testing.T) {
	const image = "quay.io/acme/web:1"
	for _, row := range []struct {
		why, text string
		want      bool
	}{
		{"a pattern", `{key: "{{ element.image }}", operator: Equals, value: "quay.io/*"}`, true},
		{"the pattern is the value, never the key", `{key: "quay.io/*", operator: Equals, value: "{{ element.image }}"}`, false},
		{"of a list either may be", `{key: "quay.io/*", operator: AnyIn, value: ["{{ element.image }}"]}`, true},
		{"a list equals no text", `{key: "{{ element.image }}", operator: Equals, value: ["quay.io/*"]}`, false},
		{"and so differs from it", `{key: "{{ element.image }}", operator: NotEquals, value: ["quay.io/*"]}`, true},
		{"a boolean, however it is spelled", `{key: "{{ starts_with(element.image, 'quay.io/') }}", operator: Equals, value: True}`, true},
		{"a boolean equals no text", `{key: "{{ starts_with(element.image, 'quay.io/') }}", operator: Equals, value: "true"}`, false},
		{"and so differs from it", `{key: "{{ starts_with(element.image, 'quay.io/') }}", operator: NotEquals, value: "true"}`, true},
		{"to In a boolean is a text", `{key: "{{ starts_with(element.image, 'quay.io/') }}", operator: AnyIn, value: ["true"]}`, true},
		{"a number", `{key: "{{ length(split(element.image, '/')) }}", operator: Equals, value: 3}`, true},
		{"a number that is a text", `{key: "{{ length(split(element.image, '/')) }}", operator: Equals, value: "3"}`, true},
		{"a number and a text that is none", `{key: "{{ length(split(element.image, '/')) }}", operator: NotEquals, value: "x"}`, true},
		{"one text for a list", `{key: "{{ element.image }}", operator: AnyIn, value: "quay.io/*"}`, true},
		{"a list as JSON has no patterns", `{key: "{{ element.image }}", operator: AnyIn, value: '["quay.io/*"]'}`, false},
		{"but the text itself", `{key: "{{ element.image }}", operator: In, value: '["quay.io/acme/web:1"]'}`, true},
		{"a number is no list", `{key: "{{ element.image }}", operator: AnyNotIn, value: 5}`, false},
		{"nor is JSON of something else", `{key: "{{ element.image }}", operator: AnyNotIn, value: '{"a": 1}'}`, false},
		{"the older NotIn takes no single text, and so never holds", `{key: "{{ element.image }}", operator: NotIn, value: "ghcr.io/*"}`, false},
		{"the newer does", `{key: "{{ element.image }}", operator: AnyNotIn, value: "ghcr.io/*"}`, true},
		{"none of several", `{key: "{{ element.image }}", operator: AllNotIn, value: ["ghcr.io/*", "docker.io/*"]}`, true},
		{"one of several", `{key: "{{ element.image }}", operator: NotIn, value: ["ghcr.io/*", "quay.io/*"]}`, false},
		{"of a list of keys all", `{key: "{{ split(element.image, '/') }}", operator: AllIn, value: ["quay.io", "acme", "web:*"]}`, true},
		{"of a list of keys one that is not", `{key: "{{ split(element.image, '/') }}", operator: AnyNotIn, value: ["quay.io", "acme"]}`, true},
		{"of a list of keys none", `{key: "{{ split(element.image, '/') }}", operator: AllNotIn, value: ["acme"]}`, false},
		{"the older In has no patterns for a list of keys", `{key: "{{ split(element.image, '/') }}", operator: In, value: ["quay.io", "acme", "web:*"]}`, false},
		{"and its NotIn asks for one that is missing", `{key: "{{ split(element.image, '/') }}", operator: NotIn, value: ["quay.io", "acme"]}`, true},
		{"a list of keys equals no text", `{key: "{{ split(element.image, '/') }}", operator: Equals, value: "quay.io"}`, false},
	} {
		c, err := readComparison(entryOf(t, row.text), expression.Context{})
		if err != nil {
			t.Errorf("%s: %v", row.why, err)
			continue
		}
		if got, err := c.holds(expression.Env{Image: image, Submitted: image}); err != nil || got != row.want {
			t.Errorf("%s: %s is %v, %v; want %v", row.why, row.text, got, err, row.want)
		}
	}
}

func TestAnAnchorsPatternMayHaveAlternatives(t *testing.T) {
	for _, row := range []struct {
		why, pattern, image string
		want                bool
	}{
		{"a plain one", "docker.io/*", "docker.io/a/b:1", true},
		{"what is not to be met", "!docker.io/*", "docker.io/a/b:1", false},
		{"one of several", "quay.io/* | docker.io/*", "docker.io/a/b:1", true},
		{"both of several", "docker.io/* & !docker.io/a/*", "docker.io/a/b:1", false},
	} {
		c, ok := anchored(row.pattern)
		if !ok {
			t.Errorf("%s: %s is not read", row.why, row.pattern)
			continue
		}
		if got, err := c.holds(expression.Env{Image: row.image}); err != nil || got != row.want {
			t.Errorf("%s: %s of %s is %v, %v", row.why, row.pattern, row.image, got, err)
		}
		if len(c.literals()) == 0 {
			t.Errorf("%s: speaks of no text", row.why)
		}
	}
}
