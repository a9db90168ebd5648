package mirror

import (
	"fmt"
	"sort"
)

// Covers reports whether the scope includes a namespace with these labels.
// Labels that are unknown (nil) are an error where they, and not the name alone,
// decide: a guess would prove nothing.
func (s Scope) Covers(namespace string, labels map[string]string) (bool, error) {
	at := sort.SearchStrings(s.ExcludeNamespaces, namespace)
	if at < len(s.ExcludeNamespaces) && s.ExcludeNamespaces[at] == namespace {
		return false, nil
	}
	covers, known := s.NamespaceSelector.MatchesNamespace(namespace, labels)
	if !known {
		return false, fmt.Errorf("namespace %q: its labels are unknown and the scope has a namespaceSelector; give them in namespaceLabels", namespace)
	}
	return covers, nil
}
