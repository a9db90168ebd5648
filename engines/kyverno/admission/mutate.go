package admission

import (
	"context"
	"encoding/json"
	"fmt"

	jsonpatch "github.com/evanphx/json-patch/v5"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	engineutils "github.com/kyverno/kyverno/pkg/utils/engine"
	gomodulespatch "gomodules.xyz/jsonpatch/v2"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// mutate calls the mutating registrations as the API server does: each gets the
// object that the one before left, with a context of its own; and one with
// reinvocationPolicy IfNeeded that ran before another changed the object is called once
// more.
func (s *Session) mutate(ctx context.Context, r *request, findings *findings) (unstructured.Unstructured, bool, error) {
	object := r.object
	again := make([]bool, len(s.registrations))
	for pass := range 2 {
		for i, called := range s.registrations {
			if pass == 1 && !again[i] {
				continue
			}
			again[i] = false
			after, allowed, err := s.call(ctx, r, object, called, findings)
			if err != nil || !allowed {
				return object, allowed, err
			}
			if !same(object.Object, after.Object) {
				object = after
				before := i
				if pass == 1 {
					before = len(s.registrations)
				}
				for j := range before {
					again[j] = j != i && s.registrations[j].ifNeeded
				}
			}
		}
	}
	return object, true, nil
}

// mutateWebhook is pkg/webhooks/resource/mutation: each policy sees the result of
// the one before, in one context for all.
func (s *Session) mutateWebhook(ctx context.Context, r *request, object unstructured.Unstructured, policies []*policy, findings *findings) (unstructured.Unstructured, bool, error) {
	var on *evaluation
	var patches []gomodulespatch.JsonPatchOperation
	result := object
	dropped := false
	for _, p := range policies {
		// Kyverno registers mutation for CREATE and UPDATE unless a rule names others.
		if p.mutate == nil || r.operation != kyvernov1.Create && r.operation != kyvernov1.Update && !listsOperation(p.mutate.rules, r.operation) {
			continue
		}
		if on == nil {
			var err error
			if on, err = s.context(r, object); err != nil {
				return object, false, err
			}
		}
		on = on.of(p.mutate.policy)
		response := s.engine.kyverno.Mutate(ctx, on)
		blocked := engineutils.BlockRequest(response, p.webhook.failurePolicy())
		for i := range response.PolicyResponse.Rules {
			rule := &response.PolicyResponse.Rules[i]
			findings.ran(p, rule.Name(), rule.HasStatus(engineapi.RuleStatusPass, engineapi.RuleStatusFail, engineapi.RuleStatusError, engineapi.RuleStatusWarn))
			switch {
			case rule.HasStatus(engineapi.RuleStatusError):
				// The message of a denial says it already.
				if !blocked {
					findings.failed(p, rule.Name(), rule.Message())
				}
			case rule.EmitWarning(), p.warns && !rule.HasStatus(engineapi.RuleStatusSkip):
				findings.warnings = append(findings.warnings, lines(rule.Message())...)
			}
		}
		if !response.IsSuccessful() {
			if blocked {
				name := p.source.GetName()
				findings.messages = append(findings.messages, lines(fmt.Sprintf("mutation policy %s error: failed to apply policy %s rules %v", name, name, response.GetFailedRulesWithErrors()))...)
				return object, false, nil
			}
			// The policy's patches are dropped, but what follows it in this
			// registration sees the object that it left. So it is in Kyverno.
			if !dropped {
				dropped = true
				patches = difference(object, result)
			}
		} else if dropped {
			patches = append(patches, response.GetPatches()...)
		} else {
			result = response.PatchedResource
		}
		on.object = response.PatchedResource
		if err := on.variables.AddResource(response.PatchedResource.Object); err != nil {
			return object, false, fmt.Errorf("policy %s: %w", p.name, err)
		}
	}
	if !dropped {
		return result, true, nil
	}
	patched, err := apply(object, patches)
	if err != nil {
		// The API server treats patches that do not apply as a failed call, and
		// only registrations that ignore failures get here.
		findings.warnings = append(findings.warnings, "engine: "+policies[0].name+": error: the patches that are left without the failed policy's do not apply: "+err.Error())
		return object, true, nil
	}
	return patched, true, nil
}

// difference is what EngineResponse.GetPatches computes.
func difference(from, to unstructured.Unstructured) []gomodulespatch.JsonPatchOperation {
	return engineapi.EngineResponse{Resource: from, PatchedResource: to}.GetPatches()
}

func apply(object unstructured.Unstructured, operations []gomodulespatch.JsonPatchOperation) (unstructured.Unstructured, error) {
	if len(operations) == 0 {
		return object, nil
	}
	text, err := json.Marshal(operations)
	if err != nil {
		return object, err
	}
	patch, err := jsonpatch.DecodePatch(text)
	if err != nil {
		return object, err
	}
	before, err := object.MarshalJSON()
	if err != nil {
		return object, err
	}
	after, err := patch.Apply(before)
	if err != nil {
		return object, err
	}
	var made unstructured.Unstructured
	err = made.UnmarshalJSON(after)
	return made, err
}

// same compares objects as JSON decodes them; it is reflect.DeepEqual for what
// they can hold, at a fifth of its cost, except that 1e3 and 1000 are one number:
// what is written as JSON and read again has the latter.
func same(a, b map[string]any) bool {
	if len(a) != len(b) {
		return false
	}
	for key, value := range a {
		other, ok := b[key]
		if !ok || !sameValue(value, other) {
			return false
		}
	}
	return true
}

func sameValue(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		return ok && (a == nil) == (b == nil) && same(a, b)
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) || (a == nil) != (b == nil) {
			return false
		}
		for i := range a {
			if !sameValue(a[i], b[i]) {
				return false
			}
		}
		return true
	}
	switch b := b.(type) {
	case map[string]any, []any:
		// Comparing these would panic.
		return false
	case int64:
		if a, ok := a.(float64); ok {
			return a == float64(b)
		}
	case float64:
		if a, ok := a.(int64); ok {
			return float64(a) == b
		}
	}
	return a == b
}

// changed is the object to report: nil where nothing changed. A namespace that was
// filled in only for the policies is taken out again.
func (r *request) changed(object unstructured.Unstructured) map[string]any {
	if object.Object == nil || same(r.object.Object, object.Object) {
		return nil
	}
	if r.defaulted && object.GetNamespace() == r.namespace {
		return withoutNamespace(object.Object)
	}
	return object.Object
}
