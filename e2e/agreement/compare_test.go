package agreement

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/harness/engine"
)

func TestOnlyWhatAServerCannotSayIsLeftOut(t *testing.T) {
	finding := func(text string) string {
		return `spec.containers[0] "c": image "` + text + `" is not a valid reference`
	}
	long := finding(strings.Repeat("x", 900))
	many := []string{long, long, long, long, long}
	whole := strings.Join(many, "; ")
	update := engine.Request{Operation: engine.Update}
	for _, row := range []struct {
		why       string
		target    string
		request   engine.Request
		want, got engine.Outcome
		differs   bool
	}{
		{"findings in one message", "kubernetes", engine.Request{}, engine.Outcome{Messages: []string{finding("a"), finding("b")}}, engine.Outcome{Messages: []string{finding("a") + "; " + finding("b")}}, false},
		{"the rest by its number", "kubernetes", engine.Request{}, engine.Outcome{Messages: []string{finding("a"), finding("b"), finding("c")}}, engine.Outcome{Messages: []string{finding("a") + "; and 2 more"}}, false},
		{"a wrong number", "kubernetes", engine.Request{}, engine.Outcome{Messages: []string{finding("a"), finding("b"), finding("c")}}, engine.Outcome{Messages: []string{finding("a") + "; and 1 more"}}, true},
		{"another image", "kubernetes", engine.Request{}, engine.Outcome{Messages: []string{finding("a")}}, engine.Outcome{Messages: []string{finding("b")}}, true},
		{"the verdict", "kubernetes", engine.Request{}, engine.Outcome{Allowed: true}, engine.Outcome{}, true},
		{"the object", "kubernetes", engine.Request{}, engine.Outcome{Allowed: true, Object: map[string]any{"a": "b"}}, engine.Outcome{Allowed: true}, true},
		{"numbers that went through JSON", "kubernetes", engine.Request{}, engine.Outcome{Allowed: true, Object: map[string]any{"a": int64(1)}}, engine.Outcome{Allowed: true, Object: map[string]any{"a": 1.0}}, false},

		{"a warning that the server cut short", "kubernetes", engine.Request{}, engine.Outcome{Warnings: many}, engine.Outcome{Warnings: []string{whole[:180]}}, false},
		{"the beginning of something else", "kubernetes", engine.Request{}, engine.Outcome{Warnings: many}, engine.Outcome{Warnings: []string{"S" + whole[1:180]}}, true},
		{"cut shorter than a server does", "kubernetes", engine.Request{}, engine.Outcome{Warnings: many}, engine.Outcome{Warnings: []string{whole[:20]}}, true},
		{"cut short with no need", "kubernetes", engine.Request{}, engine.Outcome{Warnings: many[:2]}, engine.Outcome{Warnings: []string{whole[:180]}}, true},
		{"a denial is never cut short", "kubernetes", engine.Request{}, engine.Outcome{Messages: many}, engine.Outcome{Messages: []string{whole[:180]}}, true},

		{"no warning is lost with a control character", "kubernetes", engine.Request{}, engine.Outcome{Warnings: []string{finding("a"), finding("b\x00")}}, engine.Outcome{}, true},
		{"a warning that is lost for no reason", "kubernetes", engine.Request{}, engine.Outcome{Warnings: []string{finding("a"), finding("b")}}, engine.Outcome{Warnings: []string{finding("b")}}, true},
		{"a warning of something else instead", "kubernetes", engine.Request{}, engine.Outcome{Warnings: []string{finding("a\x00")}}, engine.Outcome{Warnings: []string{finding("b")}}, true},
		{"no denial is lost with a control character", "kubernetes", engine.Request{}, engine.Outcome{Messages: []string{finding("a\x00")}}, engine.Outcome{}, true},

		{"no warnings beside a ClusterPolicy's denial", "kyverno", engine.Request{}, engine.Outcome{Warnings: []string{"w"}}, engine.Outcome{}, false},
		{"they are told by the others", "kyverno-cel", engine.Request{}, engine.Outcome{Warnings: []string{"w"}}, engine.Outcome{}, true},
		{"Kyverno's reports on an update are not read", "kyverno-cel", update, engine.Outcome{Recorded: []string{"r"}}, engine.Outcome{}, false},
		{"the audit log is", "kubernetes", update, engine.Outcome{Recorded: []string{"r"}}, engine.Outcome{}, true},
	} {
		if found := differs(row.target, row.request, row.want, row.got); (found != "") != row.differs {
			t.Errorf("%s: said to differ in %q", row.why, found)
		}
	}
}
