package agreement

import (
	"context"
	"math/rand"
	"strings"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/generator/workload"
	"mirrorgen.dev/gen/harness/engine"
)

// A drawer draws requests for one MirrorSet.
type drawer struct {
	r         *rand.Rand
	set       *spec.MirrorSet
	plan      *mirror.Plan
	reference engine.Session
}

// requests draws what is asked of a set: so many Pods, each new, updated and
// debugged, crowds and ImageCaches. A refusal hides what the rewrite made, and one finding may
// hide another; so each refused object comes again without what it is refused for,
// and with one of it alone.
func (d *drawer) requests(ctx context.Context, pods int) ([]engine.Request, error) {
	var all []engine.Request
	for range pods {
		labels := map[string]string{namespaceLabel: []string{"yes", "yes", "no"}[d.r.Intn(3)]}
		stored := drawPod(d.r, d.set)
		fresh := mirrortest.Copy(stored).(map[string]any)
		// A Pod never comes with these.
		delete(fresh["spec"].(map[string]any), "ephemeralContainers")
		all = append(all,
			engine.Request{Operation: engine.Create, NamespaceLabels: labels, Object: fresh},
			engine.Request{Operation: engine.Update, NamespaceLabels: labels, OldObject: stored, Object: drawUpdate(d.r, d.set, stored)},
			engine.Request{Operation: engine.Update, NamespaceLabels: labels, OldObject: stored, Object: drawDebug(d.r, d.set, stored), SubResource: "ephemeralcontainers"})
	}
	all = append(append(all, d.crowds()...), d.caches(pods)...)
	for _, request := range all {
		more, err := d.spared(ctx, request)
		if err != nil {
			return nil, err
		}
		all = append(all, more...)
	}
	return all, nil
}

// crowds are Pods at the limits of what a policy looks at: long images, short ones,
// one image over and over, and beyond the limit.
func (d *drawer) crowds() []engine.Request {
	drawn := func() string { return drawImage(d.r, d.set) }
	short := func() string {
		for {
			if image := drawn(); len(image) < 20 {
				return image
			}
		}
	}
	fine := func() string { return d.passing() }
	var all []engine.Request
	for _, pod := range []map[string]any{
		crowd(d.plan, false, drawn), crowd(d.plan, false, short), crowd(d.plan, false, fine),
		crowd(d.plan, true, []func() string{drawn, short, fine}[d.r.Intn(3)]),
	} {
		all = append(all, engine.Request{Operation: engine.Create, NamespaceLabels: map[string]string{namespaceLabel: "yes"}, Object: pod})
	}
	return all
}

// spared are a refused request without what it is refused for, and with one image
// of those alone.
func (d *drawer) spared(ctx context.Context, request engine.Request) ([]engine.Request, error) {
	want, err := d.reference.Admit(ctx, request)
	if err != nil || want.Allowed {
		return nil, err
	}
	var all []engine.Request
	if len(want.Messages) > 1 {
		alone, err := d.spare(ctx, request, want.Messages[d.r.Intn(len(want.Messages))])
		if err != nil {
			return nil, err
		}
		all = append(all, alone)
	}
	without, err := d.spare(ctx, request, "")
	return append(all, without), err
}

// spare replaces what a request is refused for, but for one finding, which is kept.
// What cannot be spared stays too: too many images, or a pull secret that a stored
// Pod lacks whatever image is drawn.
func (d *drawer) spare(ctx context.Context, request engine.Request, kept string) (engine.Request, error) {
	request.Object = mirrortest.Copy(request.Object).(map[string]any)
	old := map[string]string{}
	if request.OldObject != nil {
		for _, image := range workload.Images(request.OldObject["spec"].(map[string]any)) {
			old[image.Place()] = image.Text
		}
	}
	for range 20 {
		want, err := d.reference.Admit(ctx, request)
		if err != nil {
			return request, err
		}
		changed := false
		for _, message := range want.Messages {
			if message == kept {
				continue
			}
			if strings.HasPrefix(message, "metadata.annotations[") {
				delete(request.Object["metadata"].(map[string]any), "annotations")
				changed = true
			}
			for _, image := range workload.Images(request.Object["spec"].(map[string]any)) {
				if !strings.HasPrefix(message, image.Place()+": ") {
					continue
				}
				text, stood := old[image.Place()]
				if !stood || text == image.Text {
					text = d.passing()
				}
				image.Set(text)
				changed = true
			}
		}
		if !changed {
			break
		}
	}
	return request, nil
}

// passing draws an image that the set lets through.
func (d *drawer) passing() string {
	for {
		text := drawImage(d.r, d.set)
		if _, found := d.plan.Judge(d.plan.Rewrite(text).Image, mirror.AsAdmitted); !found {
			return text
		}
	}
}
