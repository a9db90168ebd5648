package generator

import (
	"path"
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
		case "kyverno":
		default:
			continue
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
		out = append(out, artifact.File{Path: path.Join(dir, "kustomization.yaml"), Data: kustomization(dir, resources, hasGatekeeper)})
	}
	return out
}

// topResources lists what the whole folder applies. Where Gatekeeper judges,
// Kyverno only rewrites: the same refusal twice helps nobody. kyverno/ on its
// own holds both, for clusters without Gatekeeper.
func topResources(folders map[string][]string, hasGatekeeper bool) []string {
	var top []string
	if !hasGatekeeper {
		if len(folders["kyverno"]) > 0 {
			top = append(top, "kyverno")
		}
		return top
	}
	for _, name := range folders["kyverno"] {
		if !strings.HasSuffix(name, "-constraint.yaml") && !strings.HasSuffix(name, "-warnings.yaml") {
			top = append(top, path.Join("kyverno", name))
		}
	}
	sort.Strings(top)
	return append(top, "gatekeeper")
}

func kustomization(dir string, resources []string, hasGatekeeper bool) []byte {
	var text strings.Builder
	text.WriteString(artifact.Header(""))
	switch {
	case dir == "." && hasGatekeeper:
		text.WriteString("# Kyverno rewrites, Gatekeeper refuses. Without Gatekeeper apply kyverno/, which does both.\n")
	case dir == "gatekeeper":
		text.WriteString("# Constraints are known to a cluster only after their template: with Flux, two Kustomizations\n" +
			"# with dependsOn; with Argo CD, the annotations on the constraints do it.\n")
	}
	text.WriteString("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n")
	if dir != "gatekeeper" && dir != "." {
		sort.Strings(resources)
	}
	for _, resource := range resources {
		text.WriteString("- " + resource + "\n")
	}
	return []byte(text.String())
}
