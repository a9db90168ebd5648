package target

import (
	"strconv"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// celMessageBytes is how much of a message is used: the API server drops one of
// more than 5,120 bytes (k8s.io/apiserver, MaxEvaluatedMessageExpressionSizeBytes),
// and "; and 499 more" comes behind.
const celMessageBytes = 5_000

// constraint renders the policy that refuses images, or, as enforcement says,
// warns of them or records them.
func (d celDialect) constraint(plan *mirror.Plan) (*artifact.File, error) {
	const rule = "are a source's that a mirror of MirrorSet %s serves, that are no valid reference, or that may not be used."
	switch plan.Enforcement {
	case "warn":
		return d.judgement(plan, "constraint", everything, "Warn", "Warns of images that "+rule)
	case "dryrun":
		return d.judgement(plan, "constraint", everything, "Audit", "Records images that "+rule)
	}
	return d.judgement(plan, "constraint", denials, "Deny", "Refuses images that "+rule)
}

// warnings renders the policy that only warns; nil where nothing can be warned
// about, or where the constraint reports everything itself.
func (d celDialect) warnings(plan *mirror.Plan) (*artifact.File, error) {
	if plan.Enforcement != "deny" || !canWarn(plan) {
		return nil, nil
	}
	about := "Warns of images that a mirror of MirrorSet %s does not hold; refuses nothing."
	if len(plan.PullSecrets) > 0 {
		about = "Warns of images that a mirror of MirrorSet %s does not hold, or whose pull secret a stored Pod lacks; refuses nothing."
	}
	return d.judgement(plan, "warnings", warnings, "Warn", about)
}

func (d celDialect) judgement(plan *mirror.Plan, name string, which findings, action, about string) (*artifact.File, error) {
	data := d.policy(plan, d.validating, name)
	data["Action"] = action
	about = strings.Replace(about, "%s", plan.Name, 1)
	data["About"] = about
	data["Title"] = "Images come from the mirrors of " + plan.Name
	data["Subject"] = "Pod"
	data["Description"] = about
	data["FailurePolicy"] = plan.ConstraintFailurePolicy
	data["Fallback"] = "images are not as MirrorSet " + plan.Name + " wants them"
	var podSelector *spec.Selector
	if plan.HonourPodSelector {
		podSelector = plan.Scope.PodSelector
	}
	scope, err := celPodScope(plan.Scope, podSelector).render(d.kyverno)
	if err != nil {
		return nil, err
	}
	data["Scope"] = scope
	celJudgementData(plan, which, data)
	return d.file(plan, name, "constraint.yaml", data)
}

// celJudgementData adds what is said of images, and of what they need.
func celJudgementData(plan *mirror.Plan, which findings, data map[string]any) {
	lists := celPodLists()
	data["Lists"], data["Stored"] = lists, celStored(lists)
	data["Flood"] = celFlood
	data["References"] = plan.Limits.References
	data["Characters"] = plan.Limits.Characters
	data["Excess"] = which != warnings
	data["MaxLength"] = image.MaxReferenceLength + 1
	data["MarkedGrammar"] = "^s" + strings.TrimPrefix(celGrammar, "^")
	data["QuotedName"] = celQuoted("s[2]")
	data["ShownText"] = celShown("s[1]")
	data["MessageBytes"] = celMessageBytes

	prefixes := plan.Table.Prefixes()
	table := newCelTable("table", celJudgedRows(plan))
	data["Tables"] = table.Parts
	data["ProbeName"] = table.probe("s[5]", depths(prefixes))
	data["ProbeUsed"] = table.probe("s[6]", depths(prefixes))
	data["Row"] = table.at("s[7]")

	judgesImages := which != warnings || canBeNotHeld(plan.Table)
	data["JudgeImages"] = judgesImages
	data["Allowed"] = nil
	var parts []string
	if judgesImages {
		parts = append(parts, "variables.wrong")
		data["Wrong"] = celWrong(plan, which, data)
	}
	data["Secrets"] = nil
	if which != denials && len(plan.PullSecrets) > 0 {
		parts = append(parts, "variables.secretless")
		t, addresses := celSecretTable(plan.PullSecrets)
		data["Secrets"] = map[string]any{
			"Tables": t.Parts, "Probe": t.probe("s[5]", depths(addresses)), "Found": t.at("s[2]"), "ShownText": celShown("s[1]"),
		}
	}
	var limited []mirror.Annotation
	for _, a := range plan.Annotations() {
		if a.Most > 0 && which != warnings {
			limited = append(limited, a)
		}
	}
	data["Keys"] = limited
	all := strings.Join(parts, " + ")
	if data["Excess"] == true {
		all = "(variables.excess ? [" + celExcess(plan.Limits) + "] : " + all + ")"
	}
	if len(limited) > 0 {
		all += " + variables.crowded"
	}
	data["AllFindings"] = all
}

// celExcess is the message for too many images.
func celExcess(limits mirror.Limits) string {
	return "variables.flood ? " + celString("the object has more than "+strconv.Itoa(celFlood)+" containers and volumes; at most "+strconv.Itoa(limits.References)+" image references are allowed") +
		" : 'the object has ' + string(size(variables.slots)) + ' image references of ' + string(variables.characters) + " +
		celString(" characters in all; at most "+strconv.Itoa(limits.References)+" references of "+strconv.Itoa(limits.Characters)+" characters are allowed")
}

// celJudgedRows are the whole table: what replaces a prefix, and the mirror.
func celJudgedRows(plan *mirror.Plan) []celRow {
	prefixes := plan.Table.Prefixes()
	rows := make([]celRow, len(prefixes))
	for i, prefix := range prefixes {
		row := plan.Table[prefix]
		rows[i] = celRow{prefix, celStrings([]string{row.To, judgedName(plan, row, celListed)})}
	}
	return rows
}

// celAllowedTable is what images may come from.
func celAllowedTable(plan *mirror.Plan) celTable {
	var rows []celRow
	for _, prefix := range plan.Allowed() {
		rows = append(rows, celRow{prefix, "true"})
	}
	return newCelTable("allowed", rows)
}

// celWrong is what is wrong with the image s, ” where nothing is, as in
// mirror.Judge; it adds the table of what is allowed to data.
func celWrong(plan *mirror.Plan, which findings, data map[string]any) string {
	allowed := ""
	if len(plan.AllowRegistries) > 0 {
		t := celAllowedTable(plan)
		data["Allowed"] = t.Parts
		allowed = "(" + t.probe("s[5]", depths(plan.Allowed())) + ") != ''"
	}
	const notHeld = "' is not served by mirror ' + s[7]"
	if which == warnings {
		condition := "s[2] != '' && s[6] == '' && s[7] != ''"
		if allowed != "" {
			condition += " && " + allowed
		}
		return condition + " ? " + notHeld + " : ''"
	}
	lines := []string{
		"s[1] == '' ? 'is missing or not a string' : s[2] == '' ? ' is not a valid reference'",
		": s[6] != '' ? (!s[6].contains('/') ? ' cannot be rewritten to mirror ' + s[7] + ': nothing would be left but the host \"' + s[6] + '\"'",
		"  : s[6].matches('^docker[.]io/[^/]*$') ? ' cannot be rewritten to mirror ' + s[7] + ': \"' + s[6] + '\" would be read as \"docker.io/library/' + s[6].substring(10) + '\"'",
		"  : s[6].matches('^[^/]*/.{256}') ? ' cannot be rewritten to mirror ' + s[7] + ': the repository would be longer than 255 characters'",
		"  : ' (' + s[2] + s[3] + s[4] + ') must be \"' + s[6] + s[4] + '\"')",
	}
	switch {
	case which == everything:
		lines = append(lines, ": s[7] != '' ? "+notHeld)
	case allowed != "":
		lines = append(lines, ": s[7] != '' && !("+allowed+") ? "+notHeld)
	}
	if allowed != "" {
		lines = append(lines, ": !("+allowed+") ? ' comes from ' + s[2].substring(0, size(s[2]) - 1) + "+
			celString(", which is not allowed; allowed: "+celListed(plan.Allowed())))
	}
	return strings.Join(append(lines, ": ''"), "\n        ")
}

// celEscapes is what mirror.Quote escapes, behind a text.
const celEscapes = `.replace('\\', '\\\\').replace('"', '\\"').replace('\n', '\\n').replace('\r', '\\r').replace('\t', '\\t')`

// celQuoted is mirror.Quote as an expression over a text.
func celQuoted(text string) string {
	return `'"' + (` + text + `.matches(r'[\\"\n\r\t]') ? ` + text + celEscapes + ` : ` + text + `) + '"'`
}

// celShown is mirror.Show as an expression over a text with an "s" in front. Whether
// there is anything to escape is asked once, as each character that a regular
// expression looks at costs.
func celShown(marked string) string {
	text := marked + ".substring(1)"
	return "(size(" + marked + ") <= 1001 && !" + marked + `.matches(r'[\\"\p{Cc}]') ? '"' + ` + text + ` + '"' : ` +
		"size(" + marked + ") > 1001 || " + marked + `.matches(r'[^\P{Cc}\n\r\t]') ? 'of ' + string(size(` + marked + ") - 1) + ' characters' : " +
		`'"' + ` + text + celEscapes + ` + '"')`
}

// celFlood is how many entries of its lists a request may add at most to be
// looked at one by one: counting more of them would cost more than the API server
// allows an expression, and nothing that is stored has so many.
const celFlood = 10_000
