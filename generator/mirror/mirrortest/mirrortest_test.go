package mirrortest_test

import (
	"math/rand"
	"reflect"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/workload"
)

// What is random must still reach every answer, or agreement says nothing.
func TestRandomImagesMeetEveryStatusAndEveryReason(t *testing.T) {
	r := rand.New(rand.NewSource(1))
	statuses, reasons := map[mirror.Status]int{}, map[mirror.Reason]int{}
	for range 400 {
		set := mirrortest.RandomSet(r)
		plan := mirror.Compile(set)
		for range 40 {
			text := mirrortest.RandomImage(r, set)
			statuses[plan.Rewrite(text).Status]++
			if finding, ok := plan.Judge(text, mirror.AsAdmitted); ok {
				reasons[finding.Reason]++
			}
		}
	}
	for _, status := range []mirror.Status{mirror.Invalid, mirror.Unmatched, mirror.Kept, mirror.NotHeld, mirror.Unrewritable, mirror.Rewritten} {
		if statuses[status] < 20 {
			t.Errorf("%v: met %d times", status, statuses[status])
		}
	}
	for _, reason := range []mirror.Reason{mirror.InvalidImage, mirror.Upstream, mirror.ImageNotHeld, mirror.Registry} {
		if reasons[reason] < 20 {
			t.Errorf("%v: met %d times", reason, reasons[reason])
		}
	}
}

func TestASeedRepeatsItself(t *testing.T) {
	one, two := rand.New(rand.NewSource(7)), rand.New(rand.NewSource(7))
	for range 50 {
		a, b := mirrortest.RandomSet(one), mirrortest.RandomSet(two)
		podA, podB := mirrortest.RandomPod(one, a), mirrortest.RandomPod(two, b)
		if !reflect.DeepEqual(a, b) || !reflect.DeepEqual(podA, podB) ||
			!reflect.DeepEqual(mirrortest.RandomUpdate(one, a, podA), mirrortest.RandomUpdate(two, b, podB)) {
			t.Fatal("the same seed made two different things")
		}
	}
}

func TestARandomUpdateLeavesTheStoredPodAlone(t *testing.T) {
	r := rand.New(rand.NewSource(3))
	changed, kept := 0, 0
	for range 300 {
		set := mirrortest.RandomSet(r)
		pod := mirrortest.RandomPod(r, set)
		before := mirrortest.Copy(pod)
		updated := mirrortest.RandomUpdate(r, set, pod)
		if !reflect.DeepEqual(pod, before) {
			t.Fatal("the stored Pod was changed")
		}
		podSpec := updated["spec"].(map[string]any)
		differ := len(workload.Changed(podSpec, pod["spec"].(map[string]any)))
		changed += differ
		kept += len(workload.Images(podSpec)) - differ
	}
	if changed < 100 || kept < 100 {
		t.Errorf("%d images changed, %d stayed: not both sides are met", changed, kept)
	}
}
