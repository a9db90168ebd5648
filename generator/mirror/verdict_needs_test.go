package mirror_test

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
)

func TestAStoredPodIsWarnedOfTheSecretItCannotGet(t *testing.T) {
	const said = ` needs pull secret "mirrorgen-cn-`
	const end = `", which a stored Pod cannot get; create the Pod anew`
	named := func(names ...string) map[string]bool {
		all := map[string]bool{}
		for _, name := range names {
			all[name] = true
		}
		return all
	}
	for _, row := range []struct {
		why, image string
		named      map[string]bool
		want       string // empty: nothing found
	}{
		{"the Pod names none", "cr.example.com/hub/x:1", nil, `image "cr.example.com/hub/x:1"` + said + `docker-io` + end},
		{"the Pod names another", "cr.example.com/hub/x", named("mine", "regcred"), `image "cr.example.com/hub/x"` + said + `docker-io` + end},
		{"the Pod names it", "cr.example.com/hub/x", named("mine", "mirrorgen-cn-docker-io"), ""},
		{"the longest address decides", "cr.example.com/hub/quay/x", named("mirrorgen-cn-docker-io"), `image "cr.example.com/hub/quay/x"` + said + `quay-io` + end},
		{"hosts compare without regard to case, and are shown as written", "CR.example.com/hub/x", nil, `image "CR.example.com/hub/x"` + said + `docker-io` + end},
		{"Docker Hub's short name", "acme/x", nil, `image "acme/x"` + said + `gcr-io` + end},
		{"a ServiceAccount's secret came with the Pod when it was created", "sa.example.com:8443/ghcr/x", named("mirrorgen-cn-ghcr-io"), ""},
		{"an account that had none then cannot help now", "sa.example.com:8443/ghcr/x", nil, `image "sa.example.com:8443/ghcr/x"` + said + `ghcr-io` + end},
		{"a look-alike of the address", "cr.example.com/hub2/x", nil, ""},
		{"an image elsewhere", "elsewhere.example/x", nil, ""},
		{"an image that is not rewritten yet", "nginx", nil, ""},
		{"no reference", "cr.example.com/hub/X", nil, ""},
		{"nothing", "", nil, ""},
	} {
		finding, found := richNeeds().JudgeSecret(row.image, row.named)
		if found != (row.want != "") || finding.Message != row.want {
			t.Errorf("%s: got %q, want %q", row.why, finding.Message, row.want)
		}
		if found && (!finding.Warning || finding.Reason != mirror.NoPullSecret) {
			t.Errorf("%s: %+v: the image may be on the node already, so that it is a warning", row.why, finding)
		}
	}
	if _, found := planOf(to("docker.io", "cr.example.com/hub")).JudgeSecret("cr.example.com/hub/x", nil); found {
		t.Error("a plan without pull secrets warns of one")
	}
}

func TestAPlatformsLimitIsJudgedByWhatTheTextLists(t *testing.T) {
	list := func(n int) string { return strings.TrimSuffix(strings.Repeat("r.example,", n), ",") }
	said := func(key string, n string) string {
		return `metadata.annotations["` + key + `"]: lists ` + n + ` registries; huawei-cci takes at most 10`
	}
	for _, row := range []struct {
		why         string
		serverless  []string
		annotations map[string]any
		want        []string
	}{
		{"no annotations", []string{"huawei-cci"}, nil, nil},
		{"at the limit", []string{"huawei-cci"}, map[string]any{cciHTTP: list(10)}, nil},
		{"above it", []string{"huawei-cci"}, map[string]any{cciHTTP: list(11)}, []string{said(cciHTTP, "11")}},
		{"both, in the order of their keys", []string{"huawei-cci"}, map[string]any{cciSkip: list(12), cciHTTP: list(11)}, []string{said(cciHTTP, "11"), said(cciSkip, "12")}},
		{"an empty entry is one to the platform", []string{"huawei-cci"}, map[string]any{cciSkip: list(10) + ","}, []string{said(cciSkip, "11")}},
		{"no text is nothing to count", []string{"huawei-cci"}, map[string]any{cciHTTP: []any{"a"}, cciSkip: nil}, nil},
		{"a platform without a limit", []string{"alibaba-eci", "tencent-eks", "volcengine-vci"}, map[string]any{eciHTTP: list(11), tkeHTTP: list(11), cciHTTP: list(11)}, nil},
		{"the platform's neighbours are not counted", []string{"alibaba-eci", "huawei-cci"}, map[string]any{eciHTTP: list(11), cciHTTP: list(1)}, nil},
		{"a set without platforms", nil, map[string]any{cciHTTP: list(11)}, nil},
	} {
		var got []string
		for _, finding := range richNeeds(row.serverless...).JudgeAnnotations(row.annotations) {
			got = append(got, finding.Message)
			if finding.Warning || finding.Reason != mirror.TooManyRegistries {
				t.Errorf("%s: %+v: the platform would not start the Pod, so that it is denied", row.why, finding)
			}
		}
		if strings.Join(got, "\n") != strings.Join(row.want, "\n") {
			t.Errorf("%s: got %q, want %q", row.why, got, row.want)
		}
	}
}

func TestEveryReasonIsListedOnce(t *testing.T) {
	seen := map[mirror.Reason]bool{}
	for _, reason := range mirror.Reasons() {
		if seen[reason] {
			t.Errorf("%s twice", reason)
		}
		seen[reason] = true
	}
	if !seen[mirror.NoPullSecret] || !seen[mirror.TooManyRegistries] || len(seen) != 7 {
		t.Errorf("reasons %v", mirror.Reasons())
	}
}
