package reference

import (
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/workload"
)

// equip returns a new Pod with what its images need beside being rewritten:
// pull secrets, and annotations of serverless platforms. nil: nothing is missing,
// or the images, as they are by now, are more than any engine has to look at.
func equip(p *mirror.Plan, pod map[string]any) map[string]any {
	spec, _ := pod["spec"].(map[string]any)
	images := workload.Images(spec)
	if _, excess := p.JudgeExcess(count(images)); excess {
		return nil
	}
	needs := p.Needs(texts(images))
	if needs.Empty() {
		return nil
	}
	metadata, _ := pod["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	changes := p.Annotate(annotations, needs)
	secrets := missing(needs.Secrets, pullSecretNames(spec["imagePullSecrets"]))
	if len(changes) == 0 && len(secrets) == 0 {
		return nil
	}
	equipped := clone(pod)
	annotate(equipped, changes)
	addPullSecrets(equipped["spec"].(map[string]any), secrets)
	return equipped
}

func texts(images []workload.Image) []string {
	var present []string
	for _, image := range images {
		if image.Present {
			present = append(present, image.Text)
		}
	}
	return present
}

// pullSecretNames are the names in a list of imagePullSecrets.
func pullSecretNames(list any) map[string]bool {
	names := map[string]bool{}
	items, _ := list.([]any)
	for _, item := range items {
		entry, _ := item.(map[string]any)
		if name, ok := entry["name"].(string); ok {
			names[name] = true
		}
	}
	return names
}

func missing(wanted []string, have map[string]bool) []string {
	var out []string
	for _, name := range wanted {
		if !have[name] {
			out = append(out, name)
		}
	}
	return out
}

// annotate sets annotations in place.
func annotate(object map[string]any, changes map[string]string) {
	if len(changes) == 0 {
		return
	}
	metadata, ok := object["metadata"].(map[string]any)
	if !ok {
		metadata = map[string]any{}
		object["metadata"] = metadata
	}
	annotations, ok := metadata["annotations"].(map[string]any)
	if !ok {
		annotations = map[string]any{}
		metadata["annotations"] = annotations
	}
	for key, value := range changes {
		annotations[key] = value
	}
}

// addPullSecrets appends to the imagePullSecrets of a Pod's spec or of a
// ServiceAccount, in place.
func addPullSecrets(holder map[string]any, names []string) {
	if len(names) == 0 {
		return
	}
	list, _ := holder["imagePullSecrets"].([]any)
	for _, name := range names {
		list = append(list, map[string]any{"name": name})
	}
	holder["imagePullSecrets"] = list
}

// judgeNeeds are the findings about what a Pod's images need: stored is whether
// the Pod is, judged the images that are new.
func judgeNeeds(p *mirror.Plan, pod map[string]any, stored bool, judged []workload.Image) []placed {
	var findings []placed
	if stored {
		spec, _ := pod["spec"].(map[string]any)
		named := pullSecretNames(spec["imagePullSecrets"])
		for _, image := range judged {
			if finding, found := p.JudgeSecret(image.Text, named); found && image.Present {
				findings = append(findings, placed{image.Place() + ": " + finding.Message, finding.Warning})
			}
		}
		return findings
	}
	metadata, _ := pod["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	for _, finding := range p.JudgeAnnotations(annotations) {
		findings = append(findings, placed{finding.Message, finding.Warning})
	}
	return findings
}
