package mirror

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/spec"
)

// checkNeeds refuses, over all plans, what would make a Pod's secrets and
// annotations depend on the order of policies: they are added by the set that
// knows of them, in the same pass that rewrites, so that a set must know of all
// that its own mirrors need.
func checkNeeds(plans []*Plan) spec.Problems {
	var problems spec.Problems
	problems = append(problems, checkClones(plans)...)
	for _, p := range plans {
		for _, other := range plans {
			if other == p {
				continue
			}
			problems = append(problems, checkForeignNeeds(p, other)...)
		}
	}
	return problems
}

// checkClones refuses two Secrets of one name, and two for one address.
func checkClones(plans []*Plan) spec.Problems {
	var problems spec.Problems
	byClone := map[string]claim{}
	byAddress := map[string]claim{}
	for _, p := range plans {
		for _, name := range p.MirrorNames() {
			m := p.Mirrors[name]
			if m.PullSecret == nil {
				continue
			}
			here := claim{p.Name, name, m.At, m.SecretPath}
			if first, taken := byClone[m.PullSecret.Clone]; taken {
				problems = append(problems, spec.Problem{Position: m.SecretAt, Path: m.SecretPath, Message: fmt.Sprintf(
					"%q: is what the pull secret of %s is called too; rename the mirror or the set", m.PullSecret.Clone, first)})
			}
			byClone[m.PullSecret.Clone] = here
			if first, taken := byAddress[m.Address]; taken {
				problems = append(problems, spec.Problem{Position: m.SecretAt, Path: m.SecretPath, Message: fmt.Sprintf(
					"%q: has a pull secret by %s already; an address has one: write it there only", m.Address, first)})
			}
			byAddress[m.Address] = here
		}
	}
	return problems
}

// checkForeignNeeds refuses a mirror of p whose images need what only other says.
func checkForeignNeeds(p, other *Plan) spec.Problems {
	var problems spec.Problems
	for _, name := range p.MirrorNames() {
		m := p.Mirrors[name]
		refuse := func(format string, args ...any) {
			problems = append(problems, spec.Problem{Position: m.At, Path: m.AddressPath, Message: fmt.Sprintf("%q: ", m.Address) + fmt.Sprintf(format, args...)})
		}
		host := hostOf(m.Address)
		transport, declared := other.Transports[host]
		platforms := other.platformsBeside(p, transport)
		switch {
		case declared && p.Transports[host] != transport:
			refuse("MirrorSet %q says that %s is reached by %s; the set that has the mirror must say so too: add transport: %s", other.Name, host, transport, transport)
		case declared && len(platforms) > 0:
			refuse("MirrorSet %q lists %s for %s; the set that has the mirror must do so too: add serverless: [%s]", other.Name, host, strings.Join(platforms, " and "), strings.Join(platforms, ", "))
		}
		for _, address := range slices.Sorted(maps.Keys(other.PullSecrets)) {
			has := p.PullSecrets[m.Address] != ""
			switch {
			case !has && (Below(m.Address, address) || Below(address, m.Address)):
				refuse("MirrorSet %q has a pull secret for %q; the set that has the mirror must name it too, as policies of two sets do not see each other's work: add a pullSecret", other.Name, address)
			case has && m.Address != address && Below(m.Address, address):
				// Of two sets, that of the longer address is complained of.
				refuse("lies below %q, for which MirrorSet %q has a pull secret; the longest address decides only within one MirrorSet: write both in one", address, other.Name)
			default:
				continue
			}
			break
		}
	}
	for _, host := range slices.Sorted(maps.Keys(p.Transports)) {
		if transport, ok := other.Transports[host]; ok && transport != p.Transports[host] && p.Name < other.Name && !hasMirrorAt(p, host) && !hasMirrorAt(other, host) {
			problems = append(problems, spec.Problem{Position: p.At, Path: "spec.registries", Message: fmt.Sprintf(
				"%q: is reached by %s here and by %s in MirrorSet %q; a registry has one transport", host, p.Transports[host], transport, other.Name)})
		}
	}
	return problems
}

// platformsBeside are the platforms, sorted, that p lists registries of the
// transport for, and other does not.
func (p *Plan) platformsBeside(other *Plan, transport string) []string {
	var platforms []string
	for _, a := range p.Annotations() {
		if a.Transport == transport && !other.serves(a.Platform) {
			platforms = append(platforms, a.Platform)
		}
	}
	if transport == SkipVerify && p.serves(VolcengineVCI) && !other.serves(VolcengineVCI) {
		platforms = append(platforms, VolcengineVCI)
	}
	return sortedUnique(platforms)
}

func hasMirrorAt(p *Plan, host string) bool {
	for _, m := range p.Mirrors {
		if hostOf(m.Address) == host {
			return true
		}
	}
	return false
}
