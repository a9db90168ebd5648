package admission

import (
	"context"
	"errors"
	"fmt"

	mpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/mpol/compiler"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
)

// mutateCEL is pkg/webhooks/resource/mpol for the policies of one registration: each
// sees the result of the one before as object, and as request what came.
func (s *Session) mutateCEL(ctx context.Context, r *request, object unstructured.Unstructured, policies []*mutatingPolicy, findings *findings) (unstructured.Unstructured, bool, error) {
	submitted, added := r.labelled(object)
	c := &mutation{engine: s.engine, request: r, submitted: submitted, namespace: r.namespaceObject()}
	atDoor := r.atDoor(submitted)
	result, allowed := submitted, true
	var unable noSchema
	for _, p := range policies {
		if !p.concerns(r) {
			continue
		}
		opens, err := p.door.opens(ctx, atDoor, c.namespace)
		if err != nil {
			// The API server does not call Kyverno.
			if !findings.unanswered(&p.celPolicy, "the API server cannot evaluate the matchConditions: "+err.Error()) {
				return object, false, nil
			}
			continue
		}
		if !opens {
			continue
		}
		for i := range p.variants {
			patched, matched, err := c.evaluate(ctx, p, &p.variants[i], result)
			switch {
			case errors.As(err, &unable):
				return object, false, fmt.Errorf("policy %s: %w", p.name, err)
			case err != nil:
				allowed = findings.unanswered(&p.celPolicy, err.Error()) && allowed
			case matched:
				changed := patched != nil && !same(result.Object, patched.Object)
				findings.covered(p.name, changed)
				if changed {
					result = *patched
				}
			}
		}
	}
	if !allowed {
		return object, false, nil
	}
	if added {
		result = unlabelled(result, object)
	}
	return result, true, nil
}

// unanswered notes a policy that could not be evaluated, and reports whether a cluster
// lets the request pass all the same.
func (f *findings) unanswered(p *celPolicy, message string) bool {
	f.covered(p.name, true)
	if p.fail {
		// The message of a denial says it already.
		f.messages = append(f.messages, fmt.Sprintf("Policy %s: %s", p.short, message))
		return false
	}
	f.unevaluated(p.name, message)
	return true
}

// A mutation is one call of a mutating registration.
type mutation struct {
	engine    *Engine
	request   *request
	submitted unstructured.Unstructured
	namespace *corev1.Namespace
	review    *admissionv1.AdmissionRequest // made when it is first asked for
}

// noSchema is a kind that ApplyConfigurations cannot be merged into here, though a
// cluster may know how.
type noSchema struct{ runtimeschema.GroupVersionKind }

func (n noSchema) Error() string {
	return fmt.Sprintf("an ApplyConfiguration is merged by the schema of the kind, and this engine has none of %s %s; a JSONPatch needs none", n.GroupVersion(), n.Kind)
}

// errExtraction is what Kyverno's engine says then, as a skipped rule.
var errExtraction = errors.New("extraction mode: mutation for custom workload CRDs is not yet supported")

// evaluate is handlePolicy of mpol/engine. That one does not say whether a policy that
// changes nothing covers the request, which is told here; and here no policy is given
// what none of its expressions reads, because to convert it costs more than to match.
func (m *mutation) evaluate(ctx context.Context, p *mutatingPolicy, variant *mutatingVariant, object unstructured.Unstructured) (patched *unstructured.Unstructured, matched bool, err error) {
	attributes := m.request.attributes(object, m.request.nameOf(object))
	covers, err := m.engine.matcher.Match(&variant.criteria, attributes, m.namespace)
	if err != nil {
		return nil, true, fmt.Errorf("failed to execute matching: %w", err)
	}
	if !covers {
		return nil, false, nil
	}
	if extracts(variant.engine) {
		return nil, true, errExtraction
	}
	var review admissionv1.AdmissionRequest
	if p.asksRequest {
		if m.review == nil {
			m.review = m.request.review(m.submitted)
		}
		review = *m.review
	}
	var namespace *corev1.Namespace
	if p.asksNamespace {
		namespace = m.namespace
	}
	var schemas mpolcompiler.TypeConverterManager = noSchemas{}
	if p.merges {
		schemas = &m.engine.schemas
	}
	result := variant.engine.CompiledPolicy.Evaluate(ctx, attributes, namespace, review, schemas, m.engine.libraries)
	switch {
	case result == nil:
		return nil, false, nil // the matchConditions
	case result.Error != nil && p.merges && !m.engine.schemas.has(m.request.gvk):
		return nil, true, noSchema{m.request.gvk}
	case result.Error != nil:
		return nil, true, fmt.Errorf("failed to evaluate policy: %w", result.Error)
	}
	return result.PatchedResource, true, nil
}
