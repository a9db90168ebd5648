package target

import (
	"iter"
	"maps"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
)

// rewrite renders the policy that rewrites Pods, and adds what their images need.
func (d celDialect) rewrite(plan *mirror.Plan) (*artifact.File, error) {
	data := d.policy(plan, d.mutating, "rewrite")
	data["About"] = "Rewrites the images of Pods to the mirrors of MirrorSet " + plan.Name + ". One JSON Patch for the whole Pod:\n" +
		"# no image ever becomes part of an expression, and places are told by index."
	data["Title"] = "Rewrite images to the mirrors of " + plan.Name
	data["Subject"] = "Pod"
	data["Description"] = "Rewrites the images of new Pods, and changed images of running Pods, to the registry mirrors\n      that hold them. An image that no mirror holds, or that is no valid reference, is left alone."
	lists := celPodLists()
	celRewriteData(plan, lists, data)
	if err := celPodNeeds(plan).render(plan, data); err != nil {
		return nil, err
	}
	scope := celPodScope(plan.Scope, plan.Scope.PodSelector)
	// What a Pod needs beside its images it may lack wherever they come from. Kyverno is
	// called once a Pod: there the question would be one more, and nothing spared.
	if elsewhere := celElsewhere(plan.Table.Rewriting(), lists); elsewhere != "" && data["Needs"] == nil && !d.kyverno {
		scope.conditions = append(scope.conditions, celVariable{elsewhereName, elsewhere})
	}
	var err error
	if data["Scope"], err = scope.render(d.kyverno); err != nil {
		return nil, err
	}
	return d.file(plan, "rewrite", "rewrite.yaml", data)
}

// celRewriteData adds what is said of images and the table.
func celRewriteData(plan *mirror.Plan, lists []celList, data map[string]any) {
	table := plan.Table.Rewriting()
	t := celRewriteTable(table)
	data["FailurePolicy"] = plan.RewriteFailurePolicy
	data["Tables"] = t.Parts
	hosts := celHosts(maps.Keys(table), maps.Keys(plan.Transports), maps.Keys(plan.PullSecrets))
	data["Hosts"] = hosts.Parts
	data["HostKnown"] = hosts.holds("s[2]")
	data["Host"] = hosts.at("s[2]")
	data["Route"] = t.route("s[2]", "s[3]", depths(table.Prefixes()))
	data["Writable"] = celWritable(table)
	data["Spec"] = false
	data["Lists"] = lists
	data["Stored"] = celStored(lists)
	data["References"] = plan.Limits.References
	data["Characters"] = plan.Limits.Characters
	data["MaxLength"] = longestReference(maps.Keys(table), maps.Keys(plan.Transports), maps.Keys(plan.PullSecrets))
	data["Grammar"] = celGrammar
}

// celHosts maps the hosts of prefixes, with their slash, to themselves, and where
// Docker Hub is one of them its other spellings and no host at all to it. An image
// of another host is looked at no further.
func celHosts(prefixes ...iter.Seq[string]) celTable {
	hosts := map[string]string{}
	for _, several := range prefixes {
		for prefix := range several {
			host, _, _ := strings.Cut(prefix, "/")
			hosts[host+"/"] = host + "/"
		}
	}
	if hub := image.DockerHub + "/"; hosts[hub] != "" {
		for _, spelling := range []string{"", "index." + hub, "registry-1." + hub} {
			hosts[spelling] = hub
		}
	}
	var rows []celRow
	for _, host := range slices.Sorted(maps.Keys(hosts)) {
		rows = append(rows, celRow{host, celString(hosts[host])})
	}
	return newCelTable("hosts", rows)
}

// celRewriteTable is what replaces the prefixes of a table that rewrites.
func celRewriteTable(table mirror.Table) celTable {
	var rows []celRow
	for _, prefix := range table.Prefixes() {
		rows = append(rows, celRewriteRow(prefix, table[prefix].To))
	}
	return newCelTable("table", rows)
}

// celRewriteRow is what replaces a prefix. A host stands with its slash on both
// sides, so that its images need no look at their names.
func celRewriteRow(prefix, to string) celRow {
	if !strings.Contains(prefix, "/") {
		return celRow{prefix + "/", celString(to + "/")}
	}
	return celRow{prefix, celString(to)}
}

// celWritable is an expression: whether the image s, whose name would be s[2],
// can be written so that it reads back as itself. Only what the table's rows can
// lead to is asked for.
func celWritable(table mirror.Table) string {
	checks := []string{"(size(s[2]) <= 255 || !s[2].matches('^[^/]*/.{256}'))"}
	bare, hub := false, false
	for prefix, row := range table {
		bare = bare || row.To != "" && !strings.Contains(row.To, "/") && strings.Contains(prefix, "/")
		hub = hub || strings.HasPrefix(row.To, image.DockerHub+"/")
	}
	if bare {
		checks = append(checks, "s[2].contains('/')")
	}
	if hub {
		checks = append(checks, "!s[2].matches('^docker[.]io/[^/]*$')")
	}
	return strings.Join(checks, " && ")
}

// celGrammar is the grammar of package image as one regular expression over one
// reference. The lengths of path, tag and digest, and 64 digits alone, are left
// to the expression around it: counted repeats make it slow.
const celGrammar = `^(?:(?:` + grammarName + `|` + grammarIPv6 + `)/)?` + grammarPath + grammarTag + grammarDigest + `$`
