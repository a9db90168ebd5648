package target

import (
	"maps"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/mirror"
)

// needsRules are the rules of a judgement about what images need beside being
// rewritten; "" where there are none. scope takes the operations.
func needsRules(plan *mirror.Plan, j judgement, scope func(operations string) (string, error)) (string, error) {
	var rules strings.Builder
	add := func(text string, err error) error {
		rules.WriteString(text)
		return err
	}
	if j.findings != denials {
		if err := add(secretsRule(plan, j, scope)); err != nil {
			return "", err
		}
	}
	if j.findings != warnings {
		if err := add(annotationsRule(plan, j, scope)); err != nil {
			return "", err
		}
	}
	return rules.String(), nil
}

// annotationsRule counts the registries that annotations list; "" where no
// platform of the set's limits them.
func annotationsRule(plan *mirror.Plan, j judgement, scope func(string) (string, error)) (string, error) {
	var limited []mirror.Annotation
	for _, a := range plan.Annotations() {
		if a.Most > 0 {
			limited = append(limited, a)
		}
	}
	if len(limited) == 0 {
		return "", nil
	}
	where, err := scope("CREATE")
	if err != nil {
		return "", err
	}
	text, err := render("kyverno/annotations.yaml", map[string]any{"Scope": where, "FailureAction": j.failureAction, "Between": j.between(), "Keys": limited})
	return string(text), err
}

// secretsRule warns of images on a stored Pod whose pull secret it does not
// name; "" where no mirror has one.
func secretsRule(plan *mirror.Plan, j judgement, scope func(string) (string, error)) (string, error) {
	if len(plan.PullSecrets) == 0 {
		return "", nil
	}
	where, err := scope("UPDATE")
	if err != nil {
		return "", err
	}
	lookup, err := secretLookup(plan.PullSecrets)
	if err != nil {
		return "", err
	}
	clones := slices.Compact(slices.Sorted(maps.Values(plan.PullSecrets)))
	for i, clone := range clones {
		if clones[i], err = jmesString(clone); err != nil {
			return "", err
		}
	}
	text, err := render("kyverno/secrets.yaml", map[string]any{
		"Scope":       where,
		"Between":     j.between(),
		"References":  plan.Limits.References,
		"Characters":  plan.Limits.Characters,
		"MaxLength":   longestReference(maps.Keys(plan.PullSecrets)),
		"Grammar":     kyvernoGrammar,
		"Hub":         kyvernoHub,
		"Lookup":      lookup,
		"Clones":      clones,
		"QuotedName":  quotedInMessage("k[3]"),
		"QuotedImage": quotedInMessage("k[4]"),
	})
	return string(text), err
}
