package mirrortest

import (
	"math/rand"
	"strconv"
	"strings"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// addNeeds gives a set what its images need beside being rewritten: transports,
// platforms, declared registries, and pull secrets.
func addNeeds(r *rand.Rand, set *spec.MirrorSet) {
	if r.Intn(2) == 0 {
		return
	}
	byHost := map[string]string{}
	transport := func(address string) string {
		host, _, _ := strings.Cut(address, "/")
		if _, ok := byHost[host]; !ok {
			byHost[host] = pick(r, []string{"", "http", "https-skip-verify"})
		}
		return byHost[host]
	}
	for i := range set.Spec.Mirrors {
		m := &set.Spec.Mirrors[i]
		m.Transport = transport(m.Mirror)
		if r.Intn(2) == 0 {
			m.PullSecret = &spec.PullSecret{Name: "regcred" + strconv.Itoa(i), Namespace: "credentials", AllNamespaces: true}
			if r.Intn(4) == 0 {
				m.PullSecret.ServiceAccounts = []string{"default"}
			}
		}
	}
	for _, host := range []string{"10.0.0.9:5000", "harbor.example"} {
		set.Spec.Registries = append(set.Spec.Registries, spec.Registry{Host: host, Transport: pick(r, []string{"http", "https-skip-verify"})})
	}
	for _, platform := range []string{"alibaba-eci", "huawei-cci", "tencent-eks", mirror.VolcengineVCI} {
		if r.Intn(2) == 0 {
			set.Spec.Serverless = append(set.Spec.Serverless, platform)
		}
	}
}

// addNeedy makes a Pod one that may need something, or has some of it already,
// in forms that a policy must read as the reference does.
func addNeedy(r *rand.Rand, set *spec.MirrorSet, pod map[string]any) {
	podSpec := pod["spec"].(map[string]any)
	if containers, ok := podSpec["containers"].([]any); ok && r.Intn(2) == 0 {
		podSpec["containers"] = append(containers, map[string]any{"name": "needy", "image": pick(r, []string{
			"10.0.0.9:5000/test/nginx:latest", "HARBOR.example/x@sha256:" + repeat("a", 64), "harbor.example/" + repeat("x", 256), pick(r, set.Spec.Mirrors).Mirror + "/x",
		})})
	}
	var clones []any
	for _, m := range set.Spec.Mirrors {
		clones = append(clones, map[string]any{"name": "mirrorgen-" + set.Name + "-" + m.Name})
	}
	switch r.Intn(8) {
	case 0:
		podSpec["imagePullSecrets"] = []any{map[string]any{"name": "mine"}, pick(r, clones)}
	case 1:
		podSpec["imagePullSecrets"] = clones
	case 2:
		podSpec["imagePullSecrets"] = pick(r, []any{nil, []any{}, "mine", map[string]any{"name": "mine"}, []any{nil, "x", map[string]any{"name": true}, map[string]any{}}})
	}
	metadata := pod["metadata"].(map[string]any)
	switch r.Intn(6) {
	case 0:
		metadata["annotations"] = map[string]any{"other": "x"}
	case 1:
		metadata["annotations"] = nil
	case 2, 3:
		annotations := map[string]any{}
		for _, a := range mirror.Annotations() {
			if r.Intn(2) == 0 {
				annotations[a.Key] = pick(r, annotationTexts)
			}
		}
		if r.Intn(2) == 0 {
			annotations[mirror.RegistryConfigKey] = pick(r, annotationTexts)
		}
		metadata["annotations"] = annotations
	}
}

// annotationTexts are what may stand in an annotation, hostile texts among them.
var annotationTexts = []string{
	"", " ", ",", "all", " all ,x", "all,", "ALL", "10.0.0.9:5000", " 10.0.0.9:5000\t, harbor.example", "harbor.example,", "harbor.example.", "xharbor.example",
	"a,b,c,d,e,f,g,h,i", "a,b,c,d,e,f,g,h,i,j", "a,b,c,d,e,f,g,h,i,j,k", ",,,,,,,,,,", "\u00a010.0.0.9:5000", "\v10.0.0.9:5000",
	"{{ request.object.metadata.name }}", "{{", "}}", "{{ random('[a-z]') }}", `x"}]`, `\`, `\n`, "'", "`[]`", "$(x)", "${x}", "x\ny", "x\"\n- op: remove", "$1", "é,ü",
}
