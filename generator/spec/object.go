package spec

// Object is the set as a Kubernetes object, derived names written out. Parse of
// what it is encoded to gives an equal set.
func (m *MirrorSet) Object() map[string]any {
	metadata := filled("name", m.Name, "namespace", m.Namespace, "annotations", m.Annotations, "labels", m.Labels)
	body := filled(
		"scope", filled(
			"excludeNamespaces", m.Spec.Scope.ExcludeNamespaces,
			"includeSystemNamespaces", m.Spec.Scope.IncludeSystemNamespaces,
			"namespaceSelector", m.Spec.Scope.NamespaceSelector,
			"podSelector", m.Spec.Scope.PodSelector),
		"rewrite", filled("failurePolicy", m.Spec.Rewrite.FailurePolicy),
		"constraint", filled(
			"enforcement", m.Spec.Constraint.Enforcement,
			"failurePolicy", m.Spec.Constraint.FailurePolicy,
			"honourPodSelector", m.Spec.Constraint.HonourPodSelector,
			"allowRegistries", m.Spec.Constraint.AllowRegistries),
		"nodes", filled("onUnsupported", m.Spec.Nodes.OnUnsupported, "fallbackToUpstream", m.Spec.Nodes.FallbackToUpstream),
		"serverless", m.Spec.Serverless,
	)
	var mirrors, registries []any
	for _, mirror := range m.Spec.Mirrors {
		mirrors = append(mirrors, mirror.object())
	}
	for _, r := range m.Spec.Registries {
		registries = append(registries, filled("host", r.Host, "transport", r.Transport, "caFile", r.CAFile))
	}
	if mirrors != nil {
		body["mirrors"] = mirrors
	}
	if registries != nil {
		body["registries"] = registries
	}
	return map[string]any{"apiVersion": APIVersion, "kind": Kind, "metadata": metadata, "spec": body}
}

func (m Mirror) object() map[string]any {
	object := filled(
		"name", m.Name,
		"source", m.Source,
		"aliases", m.Aliases,
		"mirror", m.Mirror,
		"fallbacks", m.Fallbacks,
		"only", m.Only,
		"except", m.Except,
		"transport", m.Transport,
		"caFile", m.CAFile,
	)
	if s := m.PullSecret; s != nil {
		object["pullSecret"] = filled("name", s.Name, "namespace", s.Namespace, "serviceAccounts", s.ServiceAccounts, "allNamespaces", s.AllNamespaces)
	}
	return object
}

func (s *Selector) object() map[string]any {
	object := filled("matchLabels", s.MatchLabels)
	var expressions []any
	for _, r := range s.MatchExpressions {
		expressions = append(expressions, filled("key", r.Key, "operator", r.Operator, "values", r.Values))
	}
	if expressions != nil {
		object["matchExpressions"] = expressions
	}
	return object
}

// filled makes an object of names and values in turn, without the unset ones.
func filled(namesAndValues ...any) map[string]any {
	object := map[string]any{}
	for i := 0; i < len(namesAndValues); i += 2 {
		name := namesAndValues[i].(string)
		switch v := namesAndValues[i+1].(type) {
		case string:
			if v != "" {
				object[name] = v
			}
		case bool:
			if v {
				object[name] = v
			}
		case *bool:
			if v != nil {
				object[name] = *v
			}
		case []string:
			if len(v) > 0 {
				items := make([]any, len(v))
				for i, item := range v {
					items[i] = item
				}
				object[name] = items
			}
		case map[string]string:
			if len(v) > 0 {
				entries := make(map[string]any, len(v))
				for key, value := range v {
					entries[key] = value
				}
				object[name] = entries
			}
		case map[string]any:
			if len(v) > 0 {
				object[name] = v
			}
		case *Selector:
			if v != nil {
				object[name] = v.object()
			}
		}
	}
	return object
}
