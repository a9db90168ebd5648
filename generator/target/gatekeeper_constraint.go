package target

import (
	"path"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// A gatekeeperConstraint is one use of the template. Gatekeeper decides by
// constraint whether it denies or warns, and whether it sees Pods as submitted
// or as workloads would make them; so a plan needs up to four.
type gatekeeperConstraint struct {
	name string
	// source is Original or Generated.
	source string
	// findings is denials, warnings or all.
	findings string
	// action is the enforcementAction.
	action  string
	comment []string
}

// gatekeeperConstraints lists what a plan needs. Where nothing denies, one
// constraint reports everything, in the order of the images.
func gatekeeperConstraints(plan *mirror.Plan) []gatekeeperConstraint {
	findings := "all"
	if plan.Enforcement == "deny" {
		findings = "denials"
	}
	constraints := []gatekeeperConstraint{
		{plan.Name, "Original", findings, plan.Enforcement, []string{
			"Judges Pods as they are after mutation: an image that a mirror serves has to be rewritten by now."}},
		{plan.Name + "-templates", "Generated", findings, plan.Enforcement, []string{
			"Judges the Pods that workloads would make, by what their images will be rewritten to."}},
	}
	if plan.Enforcement == "deny" && canWarn(plan) {
		comment := "Warns of images whose registry has a mirror that does not hold them."
		if len(plan.PullSecrets) > 0 {
			comment = "Warns of images whose registry has a mirror that does not hold them, or whose pull secret a stored Pod lacks."
		}
		constraints = append(constraints, gatekeeperConstraint{plan.Name + "-warnings", "Original", "warnings", "warn", []string{comment}})
	}
	if plan.Enforcement == "deny" && canBeNotHeld(plan.Table) {
		constraints = append(constraints,
			gatekeeperConstraint{plan.Name + "-template-warnings", "Generated", "warnings", "warn", []string{
				"Warns of the same in the Pods that workloads would make."}},
		)
	}
	return constraints
}

func (c gatekeeperConstraint) render(plan *mirror.Plan) (artifact.File, error) {
	parameters, err := block(plan)
	if err != nil {
		return artifact.File{}, err
	}
	namespaces, err := gatekeeperNamespaces(plan.Scope)
	if err != nil {
		return artifact.File{}, err
	}
	text, err := render("gatekeeper/constraint.yaml", map[string]any{
		"Header":     header(plan),
		"Comment":    c.comment,
		"Name":       c.name,
		"Set":        plan.Name,
		"Action":     c.action,
		"Source":     c.source,
		"Findings":   c.findings,
		"Namespaces": namespaces,
		"Plan":       parameters,
	})
	if err != nil {
		return artifact.File{}, err
	}
	return artifact.File{Path: path.Join("gatekeeper/constraints", c.name+".yaml"), Data: text}, nil
}

// gatekeeperNamespaces is the part of a match that says which namespaces are
// concerned; empty: all.
func gatekeeperNamespaces(scope mirror.Scope) (string, error) {
	if len(scope.ExcludeNamespaces) == 0 && scope.NamespaceSelector == nil {
		return "", nil
	}
	return block(struct {
		ExcludedNamespaces []string       `json:"excludedNamespaces,omitempty"`
		NamespaceSelector  *spec.Selector `json:"namespaceSelector,omitempty"`
	}{scope.ExcludeNamespaces, scope.NamespaceSelector})
}
