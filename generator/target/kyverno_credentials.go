package target

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/mirror"
)

// What credential files are called behind a set's name. The policies that clone
// carry a hash behind it, the other objects are called what their files are.
const (
	pullSecretsKind      = "pull-secrets"
	serviceAccountsKind  = "service-accounts"
	existingAccountsKind = "existing-accounts"
	credentialsRBACKind  = "pull-secrets-rbac"
)

// A clonePolicy is the policy that clones one mirror's pull secret, for the template.
type clonePolicy struct {
	// Name carries a hash of the rules; empty until it is known.
	Name, Title string
	// Rule names the rule: Kyverno puts it, as Name, into a label, which takes 63 characters.
	Rule string
	// Clone is the Secret that is made, of Source in Namespace.
	Clone, Source, Namespace string
}

// kyvernoPullSecrets renders the policies that clone pull secrets, one each: nil
// where no mirror has one.
func kyvernoPullSecrets(plan *mirror.Plan) (*artifact.File, error) {
	var policies []clonePolicy
	for _, name := range plan.MirrorNames() {
		if secret := plan.Mirrors[name].PullSecret; secret != nil {
			policies = append(policies, clonePolicy{
				Title: "Clone the pull secret of " + name + " of " + plan.Name,
				Rule:  "clone-" + name,
				Clone: secret.Clone, Source: secret.Name, Namespace: secret.Namespace,
			})
		}
	}
	if policies == nil {
		return nil, nil
	}
	data, err := credentialData(plan)
	if err != nil {
		return nil, err
	}
	data["Policies"] = policies
	nameless, err := kyvernoFile(plan, pullSecretsKind, "credentials-pull-secrets.yaml", data)
	if err != nil {
		return nil, err
	}
	rules, err := rulesOf(nameless)
	if err != nil {
		return nil, err
	}
	if len(rules) != len(policies) {
		return nil, fmt.Errorf("%s: holds %d policies, want %d", nameless.Path, len(rules), len(policies))
	}
	taken := map[string]bool{}
	for i := range policies {
		hash, err := hashOf(rules[i], taken)
		if err != nil {
			return nil, err
		}
		policies[i].Name = plan.Name + "-" + pullSecretsKind + "-" + hash
	}
	return kyvernoFile(plan, pullSecretsKind, "credentials-pull-secrets.yaml", data)
}

// rulesOf reads the rules of a file's policies.
func rulesOf(file *artifact.File) ([]any, error) {
	var all []any
	reader := document.NewReader(file.Path, bytes.NewReader(file.Data))
	for {
		read, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		policy, err := read.Object()
		if err != nil {
			return nil, err
		}
		spec, _ := policy["spec"].(map[string]any)
		rules, ok := spec["rules"]
		if !ok {
			return nil, fmt.Errorf("%s: a policy has no rules to take a hash of", file.Path)
		}
		all = append(all, rules)
	}
}

// hashOf is 8 hexadecimal digits over rules, whatever stands around them
// (comments, names, the policy's other fields); as many as a name has room for.
// A hash that is taken is passed over, and the result is noted as taken.
func hashOf(rules any, taken map[string]bool) (string, error) {
	// JSON writes the keys of maps in order.
	text, err := json.Marshal(rules)
	if err != nil {
		return "", err
	}
	for {
		sum := sha256.Sum256(text)
		hash := hex.EncodeToString(sum[:4])
		if !taken[hash] {
			taken[hash] = true
			return hash, nil
		}
		text = sum[:]
	}
}

// credentialData is what the templates say of the set and its namespaces.
func credentialData(plan *mirror.Plan) (map[string]any, error) {
	selector := ""
	if plan.Scope.NamespaceSelector != nil {
		var err error
		if selector, err = quote(plan.Scope.NamespaceSelector); err != nil {
			return nil, err
		}
	}
	return map[string]any{
		"Header":       kyvernoHeader(plan),
		"Set":          plan.Name,
		"Selector":     selector,
		"Excluded":     plan.Scope.ExcludeNamespaces,
		"RBACFile":     plan.Name + "-" + credentialsRBACKind + ".yaml",
		"ExistingFile": plan.Name + "-" + existingAccountsKind + ".yaml",
	}, nil
}
