package main

// A target is one of gen policies, and what runs it.
type target struct {
	// name is the target's, and that of the engine in gen test.
	name string
	// engine is what it is known as.
	engine string
	// holds says what is generated for it.
	holds, holdsZh string
}

var targets = []*target{
	{"kyverno", "Kyverno", "ClusterPolicy", "ClusterPolicy"},
	{"kyverno-cel", "Kyverno", "MutatingPolicy, ValidatingPolicy, GeneratingPolicy", "MutatingPolicy、ValidatingPolicy、GeneratingPolicy"},
	{"kubernetes", "Kubernetes", "MutatingAdmissionPolicy, ValidatingAdmissionPolicy", "MutatingAdmissionPolicy、ValidatingAdmissionPolicy"},
	{"gatekeeper", "OPA", "template, constraints, expansion", "模板、约束、展开"},
	{"rego", "OPA", "plain Rego and data", "纯 Rego 与数据"},
}

// targetOf is the target that an engine runs; nil: none, as the reference.
func targetOf(engine string) *target {
	for _, t := range targets {
		if t.name == engine {
			return t
		}
	}
	return nil
}
