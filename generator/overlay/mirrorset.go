package overlay

import (
	"fmt"
	"strings"

	"sigs.k8s.io/kustomize/api/konfig"
	"sigs.k8s.io/kustomize/api/types"
)

const (
	group = "mirrorgen.dev"
	kind  = "MirrorSet"

	// kept is where the local-config annotation waits while kustomize builds.
	kept = group + "/local-config"
)

// keepLocal is a builtin transformer for the end of the outermost kustomization.
// kustomize drops objects with the local-config annotation (any value but
// "false") once, after everything else, and a MirrorSet should carry it: it is
// input for gen and not for the cluster. So the annotation is moved aside at the
// last moment: the user's patches see it, and it may come from anywhere.
const keepLocal = `apiVersion: builtin
kind: PatchTransformer
metadata:
  name: mirrorgen-keep-local-config
target:
  group: ` + group + `
  kind: ` + kind + `
  annotationSelector: ` + konfig.IgnoredByKustomizeAnnotation + `
patch: '[{"op": "move", "from": "/metadata/annotations/config.kubernetes.io~1local-config", "path": "/metadata/annotations/mirrorgen.dev~1local-config"}]'
`

// MirrorSets builds path and returns the MirrorSets among what it yields, of any
// version of the group mirrorgen.dev, in the order of Build. Unlike Build it
// keeps those that are annotated config.kubernetes.io/local-config, with the
// annotation.
//
// warnings are sentences about overlays that are legal and hardly meant. A build
// without any MirrorSet is an error that names what there was instead.
func MirrorSets(path string, options Options) (sets []map[string]any, warnings []string, err error) {
	objects, g, err := build(path, options, func(k *types.Kustomization) {
		k.Transformers = append(k.Transformers, keepLocal)
	})
	if err != nil {
		return nil, nil, err
	}
	for _, object := range objects {
		if isMirrorSet(object) {
			giveBack(object)
			sets = append(sets, object)
		}
	}
	if len(sets) == 0 {
		return nil, nil, fmt.Errorf("%s: builds no %s of %s; it yields %s", g.at.shown, kind, group, names(objects))
	}
	return sets, g.warnings, nil
}

func isMirrorSet(object map[string]any) bool {
	version, _ := object["apiVersion"].(string)
	return strings.HasPrefix(version, group+"/") && object["kind"] == kind
}

func giveBack(object map[string]any) {
	metadata, _ := object["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	if value, ok := annotations[kept]; ok {
		delete(annotations, kept)
		annotations[konfig.IgnoredByKustomizeAnnotation] = value
	}
}

// names lists objects for a sentence, at most five of them.
func names(objects []map[string]any) string {
	const most = 5
	if len(objects) == 0 {
		return "nothing"
	}
	var list []string
	for i, object := range objects {
		if i == most {
			return fmt.Sprintf("%s and %d more", strings.Join(list, ", "), len(objects)-most)
		}
		metadata, _ := object["metadata"].(map[string]any)
		list = append(list, strings.TrimSpace(fmt.Sprintf("%v %v", object["kind"], metadata["name"])))
	}
	return strings.Join(list, ", ")
}
