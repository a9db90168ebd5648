package admission

import (
	"context"
	"slices"
	"strings"

	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	matching "github.com/kyverno/kyverno/pkg/engine/utils"
	engineutils "github.com/kyverno/kyverno/pkg/utils/engine"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// validate calls the validating registrations. The API server calls them all at
// once and none changes anything, so one context serves all.
func (s *Session) validate(ctx context.Context, r *request, object unstructured.Unstructured, findings *findings) (bool, error) {
	if !s.judges {
		return true, nil
	}
	on, err := s.context(r, object)
	if err != nil {
		return false, err
	}
	allowed := true
	for _, policies := range s.webhooks {
		if !s.validateWebhook(ctx, r, on, policies, findings) {
			allowed = false
		}
	}
	return allowed, nil
}

// A judged policy is one that has run.
type judged struct {
	*policy
	*variant
	response engineapi.EngineResponse
}

// validateWebhook is pkg/webhooks/resource/validation. It differs in one thing: a
// registration that denies does not tell its warnings in a cluster, nor is the audit
// made; here both are reported, as they say something about the object.
func (s *Session) validateWebhook(ctx context.Context, r *request, on *evaluation, policies []*policy, findings *findings) bool {
	var enforced []judged
	blocked := false
	run := func(p *policy, v *variant) judged {
		response := s.engine.kyverno.Validate(ctx, on.of(v.policy))
		j := judged{p, v, response}
		s.scope(r, on, j, findings)
		return j
	}
	for _, p := range policies {
		enforce, audit := p.variants(r.namespace, r.selectable())
		if enforce != nil {
			j := run(p, enforce)
			enforced = append(enforced, j)
			blocked = blocked || engineutils.BlockRequest(j.response, p.webhook.failurePolicy())
		}
		if audit != nil {
			j := run(p, audit)
			for i := range j.response.PolicyResponse.Rules {
				rule := &j.response.PolicyResponse.Rules[i]
				switch {
				case rule.HasStatus(engineapi.RuleStatusError):
					findings.failed(p, rule.Name(), rule.Message())
				case !rule.HasStatus(engineapi.RuleStatusFail, engineapi.RuleStatusWarn):
				case p.warns:
					findings.warnings = append(findings.warnings, j.words(rule)...)
				default:
					findings.recorded = append(findings.recorded, j.words(rule)...)
				}
			}
		}
	}
	for _, j := range enforced {
		for _, rule := range byName(j.response.PolicyResponse.Rules) {
			isError := rule.HasStatus(engineapi.RuleStatusError)
			if isError {
				findings.failed(j.policy, rule.Name(), rule.Message())
			}
			switch {
			case rule.HasStatus(engineapi.RuleStatusPass, engineapi.RuleStatusSkip):
			case blocked:
				findings.messages = append(findings.messages, j.words(rule)...)
			case !isError && rule.EmitWarning():
				findings.warnings = append(findings.warnings, j.words(rule)...)
			}
		}
	}
	return !blocked
}

// byName is the order in which a denial lists rules: the webhook writes them as a
// YAML map.
func byName(rules []engineapi.RuleResponse) []*engineapi.RuleResponse {
	var all []*engineapi.RuleResponse
	for i := range rules {
		all = append(all, &rules[i])
	}
	slices.SortStableFunc(all, func(a, b *engineapi.RuleResponse) int { return strings.Compare(a.Name(), b.Name()) })
	return all
}

// scope notes which rules covered the object. Every rule with a result did, be it
// skip. A loop over an empty list and a pattern on DELETE give no result at all,
// so Kyverno's matcher is asked about the others.
func (s *Session) scope(r *request, on *evaluation, j judged, findings *findings) {
	results := j.response.PolicyResponse.Rules
	named := func(name string) bool {
		return slices.ContainsFunc(results, func(rule engineapi.RuleResponse) bool { return rule.Name() == name })
	}
	for i := range results {
		findings.ran(j.policy, results[i].Name(), results[i].HasStatus(engineapi.RuleStatusFail, engineapi.RuleStatusError, engineapi.RuleStatusWarn))
	}
	if len(results) == 0 && j.webhook.fine {
		// The matchConditions may have shut the request out, which only the engine knows.
		return
	}
	for _, rule := range j.rules {
		if rule.HasValidate() && !named(rule.Name) && r.covers(on, j.source, rule) {
			findings.ran(j.policy, rule.Name, false)
		}
	}
}

// covers is engine.matches, which Kyverno does not export.
func (r *request) covers(on *evaluation, policy kyvernov1.PolicyInterface, rule kyvernov1.Rule) bool {
	resource := on.NewResource()
	if resource.Object == nil {
		resource = on.OldResource()
	}
	namespace := ""
	if policy.IsNamespaced() {
		namespace = policy.GetNamespace()
	}
	return matching.MatchesResourceDescription(resource, rule, on.AdmissionInfo(), on.NamespaceLabels(), namespace, r.gvk, r.subresource, r.operation) == nil
}

// words are the policy's own words in a rule's message, a line each. Kyverno puts
// text around spec.rules[].validate.message; what it puts there is, in v1.19.1,
//
//	foreach:    "validation failure: " before, once for every level of looping
//	pattern:    "validation error: " before, " rule <name> failed at path <path>" after
//	anyPattern: "validation error: " before, " rule <name>[<n>] ..." after
//
// and, for the patterns, a full stop where the message does not end with one.
// A rule without a message has only Kyverno's words, and keeps them.
func (j judged) words(rule *engineapi.RuleResponse) []string {
	message := rule.Message()
	at := slices.IndexFunc(j.rules, func(r kyvernov1.Rule) bool { return r.Name == rule.Name() })
	if at < 0 || !j.rules[at].HasValidate() || rule.HasStatus(engineapi.RuleStatusError) {
		return lines(message)
	}
	validation := j.rules[at].Validation
	for loops := validation.ForEachValidation; len(loops) > 0; {
		message = strings.TrimPrefix(message, "validation failure: ")
		var inner []kyvernov1.ForEachValidation
		for i := range loops {
			inner = append(inner, loops[i].GetForEachValidation()...)
		}
		loops = inner
	}
	if validation.Message == "" {
		return lines(message)
	}
	if inner, found := strings.CutPrefix(message, "validation error: "); found {
		end := strings.LastIndex(inner, " rule "+rule.Name()+" failed at path ")
		if end < 0 {
			// Of an anyPattern, each alternative is listed: the first ends the message.
			end = strings.Index(inner, " rule "+rule.Name()+"[0] ")
		}
		if end >= 0 {
			message = inner[:end]
			if !strings.HasSuffix(validation.Message, ".") {
				message = strings.TrimSuffix(message, ".")
			}
		}
	}
	return lines(message)
}
