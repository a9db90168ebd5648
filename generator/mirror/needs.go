package mirror

import (
	"maps"
	"slices"
	"unicode/utf8"

	"mirrorgen.dev/gen/generator/image"
)

// Needs are what images need beside being rewritten, so that a node can pull them.
type Needs struct {
	// Secrets are the pull secrets that are added to a Pod, sorted.
	Secrets []string
	// Hosts are the registries of each transport that is not https, sorted.
	Hosts map[string][]string
}

// Empty reports that nothing is needed.
func (n Needs) Empty() bool { return len(n.Secrets) == 0 && len(n.Hosts) == 0 }

// Needs gathers what images need once they are rewritten. What is no valid
// reference pulls from nowhere and needs nothing.
func (p *Plan) Needs(images []string) Needs { return p.needs(images, p.InjectedSecrets()) }

// CacheNeeds is Needs for an ImageCache of Alibaba ECI: its secrets are named
// "namespace:name", and are those of the home namespace, as a cache lies in none.
func (p *Plan) CacheNeeds(images []string) Needs { return p.needs(images, p.CacheSecrets()) }

// needs looks up each image's secret and registry. Most plans have neither
// secrets nor transports, and then no image is read.
func (p *Plan) needs(images []string, bySecret map[string]string) Needs {
	needs := Needs{Hosts: map[string][]string{}}
	listsHosts := len(p.Serverless) > 0 && len(p.Transports) > 0
	if len(bySecret) == 0 && !listsHosts {
		return needs
	}
	secrets := map[string]bool{}
	hosts := map[string]map[string]bool{}
	for _, text := range images {
		ref, err := image.Parse(text)
		if err != nil {
			continue
		}
		if secret := secretAt(bySecret, ref.Name()); secret != "" {
			secrets[secret] = true
		}
		host := hostOfReference(ref)
		if transport, ok := p.Transports[host]; ok && listsHosts {
			if hosts[transport] == nil {
				hosts[transport] = map[string]bool{}
			}
			hosts[transport][host] = true
		}
	}
	needs.Secrets = slices.Sorted(maps.Keys(secrets))
	for transport, set := range hosts {
		needs.Hosts[transport] = slices.Sorted(maps.Keys(set))
	}
	return needs
}

// Annotate is a Pod's annotations with the needed registries listed: only the
// keys that change, nil where none does. A value that is no string is left alone.
func (p *Plan) Annotate(annotations map[string]any, needs Needs) map[string]string {
	changes := listHosts(p.Annotations(), annotations, needs)
	if hosts := needs.Hosts[SkipVerify]; p.serves(VolcengineVCI) && len(hosts) > 0 && annotations[RegistryConfigKey] == nil {
		// One JSON document: what someone wrote there is theirs.
		if changes == nil {
			changes = map[string]string{}
		}
		changes[RegistryConfigKey] = RegistryConfig(hosts)
	}
	return changes
}

// AnnotateCache is Annotate for an ImageCache, which only Alibaba ECI reads.
func (p *Plan) AnnotateCache(annotations map[string]any, needs Needs) map[string]string {
	return listHosts(CacheAnnotations(), annotations, needs)
}

// listHosts is what of the annotations changes where the needed hosts are listed
// in those that are kept.
func listHosts(kept []Annotation, annotations map[string]any, needs Needs) map[string]string {
	var changes map[string]string
	for _, a := range kept {
		value, isText := annotations[a.Key].(string)
		if annotations[a.Key] != nil && !isText || utf8.RuneCountInString(value) > MaxListLength {
			continue
		}
		if with, changed := a.WithHosts(value, needs.Hosts[a.Transport]); changed {
			if changes == nil {
				changes = map[string]string{}
			}
			changes[a.Key] = with
		}
	}
	return changes
}

// CacheSecrets maps each address with a pull secret to the Secret in its home
// namespace, as an ImageCache names it.
func (p *Plan) CacheSecrets() map[string]string {
	homes := map[string]string{}
	for _, m := range p.Mirrors {
		if m.PullSecret != nil {
			homes[m.Address] = m.PullSecret.Namespace + ":" + m.PullSecret.Name
		}
	}
	return homes
}
