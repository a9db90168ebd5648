// Package mirror holds what a MirrorSet means: the plan that every target
// carries as data and every engine is measured against, in plain Go.
package mirror

import (
	"sort"

	"mirrorgen.dev/gen/generator/spec"
)

// A Plan is one MirrorSet, compiled. Its JSON form is the parameters of the
// generated constraint and the data of the plain Rego package, so that a plan
// can be read back from what was generated.
type Plan struct {
	// Name is the MirrorSet's.
	Name string `json:"set"`
	// Mirrors are keyed by name; never empty.
	Mirrors map[string]Mirror `json:"mirrors"`
	// Table decides each image by the longest prefix of its name.
	Table Table `json:"table"`
	// Scope says which namespaces and Pods are concerned.
	Scope Scope `json:"scope"`
	// AllowRegistries are host[:port][/path], hosts in lower case, sorted; empty:
	// registries are not limited.
	AllowRegistries []string `json:"allowRegistries,omitempty"`
	// AllowedPrefixes is Allowed as a set, so that a policy engine can probe it
	// with an image's prefixes; empty where registries are not limited.
	AllowedPrefixes map[string]bool `json:"allowed,omitempty"`
	// HonourPodSelector exempts Pods that Scope.PodSelector leaves out from the constraint.
	HonourPodSelector bool `json:"honourPodSelector,omitempty"`
	// Limits bound what one Pod may ask an engine to judge.
	Limits Limits `json:"limits"`
	// Transports are the registries that are not reached by HTTPS with a verified
	// certificate: host[:port] to http or https-skip-verify; empty: none.
	Transports map[string]string `json:"transports,omitempty"`
	// Serverless are the platforms whose annotations Pods get, sorted; empty: none.
	Serverless []string `json:"serverless,omitempty"`
	// PullSecrets is, for each mirror's address that needs credentials, the Secret
	// that a Pod names: a set to probe with an image's prefixes. It says what
	// Mirrors says, and is empty where no mirror has a pull secret.
	PullSecrets map[string]string `json:"pullSecrets,omitempty"`

	// Enforcement is deny, warn or dryrun; never empty. It is the constraint's
	// own field, not a parameter.
	Enforcement string `json:"-"`
	// RewriteFailurePolicy and ConstraintFailurePolicy are Ignore or Fail; never empty.
	RewriteFailurePolicy    string `json:"-"`
	ConstraintFailurePolicy string `json:"-"`
	// At is where the MirrorSet was written; zero for a plan that was read back.
	At spec.Position `json:"-"`
	// Source is the file the MirrorSet came from; empty for a plan that was read back.
	Source string `json:"-"`
}

// A Mirror is one redirection of the plan.
type Mirror struct {
	// Source and Address are host[:port][/path] with hosts in lower case; what
	// is redirected and where it is served.
	Source  string `json:"source"`
	Address string `json:"address"`
	// Aliases are Source at further hosts of the same registry, sorted; empty: none.
	Aliases []string `json:"aliases,omitempty"`
	// Only is what the mirror holds, as written; empty: everything.
	Only []string `json:"only,omitempty"`

	// Except is what is left alone, as written; empty: nothing. The table says it
	// too; it is here so that a plan that is read back can be held against itself.
	Except []string `json:"except,omitempty"`

	// PullSecret is nil where the mirror needs no credentials.
	PullSecret *PullSecret `json:"pullSecret,omitempty"`

	// At is where the mirror was written; zero for a plan that was read back.
	At spec.Position `json:"-"`
	// SourcePath and AddressPath are the fields, such as spec.mirrors[0].source.
	SourcePath  string `json:"-"`
	AddressPath string `json:"-"`
	// SecretAt and SecretPath are where its pull secret was written, if it has one.
	SecretAt   spec.Position `json:"-"`
	SecretPath string        `json:"-"`
}

// A PullSecret is a Secret in its home namespace and its clone in each namespace
// in scope. It holds names, never credentials.
type PullSecret struct {
	// Clone is the name that the clone has in every namespace: mirrorgen-<set>-<mirror>,
	// so that no one's own Secret is overwritten.
	Clone string `json:"clone"`
	// Name and Namespace are where the credentials are kept.
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
	// ServiceAccounts get the secret instead of each Pod, sorted; empty: Pods get it.
	ServiceAccounts []string `json:"serviceAccounts,omitempty"`
}

// Scope is the spec's scope with the defaults filled in.
type Scope struct {
	// ExcludeNamespaces are left alone; sorted, without duplicates.
	ExcludeNamespaces []string `json:"excludeNamespaces,omitempty"`
	// NamespaceSelector and PodSelector are nil where everything matches.
	NamespaceSelector *spec.Selector `json:"namespaceSelector,omitempty"`
	PodSelector       *spec.Selector `json:"podSelector,omitempty"`
}

// Limits bound the image references that are judged one by one: beyond them a
// Pod is refused whole, so that an engine's own cost limit is no way past the
// rewrite. No real Pod comes near: the API server stores 1.5 MiB at most.
type Limits struct {
	// References counts image references.
	References int `json:"references"`
	// Characters counts the characters of all of them together.
	Characters int `json:"characters"`
}

// DefaultLimits are the limits of every generated plan.
func DefaultLimits() Limits { return Limits{References: 500, Characters: 40_000} }

// MirrorNames returns the mirrors' names, sorted.
func (p *Plan) MirrorNames() []string {
	names := make([]string, 0, len(p.Mirrors))
	for name := range p.Mirrors {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// Allowed lists what an image may come from where registries are limited: the
// allowed registries and the mirrors' addresses, sorted, less those that lie
// below another.
func (p *Plan) Allowed() []string {
	all := append([]string(nil), p.AllowRegistries...)
	for _, m := range p.Mirrors {
		all = append(all, m.Address)
	}
	all = sortedUnique(all)
	listed := make(map[string]bool, len(all))
	for _, prefix := range all {
		listed[prefix] = true
	}
	var allowed []string
	for _, prefix := range all {
		above := parent(prefix)
		for above != "" && !listed[above] {
			above = parent(above)
		}
		if above == "" {
			allowed = append(allowed, prefix)
		}
	}
	return allowed
}
