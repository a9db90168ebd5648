package spec

import (
	"sort"
	"strings"

	"mirrorgen.dev/gen/generator/image"
)

// MostCCIEntries is how many registries an annotation of Huawei Cloud CCI 2.0
// takes (cci_01_0117).
const MostCCIEntries = 10

// transports refuses a host that would be reached in two ways, Docker Hub in any
// but its own, and what a serverless platform cannot be told.
func (v *validator) transports() {
	set := v.set
	first := map[string]declared{}
	declare := func(address, transport, path string) {
		host, _, _ := strings.Cut(address, "/")
		if host == "" {
			return
		}
		if transport == "" {
			transport = "https"
		}
		if transport != "https" && image.IsDockerHub(host) {
			v.problem(path, "%s: Docker Hub is served by https alone, with a certificate that every system trusts; remove the line, and name the CA of a proxy in between in caFile",
				show(transport))
			return
		}
		before, taken := first[host]
		if !taken {
			first[host] = declared{transport, path}
			return
		}
		if before.transport != transport {
			v.problem(path, "%s is reached by %s here and by %s in %s; a registry has one transport: write the same in both",
				show(host), transport, before.transport, before.path)
		}
	}
	for i, m := range set.Spec.Mirrors {
		declare(m.Mirror, m.Transport, index("spec.mirrors", i)+".transport")
	}
	for i, r := range set.Spec.Registries {
		declare(r.Host, r.Transport, index("spec.registries", i)+".transport")
	}
	for _, platform := range set.Spec.Serverless {
		switch platform {
		case "huawei-cci":
			for _, transport := range []string{"http", "https-skip-verify"} {
				if n := count(first, transport); n > MostCCIEntries {
					v.problem("spec.serverless", "huawei-cci takes at most %d registries of one kind, and %d are declared with transport %s; drop some, or give them certificates", MostCCIEntries, n, transport)
				}
			}
		case "volcengine-vci":
			plain := hosts(first, "http")
			sort.SliceStable(plain, func(i, j int) bool {
				a, b := v.set.Position(first[plain[i]].path), v.set.Position(first[plain[j]].path)
				return a.Line < b.Line || a.Line == b.Line && a.Column < b.Column
			})
			for _, host := range plain {
				v.warn(first[host].path, "%s: volcengine-vci has no annotation for plain http, so that its Pods cannot pull from there; serve it by https", show(host))
			}
		}
	}
}

// A declared transport is where a host's transport was written first.
type declared struct{ transport, path string }

func count(of map[string]declared, transport string) int { return len(hosts(of, transport)) }

// hosts are those of a transport, sorted.
func hosts(of map[string]declared, transport string) []string {
	var names []string
	for host, d := range of {
		if d.transport == transport {
			names = append(names, host)
		}
	}
	sort.Strings(names)
	return names
}
