package reference

import (
	"slices"
	"unicode/utf8"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/workload"
	"mirrorgen.dev/gen/harness/engine"
)

// other mutates what is no Pod and no workload: ServiceAccounts that carry a
// pull secret, and ImageCaches.
func (r *run) other(plans []*mirror.Plan) error {
	if !r.request.Runs(engine.Mutate) {
		return nil
	}
	switch workload.KindOf(r.request.Object) {
	case "v1/ServiceAccount":
		in, err := r.inScope(plans)
		if err != nil {
			return err
		}
		for _, p := range in {
			secrets, named := serviceAccounts(p)[nameOf(r.request.Object)]
			if !named {
				continue
			}
			lacks := missing(secrets, pullSecretNames(r.outcome.Object["imagePullSecrets"]))
			r.note(p.Name+"/service-accounts", len(lacks) > 0)
			if len(lacks) > 0 {
				r.outcome.Object = clone(r.outcome.Object)
				addPullSecrets(r.outcome.Object, lacks)
			}
		}
	case "eci.alibabacloud.com/v1/ImageCache":
		if r.request.Operation == engine.Update {
			return nil
		}
		for _, p := range plans {
			if !hasImageCaches(p) {
				continue
			}
			cached := imageCache(p, r.outcome.Object)
			r.note(p.Name+"/image-caches", cached != nil)
			if cached != nil {
				r.outcome.Object = cached
			}
		}
	}
	return nil
}

// serviceAccounts maps the names of ServiceAccounts that carry pull secrets to
// these, sorted.
func serviceAccounts(p *mirror.Plan) map[string][]string {
	accounts := map[string][]string{}
	for _, name := range p.MirrorNames() {
		secret := p.Mirrors[name].PullSecret
		if secret == nil {
			continue
		}
		for _, account := range secret.ServiceAccounts {
			accounts[account] = append(accounts[account], secret.Clone)
		}
	}
	for _, secrets := range accounts {
		slices.Sort(secrets)
	}
	return accounts
}

func hasImageCaches(p *mirror.Plan) bool { return slices.Contains(p.Serverless, mirror.AlibabaECI) }

// imageCache returns an ImageCache with its images rewritten, its registries
// annotated and the pull secrets named; nil where it is so already.
func imageCache(p *mirror.Plan, object map[string]any) map[string]any {
	spec, _ := object["spec"].(map[string]any)
	list, _ := spec["images"].([]any)
	if _, excess := p.JudgeExcess(countTexts(list)); excess {
		return nil
	}
	cached := clone(object)
	changed := false
	spec, _ = cached["spec"].(map[string]any)
	list, _ = spec["images"].([]any)
	var images []string
	for i, item := range list {
		text, isText := item.(string)
		if !isText {
			continue
		}
		if d := p.Rewrite(text); d.Status == mirror.Rewritten {
			list[i], text, changed = d.Image, d.Image, true
		}
		images = append(images, text)
	}
	needs := p.CacheNeeds(images)
	if _, excess := p.JudgeExcess(countTexts(list)); excess {
		// Only once it is rewritten: what it needs is left out all the same.
		needs = mirror.Needs{}
	}
	metadata, _ := cached["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	changes := p.AnnotateCache(annotations, needs)
	annotate(cached, changes)
	have := map[string]bool{}
	secrets, _ := spec["imagePullSecrets"].([]any)
	for _, item := range secrets {
		if name, ok := item.(string); ok {
			have[name] = true
		}
	}
	lacks := missing(needs.Secrets, have)
	for _, name := range lacks {
		secrets = append(secrets, name)
	}
	if len(lacks) > 0 {
		spec["imagePullSecrets"] = secrets
	}
	if !changed && len(changes) == 0 && len(lacks) == 0 {
		return nil
	}
	return cached
}

// countTexts counts the items of a list, and the characters of those that are texts.
func countTexts(list []any) (references, characters int) {
	for _, item := range list {
		text, _ := item.(string)
		characters += utf8.RuneCountInString(text)
	}
	return len(list), characters
}

func nameOf(object map[string]any) string {
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	return name
}
