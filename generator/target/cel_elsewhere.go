package target

import (
	"maps"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/mirror"
)

// mostMirrorHosts is how many hosts of mirrors celElsewhere asks for. Of 10,000
// containers that takes half of what an expression may cost, as hack/cost.sh shows it
// for one host; with more it would also cost what it saves.
const mostMirrorHosts = 4

// elsewhereName is the condition's name. gen-engine-kubernetes knows it: a Pod that
// it spares the policy has been looked at.
const elsewhereName = "an-image-from-elsewhere"

// celElsewhere is an expression: whether an image comes from elsewhere than from the
// mirrors' hosts, so that there may be something to rewrite; "" where that cannot be
// told in short. It spares the policy every Pod that is rewritten already, and that is
// each once: an API server asks again after a change, the policy's own among them.
//
// The table's hosts are told from the text's first component in lower case. A host
// of mirrors that is none of them, as written, is left alone whatever follows it.
func celElsewhere(table mirror.Table, lists []celList) string {
	sources := map[string]bool{}
	for prefix := range table {
		host, _, _ := strings.Cut(prefix, "/")
		sources[host] = true
	}
	hosts := map[string]bool{}
	for _, row := range table {
		if host, _, _ := strings.Cut(row.To, "/"); host != "" && !sources[strings.ToLower(host)] {
			hosts[host+"/"] = true
		}
	}
	if len(hosts) == 0 || len(hosts) > mostMirrorHosts {
		return ""
	}
	var tests []string
	for _, list := range lists {
		var there []string
		for _, host := range slices.Sorted(maps.Keys(hosts)) {
			there = append(there, "string("+list.Image+").startsWith("+celString(host)+")")
		}
		item := list.Present
		if list.CreateOnly {
			item = list.Filter + " && " + item
		}
		tests = append(tests, "("+celItems(list.Object)+").exists(c,\n  "+item+" && !("+strings.Join(there, " || ")+"))")
	}
	return strings.Join(tests, "\n|| ")
}
