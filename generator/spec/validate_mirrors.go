package spec

import (
	"strings"

	"mirrorgen.dev/gen/generator/image"
)

func (v *validator) mirror(m *Mirror, path string) {
	host, rest, _ := strings.Cut(m.Source, "/")
	if image.IsDockerHub(host) && rest != "" && rest != "library" && !strings.Contains(rest, "/") {
		v.warn(path+".source", "%s: means the images below the name %s, not the image library/%s; write %s for that image",
			show(m.Source), rest, rest, show(host+"/library/"+rest))
	}
	v.onDockerHub(m.Mirror, path+".mirror")
	for i, fallback := range m.Fallbacks {
		at := index(path+".fallbacks", i)
		v.onDockerHub(fallback, at)
		if fallback != "" && fallback == m.Mirror {
			v.problem(at, "%s: is the mirror itself; remove it", show(fallback))
		}
	}
	for i, alias := range m.Aliases {
		v.alias(alias, host, index(path+".aliases", i))
	}
	v.entries(m, path)
	v.caFile(m.CAFile, m.Transport, path+".caFile")
	v.pullSecret(m, path+".pullSecret")
}

// onDockerHub refuses the whole of Docker Hub as a mirror: images without a
// path of their own would be anyone's.
func (v *validator) onDockerHub(address, path string) {
	if host, _, hasPath := strings.Cut(address, "/"); !hasPath && image.IsDockerHub(host) {
		v.problem(path, "%s: a mirror on Docker Hub needs a path; add the user or organisation, such as %s", show(address), show(address+"/acme"))
	}
}

func (v *validator) alias(alias, source, path string) {
	switch {
	case alias == "" || source == "":
	case alias == source:
		v.problem(path, "%s: is the source's own host; remove it", show(alias))
	case image.IsDockerHub(alias) && image.IsDockerHub(source):
		v.problem(path, "%s: every name of Docker Hub is built in; remove it", show(alias))
	case image.IsDockerHub(alias):
		v.problem(path, "%s: is Docker Hub, which %s is not; give it a mirror of its own", show(alias), show(source))
	}
}

// entries checks only and except, one by one and against each other.
func (v *validator) entries(m *Mirror, path string) {
	for i, entry := range m.Only {
		v.entry(entry, m, index(path+".only", i))
		for j, except := range m.Except {
			if entry != "" && except != "" && below(entry, except) {
				v.problem(index(path+".only", i), "%s: can match nothing, since except[%d] %s leaves all of it alone; remove one", show(entry), j, show(except))
				break
			}
		}
	}
	for i, entry := range m.Except {
		v.entry(entry, m, index(path+".except", i))
		if entry == "" || len(m.Only) == 0 {
			continue
		}
		related := false
		for _, only := range m.Only {
			related = related || only == "" || below(entry, only) || below(only, entry)
		}
		if !related {
			v.problem(index(path+".except", i), "%s: can match nothing, since it lies below no entry of only; remove it", show(entry))
		}
	}
}

func (v *validator) entry(entry string, m *Mirror, path string) {
	if entry == "" || m.Source == "" {
		return
	}
	host, rest, hasRest := strings.Cut(m.Source, "/")
	first, behind, _ := strings.Cut(entry, "/")
	if first == host || image.IsDockerHub(first) && image.IsDockerHub(host) {
		hint := "remove it"
		if behind != "" {
			hint = "write " + show(behind)
		}
		v.problem(path, "%s: repeats the host, but entries are paths below the source; %s", show(entry), hint)
		return
	}
	if hasRest && len(rest)+1+len(entry) > image.MaxPathLength {
		v.problem(path, "%s: can match nothing, since with the source's path it has more than %d characters; shorten it", show(entry), image.MaxPathLength)
	}
}

// below reports whether name is prefix or lies below it at a "/" boundary.
func below(name, prefix string) bool {
	return name == prefix || strings.HasPrefix(name, prefix+"/")
}

func (v *validator) pullSecret(m *Mirror, path string) {
	if m.PullSecret == nil {
		return
	}
	scope := v.set.Spec.Scope
	if !m.PullSecret.AllNamespaces && scope.NamespaceSelector.isEmpty() {
		v.problem(path, "whoever reads Secrets in a namespace in scope can read the clone; set scope.namespaceSelector, or allow it everywhere with allNamespaces: true")
	}
	if scope.IncludeSystemNamespaces {
		v.warn(path, "the scope includes system namespaces, whose images a node pulls itself, without a Pod's secret")
	}
	// Kyverno's chart keeps these two from its webhooks unless it is told otherwise.
	if home := m.PullSecret.Namespace; home == "kube-system" || home == "kyverno" {
		v.warn(path+".namespace", "%s: Kyverno's webhook leaves it out by default, and does not notice when the Secret is edited; keep the Secret in a namespace of its own", show(home))
	}
}

// isEmpty reports a selector that narrows nothing.
func (s *Selector) isEmpty() bool {
	return s == nil || len(s.MatchLabels) == 0 && len(s.MatchExpressions) == 0
}
