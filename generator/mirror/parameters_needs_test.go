package mirror_test

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
)

func TestNeedsReadBackFromParameters(t *testing.T) {
	plan := richNeeds("alibaba-eci", "volcengine-vci")
	data, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	back, err := mirror.ReadParameters(data)
	if err != nil {
		t.Fatal(err)
	}
	images := []string{"cr.example.com/hub/x", "cr.example.com/hub/quay/x", "10.0.0.9:5000/x", "sa.example.com:8443/ghcr/x"}
	if got, want := back.Needs(images), plan.Needs(images); !reflect.DeepEqual(got, want) {
		t.Errorf("needs %v, want %v", got, want)
	}
	if got, want := back.CacheNeeds(images), plan.CacheNeeds(images); !reflect.DeepEqual(got, want) {
		t.Errorf("needs of a cache %v, want %v", got, want)
	}
	for name, m := range plan.Mirrors {
		if !reflect.DeepEqual(back.Mirrors[name].PullSecret, m.PullSecret) {
			t.Errorf("%s: %+v, want %+v", name, back.Mirrors[name].PullSecret, m.PullSecret)
		}
	}
}

func TestAPlanWithoutNeedsSaysNothingOfThem(t *testing.T) {
	data, err := json.Marshal(planOf(to("docker.io", "cr.example.com/hub")))
	if err != nil {
		t.Fatal(err)
	}
	for _, field := range []string{"transports", "serverless", "pullSecret"} {
		if strings.Contains(string(data), field) {
			t.Errorf("%s stands in %s: constraints that exist would change", field, data)
		}
	}
}

func TestParametersThatContradictThemselvesAreRefused(t *testing.T) {
	type object = map[string]any
	at := "spec.parameters.plan"
	secretOf := func(plan object, name string) object {
		return plan["mirrors"].(object)[name].(object)["pullSecret"].(object)
	}
	for _, row := range []struct {
		why    string
		change func(plan object)
		want   string // the whole error; empty: accepted
	}{
		{"as generated", func(object) {}, ""},
		{"no transport, which lists nothing any more", func(p object) { delete(p, "transports") }, ""},
		{"no platform", func(p object) { delete(p, "serverless") }, ""},
		{"a secret without an address", func(p object) { delete(p["pullSecrets"].(object), "cr.example.com/hub") },
			at + ".pullSecrets: does not say what " + at + ".mirrors says; patch the MirrorSet and generate again, rather than one of the two"},
		{"no secrets at all", func(p object) { delete(p, "pullSecrets") },
			at + ".pullSecrets: does not say what " + at + ".mirrors says; patch the MirrorSet and generate again, rather than one of the two"},
		{"an address without a secret", func(p object) { p["pullSecrets"].(object)["elsewhere.example"] = "mine" },
			at + ".pullSecrets: does not say what " + at + ".mirrors says; patch the MirrorSet and generate again, rather than one of the two"},
		{"another name in one of the two places", func(p object) { p["pullSecrets"].(object)["cr.example.com/hub"] = "mine" },
			at + ".pullSecrets: does not say what " + at + ".mirrors says; patch the MirrorSet and generate again, rather than one of the two"},
		{"another name in the other place", func(p object) { secretOf(p, "docker-io")["clone"] = "mine" },
			at + ".pullSecrets: does not say what " + at + ".mirrors says; patch the MirrorSet and generate again, rather than one of the two"},
		{"a mirror without its secret", func(p object) { delete(p["mirrors"].(object)["docker-io"].(object), "pullSecret") },
			at + ".pullSecrets: does not say what " + at + ".mirrors says; patch the MirrorSet and generate again, rather than one of the two"},
		{"a secret without a name", func(p object) { delete(secretOf(p, "docker-io"), "name") },
			at + ".mirrors.docker-io.pullSecret: clone, name and namespace are needed"},
		{"a secret without a namespace", func(p object) { secretOf(p, "quay-io")["namespace"] = "" },
			at + ".mirrors.quay-io.pullSecret: clone, name and namespace are needed"},
		{"a secret without a clone", func(p object) { secretOf(p, "quay-io")["clone"] = "" },
			at + ".mirrors.quay-io.pullSecret: clone, name and namespace are needed"},
		{"a transport that none is", func(p object) { p["transports"].(object)["cr.example.com"] = "https" },
			at + `.transports["cr.example.com"]: "https": must be http or https-skip-verify`},
		{"a transport of a path", func(p object) { p["transports"].(object)["cr.example.com/hub"] = "http" },
			at + `.transports["cr.example.com/hub"]: must be a host, and a port if there is one`},
		{"a transport of what is no host", func(p object) { p["transports"].(object)["Cr.example.com"] = "http" },
			at + `.transports["Cr.example.com"]: must be a host, and a port if there is one`},
		{"a transport of nothing", func(p object) { p["transports"].(object)[""] = "http" },
			at + `.transports[""]: must be a host, and a port if there is one`},
		{"a platform that none is", func(p object) { p["serverless"] = []any{"aws-fargate"} },
			at + `.serverless[0]: "aws-fargate": must be one of alibaba-eci, huawei-cci, tencent-eks, volcengine-vci`},
		{"a platform twice, which would deny twice", func(p object) { p["serverless"] = []any{"huawei-cci", "huawei-cci"} },
			at + `.serverless[1]: "huawei-cci": stands there twice; remove one`},
		{"a platform that is a number", func(p object) { p["serverless"] = []any{1} },
			at + ".serverless: a number: must be of another type; generate the policies again"},
		{"a field of a secret that nobody reads", func(p object) { secretOf(p, "docker-io")["password"] = "x" },
			at + `: json: unknown field "password"; generate the policies again`},
		{"everything is said at once", func(p object) {
			p["transports"] = object{"a.b/c": "https"}
			p["serverless"] = []any{"x"}
			secretOf(p, "docker-io")["name"] = ""
		}, strings.Join([]string{
			at + `.transports["a.b/c"]: "https": must be http or https-skip-verify`,
			at + `.transports["a.b/c"]: must be a host, and a port if there is one`,
			at + `.serverless[0]: "x": must be one of alibaba-eci, huawei-cci, tencent-eks, volcengine-vci`,
			at + `.mirrors.docker-io.pullSecret: clone, name and namespace are needed`}, "\n")},
	} {
		data, err := json.Marshal(richNeeds("alibaba-eci"))
		if err != nil {
			t.Fatal(err)
		}
		var plan object
		if err := json.Unmarshal(data, &plan); err != nil {
			t.Fatal(err)
		}
		row.change(plan)
		if data, err = json.Marshal(plan); err != nil {
			t.Fatal(err)
		}
		_, err = mirror.ReadParameters(data)
		switch {
		case row.want == "" && err != nil:
			t.Errorf("%s: %v", row.why, err)
		case row.want != "" && (err == nil || err.Error() != row.want):
			t.Errorf("%s:\ngot  %v\nwant %s", row.why, err, row.want)
		}
	}
}

// What was read back has no file; its problems name the parameters.
func TestProblemsOfParametersNameThePlaceOfTheSecret(t *testing.T) {
	plan := needyPlan(nil, nil, needing(to("docker.io", "cr.example.com/hub"), "", "x"), needing(to("quay.io", "cr.example.com/quay"), "", "y"))
	data, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	one, err := mirror.ReadParameters(data)
	if err != nil {
		t.Fatal(err)
	}
	other, err := mirror.ReadParameters([]byte(strings.NewReplacer(`"set":"cn"`, `"set":"other"`, "docker.io", "gcr.io", "quay.io", "ghcr.io", "cr.example.com", "n.example.com").Replace(string(data))))
	if err != nil {
		t.Fatal(err)
	}
	got := mirror.Check([]*mirror.Plan{one, other})
	if len(got) != 2 || got[0].Path != "spec.parameters.plan.mirrors.docker-io.pullSecret" || got[1].Path != "spec.parameters.plan.mirrors.quay-io.pullSecret" {
		t.Errorf("%+v", got)
	}
}
