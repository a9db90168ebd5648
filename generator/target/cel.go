package target

import (
	"bytes"
	"path"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// A celDialect is who evaluates a policy written in CEL. The expressions are the
// same for all of them; what stands around them is not.
type celDialect struct {
	// folder is where the target's files lie.
	folder string
	// kyverno: policies.kyverno.io. Otherwise Kubernetes' own admission, whose
	// policies take effect through bindings.
	kyverno bool
	// mutating and validating are the kinds.
	mutating, validating celKind
}

// A celKind is a kind of policy.
type celKind struct{ APIVersion, Kind string }

func kyvernoCELDialect() celDialect {
	const version = "policies.kyverno.io/v1"
	return celDialect{"kyverno-cel", true, celKind{version, "MutatingPolicy"}, celKind{version, "ValidatingPolicy"}}
}

func kubernetesDialect() celDialect {
	const version = "admissionregistration.k8s.io/v1"
	return celDialect{"kubernetes", false, celKind{version, "MutatingAdmissionPolicy"}, celKind{version, "ValidatingAdmissionPolicy"}}
}

// policy is what every template says of a policy: its head.
func (d celDialect) policy(plan *mirror.Plan, kind celKind, name string) map[string]any {
	return map[string]any{
		"Header":     kyvernoHeader(plan),
		"Head":       kind,
		"Kyverno":    d.kyverno,
		"Set":        plan.Name,
		"Name":       plan.Name + "-" + name,
		"MinVersion": "1.18.0",
		"Create":     celCreate,
		// Unset: a mutating policy, whose binding has no actions.
		"Action": "",
	}
}

// file renders a template as the plan's file of that name.
func (d celDialect) file(plan *mirror.Plan, name, template string, data map[string]any) (*artifact.File, error) {
	text, err := render(path.Join("cel", template), data)
	if err != nil {
		return nil, err
	}
	if len(text) > maxObject {
		return nil, d.tooMuch(plan, "its %s takes %d bytes, and a cluster stores no object of much more than %d", name, len(text), maxObject)
	}
	// A template says with blank lines where its parts are; a policy has none.
	text = bytes.TrimRight(text, "\n")
	return &artifact.File{Path: path.Join(d.folder, plan.Name+"-"+name+".yaml"), Data: append(text, '\n')}, nil
}
