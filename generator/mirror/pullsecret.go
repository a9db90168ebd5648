package mirror

import "mirrorgen.dev/gen/generator/spec"

// compilePullSecret is the mirror's pull secret; nil where it has none.
func compilePullSecret(set string, m spec.Mirror) *PullSecret {
	if m.PullSecret == nil {
		return nil
	}
	return &PullSecret{
		Clone:           "mirrorgen-" + set + "-" + m.Name,
		Name:            m.PullSecret.Name,
		Namespace:       m.PullSecret.Namespace,
		ServiceAccounts: sortedUnique(append([]string(nil), m.PullSecret.ServiceAccounts...)),
	}
}

// pullSecrets maps the addresses of mirrors with a pull secret to its clone.
// Check refuses two secrets for one address.
func pullSecrets(mirrors map[string]Mirror) map[string]string {
	var clones map[string]string
	for _, m := range mirrors {
		if m.PullSecret == nil {
			continue
		}
		if clones == nil {
			clones = map[string]string{}
		}
		clones[m.Address] = m.PullSecret.Clone
	}
	return clones
}

// InjectedSecrets is PullSecrets less those that ServiceAccounts carry: what the
// rewriting policy adds to Pods. Empty: nothing.
func (p *Plan) InjectedSecrets() map[string]string {
	injected := map[string]string{}
	for _, m := range p.Mirrors {
		if m.PullSecret != nil && len(m.PullSecret.ServiceAccounts) == 0 {
			injected[m.Address] = m.PullSecret.Clone
		}
	}
	return injected
}

// secretAt is the clone whose address is the longest that the name equals or
// lies below; empty where none is.
func secretAt(secrets map[string]string, name string) string {
	for prefix := name; prefix != ""; prefix = parent(prefix) {
		if clone, ok := secrets[prefix]; ok {
			return clone
		}
	}
	return ""
}
