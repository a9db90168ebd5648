package mirror

import (
	"fmt"
	"sort"
)

// namespaceNameLabel is the label that the API server puts on every namespace.
const namespaceNameLabel = "kubernetes.io/metadata.name"

// Covers reports whether the scope includes a namespace with these labels.
// Labels that are unknown (nil) are an error where the scope selects by them:
// a guess would prove nothing.
func (s Scope) Covers(namespace string, labels map[string]string) (bool, error) {
	at := sort.SearchStrings(s.ExcludeNamespaces, namespace)
	if at < len(s.ExcludeNamespaces) && s.ExcludeNamespaces[at] == namespace {
		return false, nil
	}
	if s.NamespaceSelector == nil {
		return true, nil
	}
	if labels == nil {
		return false, fmt.Errorf("namespace %q: its labels are unknown and the scope has a namespaceSelector; give them in namespaceLabels", namespace)
	}
	full := make(map[string]string, len(labels)+1)
	for key, value := range labels {
		full[key] = value
	}
	full[namespaceNameLabel] = namespace
	return s.NamespaceSelector.Matches(full), nil
}
