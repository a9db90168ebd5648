package target

import (
	"strings"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// kyvernoScope renders the match and exclude of a rule, indented for it:
// Pods (with them Kyverno matches pods/ephemeralcontainers), created or
// updated, in the namespaces of the scope. The Pod selector is a parameter,
// because the constraint honours it only on request.
func kyvernoScope(scope mirror.Scope, podSelector *spec.Selector) (string, error) {
	return kyvernoScopeOn(scope, podSelector, "CREATE, UPDATE")
}

// kyvernoScopeOn is kyvernoScope for some operations, written as in a YAML list.
func kyvernoScopeOn(scope mirror.Scope, podSelector *spec.Selector, operations string) (string, error) {
	var out strings.Builder
	line := func(text string) { out.WriteString("    " + text + "\n") }
	value := func(field string, v any) error {
		text, err := quote(v)
		if err != nil {
			return err
		}
		line(field + ": " + text)
		return nil
	}

	line("match:")
	line("  any:")
	line("  - resources:")
	line("      kinds: [Pod]")
	line("      operations: [" + operations + "]")
	if scope.NamespaceSelector != nil {
		if err := value("      namespaceSelector", scope.NamespaceSelector); err != nil {
			return "", err
		}
	}
	if podSelector != nil {
		if err := value("      selector", podSelector); err != nil {
			return "", err
		}
	}
	line("exclude:")
	line("  any:")
	if len(scope.ExcludeNamespaces) > 0 {
		line("  - resources:")
		line("      namespaces:")
		for _, namespace := range scope.ExcludeNamespaces {
			text, err := quote(namespace)
			if err != nil {
				return "", err
			}
			line("      - " + text)
		}
	}
	line("  - resources:")
	line("      kinds: [Pod]")
	line("      annotations:")
	line(`        kubernetes.io/config.mirror: "*"`)
	return strings.TrimSuffix(out.String(), "\n"), nil
}
