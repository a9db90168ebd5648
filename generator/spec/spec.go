// Package spec holds what a user writes: the MirrorSet, read strictly, every
// value with its place in the file, every problem in one pass.
package spec

// The one group, version and kind that this package reads.
const (
	APIVersion = "mirrorgen.dev/v1alpha1"
	Kind       = "MirrorSet"
)

// A MirrorSet says which registries are served by which mirrors, for which
// namespaces and Pods, and what is refused.
type MirrorSet struct {
	// Name is metadata.name: the prefix of every generated object's name.
	Name string
	// Namespace is metadata.namespace, which kustomize sets; it has no meaning here.
	Namespace string
	// Annotations are metadata.annotations, kept for kustomize; none has a meaning here.
	Annotations map[string]string
	// Labels are metadata.labels, likewise.
	Labels map[string]string
	Spec   Spec

	// Positions maps a path such as "spec.mirrors[0].source" to where it was
	// written. A path that was not written is absent; Position looks further up.
	Positions map[string]Position
	// Warnings are what is allowed but seldom meant, in the order of the fields'
	// checks. Empty: nothing to say.
	Warnings []Problem
}

// Spec is the body of a MirrorSet.
type Spec struct {
	// Mirrors is never empty; its order has no meaning.
	Mirrors []Mirror
	// Registries are declared for their transport alone. Unset: none.
	Registries []Registry
	Scope      Scope
	Rewrite    Rewrite
	Constraint Constraint
	Nodes      Nodes
	// Serverless lists the platforms whose annotations are set: alibaba-eci,
	// tencent-eks, huawei-cci, volcengine-vci. Unset: none.
	Serverless []string
}

// A Mirror redirects what lies below one source.
type Mirror struct {
	// Name is a DNS label, unique in the set; derived from Source where unset.
	Name string
	// Source is host[:port][/path]: what is redirected.
	Source string
	// Aliases are further hosts of the same registry. Docker Hub's are built in.
	Aliases []string
	// Mirror is host[:port][/path]: where Source is served.
	Mirror string
	// Fallbacks are further addresses for nodes and probes; admission has one mirror.
	// One at another host than Mirror is reached by https unless Registries declares it.
	Fallbacks []string
	// Only lists the repository prefixes below Source that the mirror holds; unset: all.
	Only []string
	// Except lists the repository prefixes below Source that are left alone; unset: none.
	Except []string
	// Transport is https, https-skip-verify or http; unset reads as https.
	Transport string
	// CAFile is a relative path of a certificate file for nodes; unset: the system's trust.
	CAFile string
	// CA is the certificates of CAFile as PEM, nothing else of the file; nil where
	// CAFile is unset, or where the MirrorSet was not read by ParseFile.
	CA []byte
	// PullSecret is nil where the mirror needs no credentials.
	PullSecret *PullSecret
}

// A PullSecret names the Secret that holds a mirror's credentials.
type PullSecret struct {
	Name, Namespace string
	// ServiceAccounts get the secret instead of each Pod; unset: Pods get it.
	ServiceAccounts []string
	// AllNamespaces allows the clone everywhere, without a namespace selector.
	AllNamespaces bool
}

// A Registry is no mirror, but its transport is declared.
type Registry struct {
	// Host is host[:port], no path.
	Host string
	// Transport is https, https-skip-verify or http; unset reads as https.
	Transport string
	// CAFile and CA are as those of a Mirror.
	CAFile string
	CA     []byte
}

// Scope says which namespaces and Pods are rewritten and judged.
type Scope struct {
	// ExcludeNamespaces are added to SystemNamespaces.
	ExcludeNamespaces []string
	// IncludeSystemNamespaces drops SystemNamespaces from the exclusion.
	IncludeSystemNamespaces bool
	// NamespaceSelector limits the namespaces; nil: all.
	NamespaceSelector *Selector
	// PodSelector limits the Pods that are rewritten; nil: all.
	PodSelector *Selector
}

// SystemNamespaces are left alone unless the scope includes them: a cluster's
// own parts must start while the policy engine is down.
func SystemNamespaces() []string {
	return []string{"gatekeeper-system", "kube-node-lease", "kube-public", "kube-system", "kyverno"}
}

// Rewrite says how the rewriting policy behaves.
type Rewrite struct {
	// FailurePolicy is Ignore or Fail; unset reads as Ignore.
	FailurePolicy string
}

// Constraint says how refusals behave.
type Constraint struct {
	// Enforcement is deny, warn or dryrun; unset reads as deny.
	Enforcement string
	// FailurePolicy is Ignore or Fail; unset reads as Ignore.
	FailurePolicy string
	// HonourPodSelector exempts Pods that scope.podSelector leaves out.
	HonourPodSelector bool
	// AllowRegistries are host[:port][/path]; unset: any registry that no mirror serves.
	AllowRegistries []string
}

// Nodes says how node configuration behaves.
type Nodes struct {
	// OnUnsupported is error or skip; unset reads as error.
	OnUnsupported string
	// FallbackToUpstream says whether a node asks the source's own registry where
	// the mirror and its fallbacks fail. Unset reads as false wherever a runtime
	// can be kept from it; false that was written out is an error where it cannot.
	FallbackToUpstream *bool
}

// A Position is a place in a file; lines and columns count from 1.
type Position struct {
	File         string
	Line, Column int
}

// A Problem is one rule broken in one place.
type Problem struct {
	Position
	// Path is the field, such as spec.mirrors[2].source; empty for the document.
	Path string
	// Message is "value: rule; remedy".
	Message string
}

// Position finds where path was written, or the nearest thing around it that was.
func (m *MirrorSet) Position(path string) Position {
	for {
		if at, ok := m.Positions[path]; ok {
			return at
		}
		cut := -1
		for i := len(path) - 1; i >= 0; i-- {
			if path[i] == '.' || path[i] == '[' {
				cut = i
				break
			}
		}
		if cut < 0 {
			return m.Positions[""]
		}
		path = path[:cut]
	}
}
