package generator

import (
	"path"
	"slices"
	"sort"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
)

// kustomizations makes every generated folder of Kubernetes objects something
// that kubectl apply -k and overlays take. gatekeeper/ has two folders, because
// a constraint is only known to a cluster after its template, and Flux orders
// folders; tests and Rego are no objects of a cluster and are left out.
func kustomizations(files []artifact.File) []artifact.File {
	folders := map[string][]string{}
	hasGatekeeper := false
	for _, file := range files {
		dir, name := path.Split(file.Path)
		dir = strings.TrimSuffix(dir, "/")
		switch dir {
		case "gatekeeper/templates", "gatekeeper/constraints":
			hasGatekeeper = true
		default:
			if !slices.Contains(Rewriters(), dir) {
				continue
			}
		}
		folders[dir] = append(folders[dir], name)
	}
	if hasGatekeeper {
		folders["gatekeeper"] = []string{"templates", "constraints"}
	}
	if top := topResources(folders, hasGatekeeper); len(top) > 0 {
		folders["."] = top
	}
	var out []artifact.File
	for dir, resources := range folders {
		comment := ""
		switch {
		case dir == "." && hasGatekeeper:
			comment = topComment(folders)
		case dir == "gatekeeper":
			comment = gatekeeperComment
		}
		out = append(out, artifact.File{Path: path.Join(dir, kustomizationName), Data: kustomization(dir, comment, resources)})
	}
	if len(folders[bindingFolder]) > 0 {
		out = append(out, artifact.File{Path: path.Join(bindingFolder, nameReferencesName), Data: []byte(artifact.Header("") + nameReferences)})
	}
	return out
}

// The files that are kustomize's, and nothing that a cluster takes.
const (
	kustomizationName  = "kustomization.yaml"
	nameReferencesName = "kustomizeconfig.yaml"
)

// ForKustomize reports whether a generated file is kustomize's, by its path, and so
// no object of a cluster.
func ForKustomize(file string) bool {
	name := path.Base(file)
	return name == kustomizationName || name == nameReferencesName
}

// bindingFolder is the target whose policies take effect through bindings.
const bindingFolder = "kubernetes"

// nameReferences tells kustomize, which knows nothing of bindings, that they name
// policies: namePrefix and nameSuffix of an overlay would leave each policy without
// its binding, and so without effect. What a base says of this holds in overlays.
const nameReferences = `# Bindings name policies: where an overlay renames these, those follow.
nameReference:
- kind: MutatingAdmissionPolicy
  group: admissionregistration.k8s.io
  fieldSpecs:
  - kind: MutatingAdmissionPolicyBinding
    group: admissionregistration.k8s.io
    path: spec/policyName
- kind: ValidatingAdmissionPolicy
  group: admissionregistration.k8s.io
  fieldSpecs:
  - kind: ValidatingAdmissionPolicyBinding
    group: admissionregistration.k8s.io
    path: spec/policyName
`

// Rewriters are the targets, and the folders, that rewrite Pods and judge them, in
// the order in which the whole folder prefers them. Applied side by side they would
// do everything twice.
func Rewriters() []string { return []string{"kyverno", "kyverno-cel", "kubernetes"} }

// topResources lists what the whole folder applies: one of the rewriters, and
// Gatekeeper's. Where Gatekeeper judges, the other only rewrites: the same refusal
// twice helps nobody. A rewriter's folder on its own holds both, for clusters
// without Gatekeeper.
func topResources(folders map[string][]string, hasGatekeeper bool) []string {
	rewriter := ""
	for _, folder := range Rewriters() {
		if len(folders[folder]) > 0 {
			rewriter = folder
			break
		}
	}
	var top []string
	if !hasGatekeeper {
		if rewriter != "" {
			top = append(top, rewriter)
		}
		return top
	}
	for _, name := range folders[rewriter] {
		if !strings.HasSuffix(name, "-constraint.yaml") && !strings.HasSuffix(name, "-warnings.yaml") {
			top = append(top, path.Join(rewriter, name))
		}
	}
	sort.Strings(top)
	return append(top, "gatekeeper")
}

const gatekeeperComment = "# Constraints are known to a cluster only after their template: with Flux, two Kustomizations\n" +
	"# with dependsOn; with Argo CD, the annotations on the constraints do it.\n"

// topComment says what the whole folder applies where Gatekeeper is in it, of those
// rewriters that were generated.
func topComment(folders map[string][]string) string {
	var there []string
	for _, folder := range Rewriters() {
		if len(folders[folder]) > 0 {
			there = append(there, folder+"/")
		}
	}
	if len(there) == 0 {
		return "# Gatekeeper refuses; nothing here rewrites.\n"
	}
	first, last := there[0], there[len(there)-1]
	text := "# " + first + " rewrites, Gatekeeper refuses. Without Gatekeeper apply " + first + ", which does both.\n"
	if others := there[:len(there)-1]; len(others) > 0 {
		engines := map[int]string{2: "two", 3: "three"}[len(there)]
		text += "# " + strings.Join(others, ", ") + " and " + last + " say the same to " + engines + " engines: apply one of them.\n"
	}
	return text
}

func kustomization(dir, comment string, resources []string) []byte {
	var text strings.Builder
	text.WriteString(artifact.Header("") + comment + "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n")
	if dir != "gatekeeper" && dir != "." {
		sort.Strings(resources)
	}
	for _, resource := range resources {
		text.WriteString("- " + resource + "\n")
	}
	if dir == bindingFolder {
		text.WriteString("configurations:\n- " + nameReferencesName + "\n")
	}
	return []byte(text.String())
}
