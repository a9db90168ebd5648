package target

import (
	"fmt"
	"path"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// A celClone is the policy that clones one mirror's pull secret, for the template.
type celClone struct {
	Name, Title string
	// Clone is the Secret that is made, of Source in Namespace; CEL literals.
	Clone, Source, Namespace string
	// Absent and Foreign say, as CEL literals, what keeps the source from being cloned.
	Absent, Foreign string
}

// longestLabel is what fits into the value of a label: Kyverno labels what a policy
// generates with the policy's name.
const longestLabel = 63

// kyvernoCELPullSecrets renders the policies that clone pull secrets, one each: nil
// where no mirror has one.
func kyvernoCELPullSecrets(plan *mirror.Plan) (*artifact.File, error) {
	names, err := celCloneNames(plan)
	if err != nil {
		return nil, err
	}
	var policies []celClone
	for _, name := range plan.MirrorNames() {
		secret := plan.Mirrors[name].PullSecret
		if secret == nil {
			continue
		}
		source := "Secret " + secret.Namespace + "/" + secret.Name
		policies = append(policies, celClone{
			Name:  names[name],
			Title: "Clone the pull secret of " + name + " of " + plan.Name,
			Clone: celString(secret.Clone), Source: celString(secret.Name), Namespace: celString(secret.Namespace),
			Absent:  celString(source + " is not there"),
			Foreign: celString(source + " is not of type kubernetes.io/dockerconfigjson"),
		})
	}
	if policies == nil {
		return nil, nil
	}
	return credentialFile(plan, pullSecretsKind, "credentials-pull-secrets.yaml", map[string]any{
		"RBACFile":    plan.Name + "-" + credentialsRBACKind + ".yaml",
		"Conditions":  celNamespaceConditions(plan.Scope),
		"Terminating": celTerminating,
		"Policies":    policies,
	})
}

// celCloneNames are the names of the cloning policies by mirror. They stay as they are
// whatever becomes of the scope and the source: Kyverno takes both changes under one
// name, and a policy does not take over what one of another name has made. Where the
// mirror's name does not fit, a hash of it stands in its place.
func celCloneNames(plan *mirror.Plan) (map[string]string, error) {
	names, taken := map[string]string{}, map[string]bool{}
	var long []string
	for _, name := range plan.MirrorNames() {
		if plan.Mirrors[name].PullSecret == nil {
			continue
		}
		full := plan.Name + "-" + pullSecretsKind + "-" + name
		if len(full) > longestLabel {
			long = append(long, name)
			continue
		}
		names[name], taken[name] = full, true
	}
	for _, name := range long {
		hash, err := hashOf(name, taken)
		if err != nil {
			return nil, err
		}
		names[name] = plan.Name + "-" + pullSecretsKind + "-" + hash
		if len(names[name]) > longestLabel {
			return nil, fmt.Errorf("%q: no name of a policy with it fits into a label", plan.Name)
		}
	}
	return names, nil
}

// credentialFile renders a template as the plan's file of that kind, with what all of
// these templates say of the set.
func credentialFile(plan *mirror.Plan, kind, template string, data map[string]any) (*artifact.File, error) {
	data["Header"] = kyvernoHeader(plan)
	data["Set"] = plan.Name
	folder := kyvernoCELDialect().folder
	text, err := render(path.Join(folder, template), data)
	if err != nil {
		return nil, err
	}
	return &artifact.File{Path: path.Join(folder, plan.Name+"-"+kind+".yaml"), Data: text}, nil
}
