package admission

import (
	"errors"
	"fmt"
	"slices"

	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
)

// offline refuses what needs a cluster, or a part of Kyverno that this engine
// does not run: to leave it out would be a verdict about another policy.
func offline(policy kyvernov1.PolicyInterface) error {
	spec := policy.GetSpec()
	var problems []error
	if !spec.AdmissionProcessingEnabled() {
		problems = append(problems, errors.New("spec.admission is false: a cluster does not run this policy at admission, and this engine runs no scans"))
	}
	if spec.UseServerSideApply && spec.HasGenerate() {
		problems = append(problems, errors.New("spec.useServerSideApply is true: who owns which field is kept by an API server, and this engine has none; generate rules are run without it"))
	}
	for i := range spec.Rules {
		rule := &spec.Rules[i]
		at := fmt.Sprintf("spec.rules[%d] %q", i, rule.Name)
		unable := func(field string) {
			problems = append(problems, fmt.Errorf("%s: %s rules are not run by this engine; it runs mutate, validate and generate", at, field))
		}
		if rule.HasVerifyImages() {
			unable("verifyImages")
		}
		if rule.HasVerifyManifests() {
			unable("validate.manifests")
		}
		for _, entry := range contextEntries(rule) {
			var source string
			switch {
			case entry.ConfigMap != nil:
				source = "a ConfigMap"
			case entry.APICall != nil:
				source = "an API call"
			case entry.GlobalReference != nil:
				source = "a GlobalContextEntry"
			default:
				continue
			}
			problems = append(problems, fmt.Errorf("%s: context %q is read from %s of the cluster, which an offline engine does not have", at, entry.Name, source))
		}
	}
	return errors.Join(problems...)
}

// contextEntries are all that a rule can look up, its loops included.
func contextEntries(rule *kyvernov1.Rule) []kyvernov1.ContextEntry {
	entries := slices.Clone(rule.Context)
	if rule.Mutation != nil {
		entries = append(entries, mutateEntries(rule.Mutation.ForEachMutation)...)
		for i := range rule.Mutation.Targets {
			entries = append(entries, rule.Mutation.Targets[i].Context...)
		}
	}
	if rule.Generation != nil {
		for i := range rule.Generation.ForEachGeneration {
			entries = append(entries, rule.Generation.ForEachGeneration[i].Context...)
		}
	}
	if rule.Validation != nil {
		entries = append(entries, validateEntries(rule.Validation.ForEachValidation)...)
	}
	return entries
}

func mutateEntries(loops []kyvernov1.ForEachMutation) (entries []kyvernov1.ContextEntry) {
	for i := range loops {
		entries = append(entries, loops[i].Context...)
		entries = append(entries, mutateEntries(loops[i].GetForEachMutation())...)
	}
	return entries
}

func validateEntries(loops []kyvernov1.ForEachValidation) (entries []kyvernov1.ContextEntry) {
	for i := range loops {
		entries = append(entries, loops[i].Context...)
		entries = append(entries, validateEntries(loops[i].GetForEachValidation())...)
	}
	return entries
}
