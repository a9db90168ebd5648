package mirror

import (
	"sort"
	"strconv"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/spec"
)

// Compile turns a valid MirrorSet into its plan. It assumes what spec.Parse
// checked: grammar, unique names, defaults named in the fields' docs.
func Compile(set *spec.MirrorSet) *Plan {
	p := &Plan{
		Name:                    set.Name,
		Mirrors:                 make(map[string]Mirror, len(set.Spec.Mirrors)),
		Scope:                   compileScope(set.Spec.Scope),
		HonourPodSelector:       set.Spec.Constraint.HonourPodSelector,
		Limits:                  DefaultLimits(),
		Enforcement:             orDefault(set.Spec.Constraint.Enforcement, "deny"),
		RewriteFailurePolicy:    orDefault(set.Spec.Rewrite.FailurePolicy, "Ignore"),
		ConstraintFailurePolicy: orDefault(set.Spec.Constraint.FailurePolicy, "Ignore"),
		At:                      set.Position("spec"),
		Source:                  set.Position("").File,
	}
	for _, registry := range set.Spec.Constraint.AllowRegistries {
		p.AllowRegistries = append(p.AllowRegistries, canonicalPrefix(registry))
	}
	p.AllowRegistries = sortedUnique(p.AllowRegistries)

	for i, m := range set.Spec.Mirrors {
		path := mirrorPath(i)
		compiled := Mirror{
			Source:  canonicalPrefix(m.Source),
			Address: canonicalPrefix(m.Mirror),
			Only:    append([]string(nil), m.Only...),
			Except:  append([]string(nil), m.Except...),

			At:          set.Position(path + ".source"),
			SourcePath:  path + ".source",
			AddressPath: path + ".mirror",
			SecretAt:    set.Position(path + ".pullSecret"),
			SecretPath:  path + ".pullSecret",
		}
		compiled.Aliases = aliasSources(compiled.Source, m.Aliases)
		compiled.PullSecret = compilePullSecret(set.Name, m)
		p.Mirrors[m.Name] = compiled
	}
	p.Table = compileTable(p.Mirrors)
	p.Transports = compileTransports(set.Spec)
	p.Serverless = sortedUnique(append([]string(nil), set.Spec.Serverless...))
	p.complete()
	return p
}

// complete fills what is derived from the fields for look-ups.
func (p *Plan) complete() {
	p.AllowedPrefixes, p.PullSecrets = nil, pullSecrets(p.Mirrors)
	if len(p.AllowRegistries) == 0 {
		return
	}
	p.AllowedPrefixes = map[string]bool{}
	for _, prefix := range p.Allowed() {
		p.AllowedPrefixes[prefix] = true
	}
}

// canonicalPrefix lower-cases the host and gives Docker Hub its one spelling.
func canonicalPrefix(prefix string) string {
	host, path, hasPath := strings.Cut(prefix, "/")
	if image.IsDockerHub(host) {
		host = image.DockerHub
	}
	host = image.LowerASCII(host)
	if !hasPath {
		return host
	}
	return host + "/" + path
}

// A rule is one source of one mirror, an alias counting as a source of its own.
type rule struct {
	mirror       string
	source, to   string
	only, except []string
}

// aliasSources is the source at each alias, sorted; an alias that is the
// source's own host adds nothing.
func aliasSources(source string, aliases []string) []string {
	host, rest, hasRest := strings.Cut(source, "/")
	var sources []string
	for _, alias := range aliases {
		alias = canonicalPrefix(alias)
		if alias == host {
			continue
		}
		if hasRest {
			alias += "/" + rest
		}
		sources = append(sources, alias)
	}
	return sortedUnique(sources)
}

// rulesOf are the rules of every mirror, by source.
func rulesOf(mirrors map[string]Mirror) map[string]rule {
	bySource := make(map[string]rule, len(mirrors))
	for name, m := range mirrors {
		for _, source := range append([]string{m.Source}, m.Aliases...) {
			bySource[source] = rule{mirror: name, source: source, to: m.Address, only: m.Only, except: m.Except}
		}
	}
	return bySource
}

// holds reports whether the rule serves everything below prefix, given that no
// breakpoint of the rule lies strictly below it; excepted says that "except" is
// what shuts it out.
func (r rule) holds(prefix string) (held, excepted bool) {
	for _, e := range r.except {
		if Below(prefix, r.source+"/"+e) {
			return false, true
		}
	}
	if len(r.only) == 0 {
		return true, false
	}
	for _, o := range r.only {
		if Below(prefix, r.source+"/"+o) {
			return true, false
		}
	}
	return false, false
}

// compileTable flattens the rules. Every test that a rule makes of an image
// changes its outcome only at the rule's source and at its only and except
// entries, so a row for each of these prefixes decides every image exactly.
//
// A mirror's own address may lie where "only" of another holds nothing. What is
// below it was rewritten on purpose, so a row of its own says that it is left
// alone rather than not held.
func compileTable(mirrors map[string]Mirror) Table {
	bySource := rulesOf(mirrors)
	breakpoints := breakpointsOf(bySource)
	table := make(Table, len(breakpoints))
	for prefix := range breakpoints {
		table[prefix] = decide(bySource, prefix)
	}
	for _, m := range mirrors {
		if row := decide(bySource, m.Address); row.To == "" && row.Mirror != "" {
			table[m.Address] = Row{}
		}
	}
	return table.withoutImplied()
}

// breakpointsOf are the prefixes at which a rule may change its mind.
func breakpointsOf(bySource map[string]rule) map[string]bool {
	breakpoints := map[string]bool{}
	for source, r := range bySource {
		breakpoints[source] = true
		for _, entry := range r.only {
			breakpoints[source+"/"+entry] = true
		}
		for _, entry := range r.except {
			breakpoints[source+"/"+entry] = true
		}
	}
	return breakpoints
}

// decide walks the sources around prefix from the longest to the shortest: the
// first that holds it wins.
func decide(bySource map[string]rule, prefix string) Row {
	notHeldBy := ""
	for source := prefix; ; {
		if r, ok := bySource[source]; ok {
			held, excepted := r.holds(prefix)
			if held {
				return Row{To: r.to + strings.TrimPrefix(prefix, source), Mirror: r.mirror}
			}
			if !excepted && notHeldBy == "" {
				notHeldBy = r.mirror
			}
		}
		cut := strings.LastIndexByte(source, '/')
		if cut < 0 {
			return Row{Mirror: notHeldBy}
		}
		source = source[:cut]
	}
}

// withoutImplied drops the rows that say what the next shorter row says anyway.
// Prefixes are visited from the longest, so that each is held against a row
// that may itself be dropped later for saying the same as one still shorter.
func (t Table) withoutImplied() Table {
	prefixes := t.Prefixes()
	sort.SliceStable(prefixes, func(i, j int) bool { return len(prefixes[i]) > len(prefixes[j]) })
	for _, prefix := range prefixes {
		at, above, ok := t.above(prefix)
		if !ok {
			continue
		}
		row := t[prefix]
		if above.To != "" {
			above.To += strings.TrimPrefix(prefix, at)
		}
		if row == above {
			delete(t, prefix)
		}
	}
	return t
}

func compileScope(s spec.Scope) Scope {
	excluded := append([]string(nil), s.ExcludeNamespaces...)
	if !s.IncludeSystemNamespaces {
		excluded = append(excluded, spec.SystemNamespaces()...)
	}
	return Scope{
		ExcludeNamespaces: sortedUnique(excluded),
		NamespaceSelector: s.NamespaceSelector,
		PodSelector:       s.PodSelector,
	}
}

func mirrorPath(i int) string { return "spec.mirrors[" + strconv.Itoa(i) + "]" }

func orDefault(value, unset string) string {
	if value == "" {
		return unset
	}
	return value
}

func sortedUnique(values []string) []string {
	sort.Strings(values)
	unique := values[:0]
	for i, v := range values {
		if i == 0 || v != values[i-1] {
			unique = append(unique, v)
		}
	}
	return unique
}
