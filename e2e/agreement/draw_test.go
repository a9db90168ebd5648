package agreement

import (
	"math/rand"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/harness/engine/reference"
)

// newDrawer draws a set and its reference, without a cluster.
func newDrawer(t *testing.T, seed int64) *drawer {
	t.Helper()
	d := &drawer{r: rand.New(rand.NewSource(seed))}
	set, _, err := drawSet(d.r, "drawn")
	if err != nil {
		t.Fatal(err)
	}
	d.set, d.plan = set, mirror.Compile(set)
	if d.reference, err = reference.New(d.plan).Load(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return d
}

func TestADrawnPodHoldsNothingThatAnAPIServerRefuses(t *testing.T) {
	hostile := map[string]bool{}
	for _, text := range mirrortest.Hostile() {
		hostile[text] = true
	}
	met := 0
	for seed := range int64(60) {
		d := newDrawer(t, seed)
		for range 10 {
			pod := drawPod(d.r, d.set)
			names := map[string]bool{}
			for _, object := range []map[string]any{pod, drawUpdate(d.r, d.set, pod), drawDebug(d.r, d.set, pod)} {
				clear(names)
				found := images(object)
				if len(found) == 0 {
					t.Fatalf("seed %d: no image:\n%s", seed, show(object))
				}
				for _, image := range found {
					if !image.Present || image.Text == "" || strings.TrimSpace(image.Text) != image.Text {
						t.Errorf("seed %d: %s: image %q", seed, image.Place(), image.Text)
					}
					key := image.Name
					if image.List == "volumes" {
						key = "volume " + key
					}
					if !label.MatchString(image.Name) || names[key] {
						t.Errorf("seed %d: %s: the name is none, or taken", seed, image.Place())
					}
					names[key] = true
					if hostile[image.Text] {
						met++
					}
				}
			}
		}
	}
	if met < 200 {
		t.Errorf("%d hostile images: too few to mean anything", met)
	}
}

func TestARefusedObjectComesAgainWithoutWhatItIsRefusedFor(t *testing.T) {
	refused, admitted, alone := 0, 0, 0
	for seed := range int64(12) {
		d := newDrawer(t, seed)
		requests, err := d.requests(t.Context(), 4)
		if err != nil {
			t.Fatal(err)
		}
		drawn := 4*3 + len(d.crowds()) + len(d.caches(4))
		for i, request := range requests {
			want, err := d.reference.Admit(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			switch {
			case i < drawn && !want.Allowed:
				refused++
			case i >= drawn && want.Allowed:
				admitted++
			case i >= drawn && len(want.Messages) == 1:
				alone++
			}
		}
	}
	if refused < 50 || admitted < refused*3/4 || alone < refused/2 {
		t.Errorf("%d are refused; %d come again and are admitted, %d with one finding", refused, admitted, alone)
	}
}

func TestACrowdIsAtTheLimitOrBeyondIt(t *testing.T) {
	d := newDrawer(t, 1)
	for _, row := range []struct {
		why    string
		beyond bool
		draw   func() string
	}{
		{"as many characters as may be", false, func() string { return drawImage(d.r, d.set) }},
		{"as many images as may be", false, func() string { return "a" }},
		{"an image too many", true, func() string { return "a" }},
		{"too many characters", true, func() string { return strings.Repeat("a", 1000) }},
	} {
		found := images(crowd(d.plan, row.beyond, row.draw))
		characters := 0
		for _, image := range found {
			characters += len([]rune(image.Text))
		}
		if _, excess := d.plan.JudgeExcess(len(found), characters); excess != row.beyond {
			t.Errorf("%s: %d images of %d characters are beyond the limits: %t", row.why, len(found), characters, excess)
		}
		if len(found) < 30 {
			t.Errorf("%s: %d images are no crowd", row.why, len(found))
		}
	}
}

func TestCanariesOfASetShowIt(t *testing.T) {
	for seed := range int64(30) {
		d := newDrawer(t, seed)
		for i, canary := range d.canaries() {
			want, err := d.reference.Admit(t.Context(), canary.Request)
			if err != nil {
				t.Fatal(err)
			}
			if canary.Changed != (show(want.Object) != show(canary.Object)) || canary.Denied == want.Allowed ||
				canary.Warned && len(want.Warnings) == 0 || canary.Recorded && len(want.Recorded) == 0 {
				t.Errorf("seed %d, canary %d: is not what it says: %+v", seed, i, want)
			}
		}
	}
}
