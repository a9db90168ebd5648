package mirrortest_test

import (
	"math/rand"
	"reflect"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/workload"
)

// What is random must still need something, have something of it already, and
// be too much, or agreement about needs says nothing.
func TestRandomPodsMeetEveryNeed(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	met := map[string]int{}
	for range 600 {
		set := mirrortest.RandomSet(r)
		plan := mirror.Compile(set)
		for range 10 {
			pod := mirrortest.RandomPod(r, set)
			podSpec := pod["spec"].(map[string]any)
			var rewritten []string
			for _, image := range workload.Images(podSpec) {
				if image.Present {
					rewritten = append(rewritten, plan.Rewrite(image.Text).Image)
				}
			}
			needs := plan.Needs(rewritten)
			if len(needs.Secrets) > 0 {
				met["a secret"]++
			}
			if len(needs.Secrets) > 1 {
				met["two secrets"]++
			}
			for transport := range needs.Hosts {
				met[transport]++
			}
			if list, ok := podSpec["imagePullSecrets"].([]any); ok && len(needs.Secrets) > 0 && len(list) > 0 {
				met["secrets that are there"]++
			}
			metadata := pod["metadata"].(map[string]any)
			annotations, _ := metadata["annotations"].(map[string]any)
			changes := plan.Annotate(annotations, needs)
			if len(changes) > 0 {
				met["an annotation"]++
			}
			if changes[mirror.RegistryConfigKey] != "" {
				met["a document"]++
			}
			for key := range changes {
				if annotations[key] != nil {
					met["an annotation that is there"]++
				}
			}
			if !needs.Empty() && len(plan.Serverless) > 0 && len(needs.Hosts) > 0 && len(changes) == 0 {
				met["nothing to add"]++
			}
			met["too many"] += len(plan.JudgeAnnotations(annotations))
			for _, image := range rewritten {
				if _, found := plan.JudgeSecret(image, nil); found {
					met["a secret that lacks"]++
				}
			}
		}
	}
	for _, what := range []string{"a secret", "two secrets", mirror.HTTP, mirror.SkipVerify, "secrets that are there", "an annotation", "a document", "an annotation that is there", "nothing to add", "too many", "a secret that lacks"} {
		if met[what] < 20 {
			t.Errorf("%s: met %d times", what, met[what])
		}
	}
}

func TestRandomImageCachesRepeatThemselvesAndNeedSomething(t *testing.T) {
	one, two := rand.New(rand.NewSource(7)), rand.New(rand.NewSource(7))
	images, needy, named := 0, 0, 0
	for range 300 {
		set := mirrortest.RandomSet(one)
		a, b := mirrortest.RandomImageCache(one, set), mirrortest.RandomImageCache(two, mirrortest.RandomSet(two))
		if !reflect.DeepEqual(a, b) {
			t.Fatal("the same seed made two different things")
		}
		set.Spec.Serverless = []string{mirror.AlibabaECI}
		plan := mirror.Compile(set)
		cacheSpec, _ := a["spec"].(map[string]any)
		list, _ := cacheSpec["images"].([]any)
		var rewritten []string
		for _, item := range list {
			if text, ok := item.(string); ok {
				rewritten = append(rewritten, plan.Rewrite(text).Image)
			}
		}
		images += len(rewritten)
		if !plan.CacheNeeds(rewritten).Empty() {
			needy++
			if cacheSpec["imagePullSecrets"] != nil {
				named++
			}
		}
	}
	if images < 300 || needy < 50 || named < 10 {
		t.Errorf("%d images, %d caches with needs, %d of them with secrets", images, needy, named)
	}
}
