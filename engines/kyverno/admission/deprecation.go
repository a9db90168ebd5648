package admission

import "github.com/kyverno/kyverno/pkg/deprecations"

// deprecation is what a cluster prints when a policy of the kind is applied,
// because Kyverno will give the kind up; empty: nothing. It stands in a file of its
// own as older versions of Kyverno have another one (../versions).
func deprecation(kind string) string {
	warning, _ := deprecations.BuildKindWarning("kyverno.io", "v1", kind)
	return warning.Message
}
