package mirror_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// reread sends a plan through its JSON form, with registries limited.
func reread(p *mirror.Plan, registries []string) *mirror.Plan {
	limited := *p
	limited.AllowRegistries = registries
	limited.AllowedPrefixes = map[string]bool{}
	for _, prefix := range limited.Allowed() {
		limited.AllowedPrefixes[prefix] = true
	}
	data, err := json.Marshal(&limited)
	if err != nil {
		panic(err)
	}
	back, err := mirror.ReadParameters(data)
	if err != nil {
		panic(err)
	}
	return back
}

func TestParametersReadBackAsTheSamePlan(t *testing.T) {
	p := planOf(only(to("docker.io", "m.example.com/d"), "library"), except(to("quay.io", "m.example.com/q"), "a/b"))
	p.Scope = mirror.Scope{ExcludeNamespaces: []string{"kube-system"}, NamespaceSelector: &spec.Selector{MatchLabels: map[string]string{"a": "b"}}}
	back := reread(p, []string{"corp.example"})
	if !reflect.DeepEqual(back.Table, p.Table) || !reflect.DeepEqual(back.Scope, p.Scope) || back.Limits != p.Limits {
		t.Errorf("got %+v, want %+v", back, p)
	}
	if _, found := back.Judge("corp.example/x", mirror.AsAdmitted); found {
		t.Error("an allowed registry is refused after reading back")
	}
}

func TestParametersThatSayNothingAreRefused(t *testing.T) {
	for _, row := range []struct{ why, data, want string }{
		{"nothing at all", `{}`, "are needed"},
		{"no table", `{"set":"a","mirrors":{"m":{"source":"a.b","address":"c.d"}},"limits":{"references":1,"characters":1}}`, "are needed"},
		{"a field that nobody reads", `{"sett":"a"}`, "unknown field"},
		{"no JSON", `{`, "parameters"},
	} {
		if _, err := mirror.ReadParameters([]byte(row.data)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: got %v, want %q in it", row.why, err, row.want)
		}
	}
}
