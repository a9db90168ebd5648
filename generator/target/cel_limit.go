package target

import (
	"strconv"
	"strings"

	"mirrorgen.dev/gen/generator/mirror"
)

// maxObject is how large a policy may be in bytes: etcd takes 1.5 MiB a request,
// and the API server stores more than what is written.
const maxObject = 1_200_000

// maxProbes is how often a policy may look for an image's prefix in a table's
// parts. A probe of the dearest Pod that is judged (500 images of 40,000
// characters) takes up to 2.8 percent of what an expression may cost, and what
// stands around it takes half: engines/kubernetes/cost says 95 percent at 16.
// Past all of it failurePolicy Ignore would let that Pod by.
const maxProbes = 16

// maxAllowedProbes is the same of the table of what is allowed, which is asked
// twice.
const maxAllowedProbes = 12

// probes is how often a look-up of an image asks a part of the table: at each depth
// each, and twice more for the value of what it finds.
func (t celTable) probes(depths []int) int {
	return len(t.Parts)*len(depths) + 2*(len(t.Parts)-1)
}

// affordable is an error where a Pod could ask more of the policies of a plan than
// an engine lets them answer.
func (d celDialect) affordable(plan *mirror.Plan) error {
	rewriting := plan.Table.Rewriting()
	secrets, addresses := celSecretTable(plan.PullSecrets)
	for _, table := range []struct {
		of       string
		table    celTable
		prefixes []string
		most     int
	}{
		{"sources, with only and except,", celRewriteTable(rewriting), rewriting.Prefixes(), maxProbes},
		{"sources, with only and except,", newCelTable("table", celJudgedRows(plan)), plan.Table.Prefixes(), maxProbes},
		{"allowed registries, mirrors among them,", celAllowedTable(plan), plan.Allowed(), maxAllowedProbes},
		{"addresses with a pull secret", secrets, addresses, maxProbes},
	} {
		at := depths(table.prefixes)
		if asked := table.table.probes(at); asked > table.most {
			return d.tooMuch(plan, "its %d %s have %d different numbers of path components and fill %d tables: that takes %d look-ups of an image, and more than %d would cost more than an API server and Kyverno allow",
				len(table.prefixes), table.of, len(at), len(table.table.Parts), asked, table.most)
		}
	}
	return nil
}

// maxListed is how long a list that is part of each image's message may be in
// bytes: one of 8,000 takes a Pod of 500 images past what an expression may cost,
// so that failurePolicy Ignore would let it by; a message shows 5,000 at most.
const maxListed = 2_000

// celListed joins a list for a message: as many as fit, and how many more there are.
func celListed(items []string) string {
	size := 0
	for i, item := range items {
		if size += len(item) + len(", "); size > maxListed && i > 0 {
			return strings.Join(items[:i], ", ") + " and " + strconv.Itoa(len(items)-i) + " more"
		}
	}
	return strings.Join(items, ", ")
}
