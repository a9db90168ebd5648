// Package typecheck finds expressions of admission policies that do not fit the
// types of the resources that the policies are for, as Kubernetes does.
package typecheck

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission/plugin/policy/validating"
	"k8s.io/apiserver/pkg/cel/openapi/resolver"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/kube-openapi/pkg/spec3"
	"k8s.io/kube-openapi/pkg/validation/spec"
)

// A Checker knows the types of Kubernetes' own kinds. Expressions about others,
// such as those of a CustomResourceDefinition, are not checked.
type Checker struct{ checker validating.TypeChecker }

// New makes a Checker from the OpenAPI v3 documents of an API server: folder
// api/openapi-spec/v3 of k8s.io/kubernetes.
func New(documents fs.FS) *Checker {
	mapper := meta.NewDefaultRESTMapper(nil)
	for gvk := range scheme.Scheme.AllKnownTypes() {
		mapper.Add(gvk, meta.RESTScopeRoot) // the scope is not asked for
	}
	return &Checker{validating.TypeChecker{
		SchemaResolver: &schemas{documents: documents, read: map[schema.GroupVersion]*spec3.OpenAPI{}},
		RestMapper:     mapper,
	}}
}

// Policy is what kube-controller-manager writes to status.typeChecking of a
// ValidatingAdmissionPolicy: findings about validations and their message
// expressions. The variables that they use have the types that the checker infers;
// one that does not fit is not found by this, but has no type.
func (c *Checker) Policy(policy *admissionregistrationv1.ValidatingAdmissionPolicy) []string {
	var findings []string
	for _, warning := range c.checker.Check(policy) {
		findings = append(findings, warning.FieldRef+": "+strings.TrimSpace(warning.Warning))
	}
	return findings
}

// Variables is the same check of what Kubernetes passes over: the variables and the
// match conditions of a policy of either kind.
func (c *Checker) Variables(constraints *admissionregistrationv1.MatchResources, conditions []admissionregistrationv1.MatchCondition, variables []admissionregistrationv1.Variable) []string {
	context := c.checker.CreateContext(&admissionregistrationv1.ValidatingAdmissionPolicy{Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
		MatchConstraints: constraints,
		Variables:        variables,
	}})
	var findings []string
	check := func(path, expression string) {
		if found := c.checker.CheckExpression(context, expression).String(); found != "" {
			findings = append(findings, path+": "+strings.TrimSpace(found))
		}
	}
	for i, condition := range conditions {
		check(fmt.Sprintf("spec.matchConditions[%d].expression", i), condition.Expression)
	}
	for i, variable := range variables {
		check(fmt.Sprintf("spec.variables[%d].expression", i), variable.Expression)
	}
	return findings
}

// schemas resolves the schemas of kinds.
type schemas struct {
	documents fs.FS

	mutex sync.Mutex
	read  map[schema.GroupVersion]*spec3.OpenAPI
}

var _ resolver.SchemaResolver = (*schemas)(nil)

// ResolveSchema implements resolver.SchemaResolver.
func (s *schemas) ResolveSchema(gvk schema.GroupVersionKind) (*spec.Schema, error) {
	document, err := s.document(gvk.GroupVersion())
	if err != nil {
		return nil, err
	}
	const prefix = "#/components/schemas/"
	for name, one := range document.Components.Schemas {
		if describes(one, gvk) {
			return resolver.PopulateRefs(func(ref string) (*spec.Schema, bool) {
				found, ok := document.Components.Schemas[strings.TrimPrefix(ref, prefix)]
				return found, ok
			}, prefix+name)
		}
	}
	return nil, fmt.Errorf("%s: %w", gvk, resolver.ErrSchemaNotFound)
}

func (s *schemas) document(gv schema.GroupVersion) (*spec3.OpenAPI, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if read := s.read[gv]; read != nil {
		return read, nil
	}
	name := "apis__" + gv.Group + "__" + gv.Version + "_openapi.json"
	if gv.Group == "" {
		name = "api__" + gv.Version + "_openapi.json"
	}
	text, err := fs.ReadFile(s.documents, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w", gv, resolver.ErrSchemaNotFound)
	}
	if err != nil {
		return nil, err
	}
	read := &spec3.OpenAPI{}
	if err := json.Unmarshal(text, read); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s.read[gv] = read
	return read, nil
}

// describes reads the extension in which a schema says of which kind it is.
func describes(one *spec.Schema, gvk schema.GroupVersionKind) bool {
	kinds, _ := one.Extensions["x-kubernetes-group-version-kind"].([]any)
	if len(kinds) != 1 { // such as DeleteOptions, which are of all groups
		return false
	}
	kind, _ := kinds[0].(map[string]any)
	return kind["group"] == gvk.Group && kind["version"] == gvk.Version && kind["kind"] == gvk.Kind
}
