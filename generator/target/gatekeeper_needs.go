package target

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/mirror"
)

// needySamples are objects that break the rules about what images need, one for
// each rule that the plan has.
func needySamples(plan *mirror.Plan) []sample {
	var samples []sample
	if addresses := slices.Sorted(maps.Keys(plan.PullSecrets)); len(addresses) > 0 {
		before, after := addresses[0]+"/mirrorgen-sample:1", addresses[0]+"/mirrorgen-sample:2"
		s := sample{name: "pull-secret-missing", object: sampleReview("UPDATE", samplePod(plan, []string{after}, nil), samplePod(plan, []string{before}, nil))}
		if finding, found := plan.JudgeSecret(after, nil); found {
			finding.Message = fmt.Sprintf("spec.containers[0] %q: %s", containerName(0), finding.Message)
			s.needs = append(s.needs, finding)
		}
		samples = append(samples, s)
	}
	for _, a := range plan.Annotations() {
		if a.Most == 0 {
			continue
		}
		hosts := make([]string, a.Most+1)
		for i := range hosts {
			hosts[i] = fmt.Sprintf("registry%d.invalid", i)
		}
		annotations := map[string]any{a.Key: strings.Join(hosts, ",")}
		pod := samplePod(plan, nil, nil)
		pod["metadata"].(map[string]any)["annotations"] = annotations
		samples = append(samples, sample{name: "too-many-registries", object: pod, needs: plan.JudgeAnnotations(annotations)})
		break
	}
	return samples
}
