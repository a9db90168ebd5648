package diagnosis

import (
	"fmt"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// A Change is what to write in a MirrorSet, or, where YAML is empty, what the
// place named has to do with the failure although no field mends it.
type Change struct {
	// File and Line are where Path stands, or the nearest thing around it that
	// is written; Line is 0 where no file is known.
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"`
	// Path is the field, such as spec.mirrors[0].transport; one more than the
	// last index of a list is an entry to be added.
	Path string `json:"path"`
	// YAML is the field with its new value, or the entry to be added.
	YAML string `json:"yaml,omitempty"`
	// Why says what the change does, and what it costs.
	Why string `json:"why"`
}

// Advise says what of the MirrorSets mends a failure. plans are those of the
// sets, in any order. namespace is that of the Pod; empty: not known. No change
// is returned where the finding has no cause, or names neither host nor image.
func Advise(f Finding, namespace string, sets []*spec.MirrorSet, plans []*mirror.Plan, language Language) []Change {
	host := safeHost(f.Host)
	if f.Cause == NotAPullFailure || f.Cause == causeGeneric || len(sets) == 0 {
		return nil
	}
	a := adviser{finding: f, namespace: namespace, host: image.LowerASCII(host), sets: sets, plans: map[string]*mirror.Plan{}, language: language}
	for _, plan := range plans {
		a.plans[plan.Name] = plan
	}
	if parsed, err := image.Parse(f.Image); err == nil {
		a.ref, a.hasRef = parsed, true
		if a.host == "" {
			a.host = image.LowerASCII(parsed.Registry)
		}
	}
	if a.host == "" {
		return nil
	}
	if found := a.mirrors(); len(found) > 0 {
		a.atMirrors(found)
		return a.changes
	}
	if a.atRegistry() || a.atSource() {
		return a.changes
	}
	a.atUnknown()
	return a.changes
}

// An adviser gathers the changes for one finding.
type adviser struct {
	finding   Finding
	namespace string
	// host is the finding's, in lower case; never empty.
	host     string
	ref      image.Reference
	hasRef   bool
	sets     []*spec.MirrorSet
	plans    map[string]*mirror.Plan
	language Language
	changes  []Change
}

// A mirrorAt is one mirror that is served at the finding's host.
type mirrorAt struct {
	set  *spec.MirrorSet
	at   int
	path string
	// fallback is the address that matched where it is not the mirror itself.
	fallback string
}

func (m mirrorAt) mirror() spec.Mirror { return m.set.Spec.Mirrors[m.at] }

// mirrors finds the mirrors at the host. Where the image says which of several
// is meant, it alone comes first.
func (a *adviser) mirrors() []mirrorAt {
	var found []mirrorAt
	for _, set := range a.sets {
		for i, m := range set.Spec.Mirrors {
			entry := mirrorAt{set: set, at: i, path: fmt.Sprintf("spec.mirrors[%d]", i)}
			switch {
			case sameHost(hostOfAddress(m.Mirror), a.host):
			case addressAt(m.Fallbacks, a.host) != "":
				entry.fallback = addressAt(m.Fallbacks, a.host)
			default:
				continue
			}
			if a.below(entry) != "" {
				found = append([]mirrorAt{entry}, found...)
				continue
			}
			found = append(found, entry)
		}
	}
	return found
}

// below is the image's path below the mirror, or below its source where a node
// redirects; empty where the image is not that mirror's, or not known.
func (a *adviser) below(m mirrorAt) string {
	if !a.hasRef {
		return ""
	}
	name := a.ref.Name()
	for _, prefix := range []string{image.LowerASCII(m.mirror().Mirror), m.fallback, canonical(m.mirror().Source)} {
		if prefix != "" && name != prefix && mirror.Below(name, prefix) {
			return name[len(prefix)+1:]
		}
	}
	return ""
}

// canonical is a source with Docker Hub under its one name.
func canonical(source string) string {
	host, path, hasPath := strings.Cut(source, "/")
	if image.IsDockerHub(host) {
		host = image.DockerHub
	}
	if !hasPath {
		return host
	}
	return host + "/" + path
}

// add appends a change at a field of a set.
func (a *adviser) add(set *spec.MirrorSet, path, yaml string, why Text) {
	at := set.Position(path)
	a.changes = append(a.changes, Change{File: at.File, Line: at.Line, Path: path, YAML: yaml, Why: why.In(a.language)})
}

// serverless asks for the platforms whose annotations carry a transport, where
// a set names none.
func (a *adviser) serverless(set *spec.MirrorSet) {
	if len(set.Spec.Serverless) > 0 {
		return
	}
	a.add(set, "spec.serverless", "serverless: [alibaba-eci, tencent-eks, huawei-cci]", Text{
		En: "Only where Pods run on serverless platforms: name those in use, and gen policies sets their annotations when Pods are created.",
		Zh: "仅当 Pod 运行在 Serverless 平台时需要：只写实际使用的平台，gen policies 会在创建 Pod 时添加相应注解。",
	})
}

func addressAt(addresses []string, host string) string {
	for _, address := range addresses {
		if sameHost(hostOfAddress(address), host) {
			return address
		}
	}
	return ""
}

func hostOfAddress(address string) string {
	host, _, _ := strings.Cut(address, "/")
	return host
}

// sameHost compares hosts; no port is the port of HTTPS.
func sameHost(a, b string) bool {
	a, b = image.LowerASCII(a), image.LowerASCII(b)
	return strings.TrimSuffix(a, ":443") == strings.TrimSuffix(b, ":443")
}

// quoted is a value as YAML takes it in a flow mapping.
func quoted(value string) string {
	if strings.ContainsAny(value, ":[]{}, ") || value == "" || '0' <= value[0] && value[0] <= '9' {
		return `"` + value + `"`
	}
	return value
}

// flow is a list in flow style.
func flow(values []string) string {
	list := make([]string, len(values))
	for i, value := range values {
		list[i] = quoted(value)
	}
	return "[" + strings.Join(list, ", ") + "]"
}
