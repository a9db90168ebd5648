package target

import (
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// A judgement is one validating policy: which findings it reports, and how.
type judgement struct {
	// kind is what the policy's name and file end in, rule its one rule's name.
	kind, rule, title string
	// about is the comment in front, %s for the set's name; text the annotation.
	about, text string
	findings    findings
	// failureAction is Enforce or Audit.
	failureAction string
	// emitWarning shows the findings of an Audit to the user.
	emitWarning bool
}

// between is the JMESPath text that stands between two findings. An API server
// drops a warning that holds a line break (apimachinery, NewWarningHeader), without
// a word; in a denial and in a report one finding a line reads best.
func (j judgement) between() string {
	if j.emitWarning {
		return "'; '"
	}
	return "`\"\\n\"`"
}

// kyvernoConstraint renders the policy that refuses images, or, as enforcement
// says, warns of them or records them.
func kyvernoConstraint(plan *mirror.Plan) (*artifact.File, error) {
	j := judgement{
		kind:          "constraint",
		rule:          "judge-images",
		title:         "Images come from the mirrors of " + plan.Name,
		about:         "# Refuses Pods whose images come from a source that a mirror of MirrorSet %s serves.",
		text:          "Refuses images that a registry mirror serves, that are no valid reference, or that come from a registry that is not allowed.",
		findings:      denials,
		failureAction: "Enforce",
	}
	switch plan.Enforcement {
	case "warn":
		j.about = "# Warns of Pods whose images come from a source that a mirror of MirrorSet %s serves."
		j.text = "Warns of images that a registry mirror serves or does not hold, that are no valid reference, or that come from a registry that is not allowed."
		j.findings, j.failureAction, j.emitWarning = everything, "Audit", true
	case "dryrun":
		j.about = "# Records Pods whose images come from a source that a mirror of MirrorSet %s serves."
		j.text = "Reports images that a registry mirror serves or does not hold, that are no valid reference, or that come from a registry that is not allowed; refuses nothing."
		j.findings, j.failureAction = everything, "Audit"
	}
	return kyvernoJudgement(plan, j)
}

// kyvernoWarnings renders the policy that only warns. There is none where
// nothing can be warned about (every mirror holds everything and needs no pull
// secret), or where the constraint reports everything itself (warn, dryrun).
func kyvernoWarnings(plan *mirror.Plan) (*artifact.File, error) {
	if plan.Enforcement != "deny" || !canWarn(plan) {
		return nil, nil
	}
	j := judgement{
		kind:          "warnings",
		rule:          "warn-of-images",
		title:         "Images that the mirrors of " + plan.Name + " do not hold",
		about:         "# Warns of images that a source serves and its mirror in MirrorSet %s does not hold.",
		text:          "Warns of images that come from a mirrored registry but are not held by its mirror; refuses nothing.",
		findings:      warnings,
		failureAction: "Audit",
		emitWarning:   true,
	}
	if len(plan.PullSecrets) > 0 {
		j.title = "Images that the mirrors of " + plan.Name + " may not give out"
		j.about = "# Warns of images that a mirror of MirrorSet %s does not hold, or whose pull secret a stored Pod lacks."
		j.text = "Warns of images that their registry's mirror does not hold, or that need a pull secret which a stored Pod cannot get; refuses nothing."
	}
	return kyvernoJudgement(plan, j)
}

// canWarn reports whether there can be a warning: of an image that its source's
// mirror does not hold, or of a pull secret that a stored Pod lacks.
func canWarn(plan *mirror.Plan) bool {
	return len(plan.PullSecrets) > 0 || canBeNotHeld(plan.Table)
}

// canBeNotHeld reports whether an image can be one that its source's mirror does
// not hold.
func canBeNotHeld(table mirror.Table) bool {
	for _, row := range table {
		if row.To == "" && row.Mirror != "" {
			return true
		}
	}
	return false
}

func kyvernoJudgement(plan *mirror.Plan, j judgement) (*artifact.File, error) {
	set, err := quote(plan.Name)
	if err != nil {
		return nil, err
	}
	table, err := judgedTable(plan)
	if err != nil {
		return nil, err
	}
	findings, err := findingsExpression(plan, j.findings)
	if err != nil {
		return nil, err
	}
	var podSelector *spec.Selector
	if plan.HonourPodSelector {
		podSelector = plan.Scope.PodSelector
	}
	scope, err := kyvernoScope(plan.Scope, podSelector)
	if err != nil {
		return nil, err
	}
	further, err := needsRules(plan, j, func(operations string) (string, error) {
		return kyvernoScopeOn(plan.Scope, podSelector, operations)
	})
	if err != nil {
		return nil, err
	}
	return kyvernoFile(plan, j.kind, "constraint.yaml", map[string]any{
		"Header":        kyvernoHeader(plan),
		"About":         strings.Replace(j.about, "%s", set, 1),
		"Set":           plan.Name,
		"Name":          plan.Name + "-" + j.kind,
		"Rule":          j.rule,
		"Title":         j.title,
		"Description":   j.text,
		"FailurePolicy": plan.ConstraintFailurePolicy,
		"FailureAction": j.failureAction,
		"EmitWarning":   j.emitWarning,
		"Between":       j.between(),
		"Scope":         scope,
		"Judge":         j.findings != warnings || canBeNotHeld(plan.Table),
		"Further":       further,
		"Excess":        j.findings != warnings,
		"References":    plan.Limits.References,
		"Characters":    plan.Limits.Characters,
		"MaxLength":     image.MaxReferenceLength,
		"Grammar":       kyvernoGrammar,
		"Hub":           kyvernoHub,
		"Probes":        jmesProbes(plan.Table.Depth()),
		"Table":         table,
		"Findings":      findings,
		"QuotedName":    quotedInMessage("k[3]"),
		"QuotedImage":   quotedInMessage("k[4]"),
	})
}

// judgedTable is the whole table: prefix to the mirror's prefix (empty: not
// rewritten) and the mirror's name. Where "only" shuts an image out, what the
// mirror holds is said behind the name, as the message says it; "except" has
// neither.
func judgedTable(plan *mirror.Plan) (string, error) {
	rows := make([]jmesRow, 0, len(plan.Table))
	for _, prefix := range plan.Table.Prefixes() {
		row := plan.Table[prefix]
		rows = append(rows, jmesRow{key: prefix, values: []string{row.To, judgedName(plan, row, whole)}, list: true})
	}
	return jmesTable(rows)
}

// judgedName is a row's mirror as messages name it; listed joins what it holds.
func judgedName(plan *mirror.Plan, row mirror.Row, listed func([]string) string) string {
	if row.To == "" && row.Mirror != "" {
		return row.Mirror + " (it holds " + listed(plan.Mirrors[row.Mirror].Only) + ")"
	}
	return row.Mirror
}

// whole joins a list for a message.
func whole(items []string) string { return strings.Join(items, ", ") }
