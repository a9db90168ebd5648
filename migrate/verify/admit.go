package verify

import (
	"context"
	"fmt"
	"strings"

	"mirrorgen.dev/gen/generator/workload"
	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/migrate"
)

// An admitted object is what the old policies made of one.
type admitted struct {
	object map[string]any
	// refused is why there is none.
	refused string
	// failed are rules that could not be evaluated, and were passed over.
	failed string
	// looked says that some rule was about the object.
	looked bool
}

// admitOld creates an object with the old policies.
func (c *Comparison) admitOld(ctx context.Context, object map[string]any) (admitted, error) {
	result := admitted{object: object}
	for _, s := range c.old {
		outcome, err := s.session.Admit(ctx, c.request(result.object, c.registry))
		if err != nil {
			return result, fmt.Errorf("the old policies: %w", err)
		}
		result.looked = result.looked || len(outcome.Matched) > 0
		for _, warning := range outcome.Warnings {
			if message, ok := strings.CutPrefix(warning, "engine: "); ok && result.failed == "" {
				result.failed = brief(message)
			}
		}
		if !outcome.Allowed {
			result.refused = brief(strings.Join(outcome.Messages, "; "))
			if result.refused == "" {
				result.refused = "the Pod is refused"
			}
			return result, nil
		}
		if outcome.Object != nil {
			result.object = outcome.Object
		}
	}
	return result, nil
}

// admitNew creates a Pod with the MirrorSet. unasked is why it is left alone.
func (c *Comparison) admitNew(ctx context.Context, pod map[string]any) (after map[string]any, unasked string, err error) {
	outcome, err := c.New.Admit(ctx, c.request(pod, nil))
	if err != nil {
		return nil, "", fmt.Errorf("the MirrorSet: %w", err)
	}
	if !outcome.Allowed {
		return nil, "", fmt.Errorf("the MirrorSet: refuses the Pod while it is rewritten: %s", brief(strings.Join(outcome.Messages, "; ")))
	}
	if len(outcome.Matched) == 0 {
		unasked = "its scope leaves out namespace " + workload.Namespace(pod)
	}
	if outcome.Object == nil {
		return pod, unasked, nil
	}
	return outcome.Object, unasked, nil
}

func (c *Comparison) request(object map[string]any, registry []string) engine.Request {
	return engine.Request{
		Object: object, Operation: engine.Create, Phases: []engine.Phase{engine.Mutate},
		NamespaceLabels: c.NamespaceLabels[workload.Namespace(object)], RegistryImages: registry,
	}
}

// each compares image by image: what the template says, with what each side made of
// it. after and now are the Pods of the old and the new side: nil where the old one
// refused, and where the plans alone are the new one.
func (c *Comparison) each(template, after map[string]any, old admitted, now map[string]any, unasked string, f Fixture, report *Report) error {
	podSpec, _ := template["spec"].(map[string]any)
	var was, is []workload.Image
	if after != nil {
		was = imagesOf(after)
	}
	if now != nil {
		is = imagesOf(now)
	}
	known := map[string]bool{}
	for _, image := range workload.Images(podSpec) {
		known[key(image)] = true
		if !image.Present {
			continue
		}
		report.Images++
		answer := c.oldAnswer(image, find(was, image), old)
		fresh := migrate.Answer{Image: image.Text, Unasked: unasked}
		switch found := find(is, image); {
		case now == nil:
			fresh.Image = c.rewrite(image.Text)
		case found == nil:
			fresh.Gone = true
		default:
			fresh.Image = found.Text
		}
		verdict := migrate.Compare(c.Plans, image.List, image.Text, answer, fresh)
		if verdict.Right == migrate.Same {
			report.Same++
			continue
		}
		line := Line{Where: f.Where, Place: image.Place(), Image: image.Text, Old: answer.Image, New: fresh.Image, Right: verdict.Right.String(), Why: verdict.Why}
		if answer.Failed != "" {
			line.Old = ""
		}
		report.Lines = append(report.Lines, line)
	}
	for _, image := range was {
		if !known[key(image)] && image.Present {
			report.Lines = append(report.Lines, Line{Where: f.Where, Place: image.Place(), Old: image.Text, Right: migrate.New.String(),
				Why: "old: adds a container that the Pod does not have"})
		}
	}
	return nil
}

// oldAnswer is what admission and then a node made of an image.
func (c *Comparison) oldAnswer(image workload.Image, after *workload.Image, old admitted) migrate.Answer {
	answer := migrate.Answer{Image: image.Text}
	switch {
	case old.refused != "":
		answer.Failed = old.refused
		return answer
	case len(c.old) > 0 && after == nil:
		answer.Gone = true
		return answer
	case after != nil:
		answer.Image = after.Text
	}
	if answer.Image == image.Text && old.failed != "" {
		answer.Failed = old.failed
		return answer
	}
	unasked := ""
	for _, node := range c.Nodes {
		asked, why := node.Asked(answer.Image)
		if asked != answer.Image {
			answer.Image = asked
			return answer
		}
		if strings.Contains(why, "digest") {
			unasked = why
		}
	}
	if answer.Image == image.Text {
		switch {
		case unasked != "":
			answer.Unasked = unasked
		case len(c.old) > 0 && len(c.Nodes) == 0 && !old.looked:
			answer.Unasked = "no old policy is about it"
		}
	}
	return answer
}

// rewrite is what the plans make of an image.
func (c *Comparison) rewrite(text string) string {
	for _, p := range c.Plans {
		if d := p.Rewrite(text); d.Image != text {
			return d.Image
		}
	}
	return text
}

// key is a container's list and name, by which it is found again: a patch may
// change the order.
func key(image workload.Image) string {
	if image.Name == "" {
		return fmt.Sprintf("%s[%d]", image.List, image.Index)
	}
	return image.List + "/" + image.Name
}

func find(images []workload.Image, sought workload.Image) *workload.Image {
	for i := range images {
		if key(images[i]) == key(sought) {
			return &images[i]
		}
	}
	return nil
}
