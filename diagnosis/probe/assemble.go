package probe

import "slices"

// assemble makes the report out of the answers, and cleans every sentence.
func (r *run) assemble(answers [][]Asked) *Report {
	report := &Report{}
	for _, t := range r.targets {
		a := Address{Role: t.role, Mirror: t.mirror, Address: t.address, Transport: t.transport}
		if t.set != nil {
			a.Set = t.set.Name
		}
		a.Steps = append(slices.Clone(r.contacts[t.key()].steps), *r.logins[r.loginOf(t)])
		a.Status = worst(a.Steps)
		r.sweep(a.Steps)
		a.Finding = r.finding(a.Steps, t, "")
		report.Addresses = append(report.Addresses, a)
	}
	for i, route := range r.routes {
		report.Images = append(report.Images, r.image(route, answers[i]))
	}
	return report
}

// image puts together what was asked about one image.
func (r *run) image(route route, asked []Asked) Image {
	out := Image{Kind: "image", Image: route.image, Canonical: route.canonical, Set: route.set, Mirror: route.mirror, Detail: r.clean(route.why), Asked: []Asked{}}
	r.compare(asked)
	served := false
	for i, a := range asked {
		a.Status = worst(a.Steps)
		r.sweep(a.Steps)
		a.Finding = r.finding(a.Steps, r.targets[route.asks[i].target], a.Reference)
		served = served || a.Role != roleUpstream && a.Digest != ""
		if out.Status != Failed && a.Status == Failed {
			out.Status = Failed
		}
		out.Asked = append(out.Asked, a)
	}
	switch {
	case route.cause != "":
		out.Status = Failed
	case len(asked) == 0:
		out.Status = Skipped
	case !served:
		out.Status = Failed
	case out.Status == "":
		out.Status = OK
	}
	return out
}

// compare holds what the mirrors have against what upstream has.
func (r *run) compare(asked []Asked) {
	last := len(asked) - 1
	if last < 0 || asked[last].Role != roleUpstream {
		return
	}
	upstream := asked[last]
	for i := range asked[:last] {
		a := &asked[i]
		step := Step{Step: stepDigest, Status: OK, Detail: textSameDigest.in(r.lang)}
		switch {
		case a.Digest == "":
			step.Status, step.Detail = Skipped, textNotReached.in(r.lang)
		case upstream.Digest == "":
			step.Status, step.Detail = Skipped, textNoUpstream.in(r.lang, upstream.Address)
		case upstream.Digest != a.Digest:
			step.Status, step.Cause = Failed, causeDigestDiffers
			step.Detail = textUpstreamHas.in(r.lang, upstream.Address, upstream.Digest)
		}
		a.Steps = append(a.Steps, step)
	}
}

func (r *run) sweep(steps []Step) {
	for i := range steps {
		steps[i].Detail = r.clean(steps[i].Detail)
	}
}
