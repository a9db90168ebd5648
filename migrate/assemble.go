package migrate

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/spec"
)

// A set is a MirrorSet that is being written.
type set struct {
	name       string
	rows       []row
	registries []registry
	scope      spec.Scope
	failure    string
	failureAt  []setting
	upstream   *bool
}

// A registry is declared for how it is reached.
type registry struct {
	host      string
	transport string
	caFile    string
	at        place
}

// assemble puts the rows into MirrorSets that can be used together, and leaves out
// by name what cannot.
func (r *reader) assemble() (text []byte, parsed []*spec.MirrorSet) {
	sets := r.sets(r.distinct())
	for {
		sets = slices.DeleteFunc(sets, func(s *set) bool { return len(s.rows) == 0 })
		if len(sets) == 0 {
			for _, host := range r.hostNames() {
				if h := r.hosts[host]; h.transport != "https" || len(h.ca) > 0 {
					r.leave(h.at, host, "how a registry is reached can only be said beside a mirror, and there is none")
				}
			}
			return nil, nil
		}
		for i, s := range sets {
			s.name = r.options.Name
			if i > 0 {
				s.name = fmt.Sprintf("%s-%d", r.options.Name, i+1)
			}
		}
		r.placeHosts(sets)
		texts := make([][]byte, len(sets))
		parsed = make([]*spec.MirrorSet, len(sets))
		dropped := false
		for i, s := range sets {
			texts[i] = r.write(s, i == 0)
			found, err := spec.Parse(s.name, texts[i])
			if err != nil {
				r.drop(s, problemsOf(err))
				dropped = true
				continue
			}
			parsed[i] = found[0]
		}
		if dropped {
			continue
		}
		if _, err := generator.Plans(parsed); err != nil {
			problem := problemsOf(err)[0]
			at := slices.IndexFunc(sets, func(s *set) bool { return s.name == problem.File })
			// What is of no one set is of the last one, which was well without it.
			r.drop(sets[max(at, 0)], []spec.Problem{problem})
			continue
		}
		var all []byte
		for i, t := range texts {
			if i > 0 {
				all = append(all, "---\n"...)
			}
			all = append(all, t...)
		}
		return all, parsed
	}
}

func problemsOf(err error) []spec.Problem {
	if problems, ok := err.(spec.Problems); ok {
		return problems
	}
	return []spec.Problem{{Message: err.Error()}}
}

// entryPath is the mirror or the registry that a problem is about.
var entryPath = regexp.MustCompile(`^spec\.(mirrors|registries)\[(\d+)\](?:\.(fallbacks|except)\[(\d+)\])?`)

// ownPlace is a place in the text that is being written, which no one has seen.
var ownPlace = regexp.MustCompile(` \([a-z0-9-]+:\d+\)`)

// drop leaves out of a set what a problem is about, one thing at a time: with it
// gone others may be fine.
func (r *reader) drop(s *set, problems []spec.Problem) {
	p := problems[0]
	message := ownPlace.ReplaceAllString(p.Message, "")
	found := entryPath.FindStringSubmatch(p.Path)
	var i, j int
	if found != nil {
		fmt.Sscan(found[2], &i)
		fmt.Sscan(found[4], &j)
	}
	switch {
	case found == nil:
		// A scope, or what no one entry is to blame for.
		at := s.rows[0].at[0]
		if len(s.failureAt) > 0 {
			at = s.failureAt[0].at
		}
		r.leave(at, "", p.Path+": "+message)
		s.rows = nil
	case found[1] == "registries":
		registry := s.registries[i]
		delete(r.hosts, registry.host)
		r.leave(registry.at, "", message)
	case found[3] == "fallbacks":
		row := &s.rows[i]
		r.leave(row.at[0], "", message)
		row.fallbacks = slices.Delete(slices.Clone(row.fallbacks), j, j+1)
	case found[3] == "except":
		row := &s.rows[i]
		r.leave(row.at[0], "", message)
		row.except = slices.Delete(slices.Clone(row.except), j, j+1)
	default:
		row := s.rows[i]
		r.leave(row.at[0], row.source+" -> "+row.mirror, message)
		s.rows = slices.Delete(s.rows, i, i+1)
	}
}

// distinct puts rows that say the same together, and names those that contradict.
func (r *reader) distinct() []row {
	var rows []row
	slices.SortStableFunc(r.rows, func(a, b row) int { return a.at[0].compare(b.at[0]) })
	for _, next := range r.rows {
		next.source, next.mirror = canonical(next.source), canonical(next.mirror)
		next.fallbacks = fallbacksOf(next)
		at := slices.IndexFunc(rows, func(have row) bool { return have.source == next.source })
		if at < 0 {
			rows = append(rows, next)
			continue
		}
		r.join(&rows[at], next)
	}
	return rows
}

// fallbacksOf are a row's, each once, without the mirror.
func fallbacksOf(of row) []string {
	seen := []string{of.mirror}
	for _, address := range of.fallbacks {
		if address = canonical(address); !slices.Contains(seen, address) {
			seen = append(seen, address)
		}
	}
	return seen[1:]
}

// join adds what a second place says of a source.
func (r *reader) join(have *row, next row) {
	said := next.source + " -> " + next.mirror
	switch {
	case have.mirror != next.mirror:
		r.leave(next.at[0], said, fmt.Sprintf("the source is served by %s already (%s, %s); a source has one mirror: keep the one that is right", have.mirror, have.what, have.at[0]))
		return
	case !slices.Equal(have.except, next.except) || scopeKey(have.scope) != scopeKey(next.scope):
		r.leave(next.at[0], said, fmt.Sprintf("has another scope here than in %s; say in one MirrorSet which images are meant, or migrate the two apart", have.at[0]))
		return
	case have.upstream == nil:
		have.upstream = next.upstream
	case next.upstream != nil && *next.upstream != *have.upstream:
		r.leave(next.at[0], next.source, fmt.Sprintf("the registry itself may be asked last in one place and not in %s; a MirrorSet says one of both", have.at[0]))
	}
	have.at = append(have.at, next.at...)
	if !strings.Contains(have.what, next.what) {
		have.what += ", " + next.what
	}
	for _, address := range next.fallbacks {
		if !slices.Contains(have.fallbacks, address) {
			have.fallbacks = append(have.fallbacks, address)
		}
	}
}

// sets parts rows by their scopes, and by whether the source is asked last.
func (r *reader) sets(rows []row) []*set {
	var sets []*set
	find := func(of row) *set {
		for _, s := range sets {
			if scopeKey(s.scope) == scopeKey(of.scope) && (s.upstream == nil || of.upstream == nil || *s.upstream == *of.upstream) {
				return s
			}
		}
		s := &set{scope: normal(of.scope)}
		sets = append(sets, s)
		return s
	}
	// Those that say so first, so that those that do not find their place.
	for _, says := range []bool{true, false} {
		for _, row := range rows {
			if (row.upstream != nil) != says {
				continue
			}
			s := find(row)
			s.rows = append(s.rows, row)
			if row.upstream != nil {
				s.upstream = row.upstream
			}
		}
	}
	for _, s := range sets {
		slices.SortFunc(s.rows, func(a, b row) int { return strings.Compare(a.source, b.source) })
		r.settle(s)
	}
	slices.SortStableFunc(sets, func(a, b *set) int { return strings.Compare(a.rows[0].source, b.rows[0].source) })
	return sets
}

// settle says what becomes of a Pod while the policy engine is down: what the
// policies of the scope say, a written word before a default.
func (r *reader) settle(s *set) {
	for _, written := range []bool{true, false} {
		for _, setting := range r.settings {
			if setting.written != written || scopeKey(setting.scope) != scopeKey(s.scope) {
				continue
			}
			switch {
			case s.failure == "":
				s.failure = setting.failure
				s.failureAt = append(s.failureAt, setting)
			case s.failure == setting.failure:
				s.failureAt = append(s.failureAt, setting)
			case written:
				r.leave(setting.at, setting.failure, fmt.Sprintf("another policy of the same scope says %s (%s), and a MirrorSet says one of both", s.failure, s.failureAt[0].at))
			}
		}
	}
}
