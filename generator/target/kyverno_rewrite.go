package target

import (
	"iter"
	"maps"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
)

// kyvernoRewrite renders the policy that rewrites images.
func kyvernoRewrite(plan *mirror.Plan) (*artifact.File, error) {
	data, err := rewriteData(plan)
	if err != nil {
		return nil, err
	}
	scope, err := kyvernoScope(plan.Scope, plan.Scope.PodSelector)
	if err != nil {
		return nil, err
	}
	equipped := ""
	equipment, err := podEquipment(plan)
	if err != nil {
		return nil, err
	}
	if equipment != nil {
		if equipped, err = equipment.render(plan); err != nil {
			return nil, err
		}
	}
	for key, value := range map[string]any{
		"Name":  plan.Name + "-rewrite",
		"Title": "Rewrite images to the mirrors of " + plan.Name,
		"Scope": scope,
		"Paths": "[].join('/',['/spec',l,to_string(i),f||'image'])",
		"Equip": equipped,
	} {
		data[key] = value
	}
	return kyvernoFile(plan, "rewrite", "rewrite.yaml", data)
}

// rewriteData is what the templates that rewrite images share: all but the
// policy's name and title, the objects it is about, and the places of their images.
func rewriteData(plan *mirror.Plan) (map[string]any, error) {
	table := plan.Table.Rewriting()
	rows := make([]jmesRow, 0, len(table))
	for _, prefix := range table.Prefixes() {
		rows = append(rows, jmesRow{key: prefix, values: []string{table[prefix].To}})
	}
	text, err := jmesTable(rows)
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"Header":        kyvernoHeader(plan),
		"Set":           plan.Name,
		"FailurePolicy": plan.RewriteFailurePolicy,
		"References":    plan.Limits.References,
		"Characters":    plan.Limits.Characters,
		"MaxLength":     longestReference(maps.Keys(table)),
		"Grammar":       kyvernoGrammar,
		"Hub":           kyvernoHub,
		"Probes":        jmesProbes(table.Depth()),
		"Table":         text,
	}, nil
}

// longestReference is the length of the longest reference that lies at one of
// these prefixes. A longer text is not even looked at, so that a hostile one
// costs nothing.
func longestReference(prefixes ...iter.Seq[string]) int {
	host := len("registry-1." + image.DockerHub)
	for _, several := range prefixes {
		for prefix := range several {
			name, _, _ := strings.Cut(prefix, "/")
			host = max(host, len(name))
		}
	}
	return host + len("/") + image.MaxPathLength + len(":") + image.MaxTagLength + len("@sha512:") + 128
}
