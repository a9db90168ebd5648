package node

import (
	"slices"
	"strconv"

	"mirrorgen.dev/gen/generator/spec"
)

// A refusal is one thing that a MirrorSet says and a node's configuration cannot.
type refusal struct {
	set *spec.MirrorSet
	// path is the field, value what it holds; an empty value is not shown.
	path, value string
	// rule says what cannot be said; remedy what helps beside leaving it out, "" for
	// nothing; leftOut what a skipped rule comes to.
	rule, remedy, leftOut string
	// inherent says that no MirrorSet and no file can change it: it is told, and
	// never an error.
	inherent bool
}

// settle turns refusals into problems, or, where the set asks for it, into what
// was skipped. A mirror may be refused as that and as a host, which is said once.
func settle(refused []refusal, problems spec.Problems, skipped []spec.Problem) (spec.Problems, []spec.Problem) {
	for _, r := range refused {
		p := spec.Problem{Position: r.set.Position(r.path), Path: r.path}
		if r.value != "" {
			p.Message = strconv.Quote(r.value) + ": "
		}
		p.Message += r.rule
		switch {
		case r.inherent:
			skipped = append(skipped, p)
		case r.set.Spec.Nodes.OnUnsupported == "skip":
			p.Message += "; " + r.leftOut
			skipped = append(skipped, p)
		default:
			p.Message += "; "
			if r.remedy != "" {
				p.Message += r.remedy + ", or "
			}
			p.Message += "leave it out with nodes.onUnsupported: skip"
			if !slices.Contains(problems, p) {
				problems = append(problems, p)
			}
		}
	}
	return problems, skipped
}

// refuse words a refusal of a field of the redirection's mirror, which leaves
// out the redirection for the runtime.
func (r redirect) refuse(field, value, rule string) refusal {
	return refusal{set: r.set, path: r.path + "." + field, value: value, rule: rule,
		leftOut: "what " + strconv.Quote(r.mirror.Source) + " serves is not redirected there"}
}

// refuseIPv6 refuses how a host is reached, at the field that names it: an
// address of IPv6 of which the runtime cannot be told.
func (hs hosts) refuseIPv6(name, rule, leftOut string) refusal {
	h := hs[name]
	return refusal{set: h.set, path: h.declared, value: h.written, rule: rule, remedy: "give the host a name", leftOut: leftOut}
}

// refuseOnly refuses what the mirror holds. Where the registry itself is asked
// behind it, a mirror may be asked for what it does not hold.
func (r redirect) refuseOnly(rule string) refusal {
	no := r.refuse("only", "", rule)
	no.remedy = "write the MirrorSet for nodes without it and with nodes.fallbackToUpstream: true"
	return no
}

func index(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
