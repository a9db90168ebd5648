// Package agreement holds a real API server to the reference on random MirrorSets
// and random Pods: what harness/agreement asks of the engines, asked of a cluster.
package agreement

import (
	"fmt"
	"math/rand"
	"regexp"
	"strings"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/spec"
)

// namespace is where every Pod is written to be; the cluster gives each place a
// name of its own.
const namespace = "e2e-random"

// The labels that a scope may select by.
const (
	namespaceLabel = "mirror"
	podLabel       = "rewrite"
)

// drawSet draws a MirrorSet that gen reads, with a name of its own, so that nothing
// of another set can be taken for it; text is its file. Some select namespaces and Pods.
func drawSet(r *rand.Rand, name string) (set *spec.MirrorSet, text []byte, err error) {
	selects := func(label string) *spec.Selector {
		return &spec.Selector{MatchLabels: map[string]string{label: "yes"}}
	}
	for {
		set = mirrortest.RandomSet(r)
		set.Name = name
		switch r.Intn(6) {
		case 0:
			set.Spec.Scope.NamespaceSelector = selects(namespaceLabel)
		case 1:
			set.Spec.Scope.PodSelector = selects(podLabel)
		case 2:
			set.Spec.Scope.PodSelector = selects(podLabel)
			set.Spec.Constraint.HonourPodSelector = true
		}
		if text, err = document.Marshal(set.Object()); err != nil {
			return nil, nil, err
		}
		// A random set may ask for what a field's own rules refuse, as Docker Hub by http.
		if _, err := spec.Parse(name+".yaml", text); err == nil {
			return set, text, nil
		}
	}
}

// drawPod draws a Pod that an API server takes from somebody: a random one, mended
// where the server's own validation would refuse it. What a policy may stumble over,
// in images, annotations and pull secrets, stays.
func drawPod(r *rand.Rand, set *spec.MirrorSet) map[string]any {
	pod := mirrortest.RandomPod(r, set)
	metadata, body := pod["metadata"].(map[string]any), pod["spec"].(map[string]any)
	metadata["namespace"] = namespace
	if r.Intn(2) == 0 {
		metadata["labels"] = map[string]any{podLabel: []string{"yes", "no"}[r.Intn(2)]}
	}
	names := map[string]bool{}
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		mendContainers(r, set, body, list, names)
	}
	if items, _ := body["containers"].([]any); len(items) == 0 {
		body["containers"] = []any{container(r, set, names)}
	}
	mendVolumes(r, set, body)
	mendSecrets(body)
	return pod
}

// pullPolicy is every container's: the default goes by the image's tag, and so an
// update of the image alone would change what may not be changed.
const pullPolicy = "IfNotPresent"

// container is a new one with a random image.
func container(r *rand.Rand, set *spec.MirrorSet, names map[string]bool) map[string]any {
	return map[string]any{"name": named(nil, names), "image": drawImage(r, set), "imagePullPolicy": pullPolicy}
}

func mendContainers(r *rand.Rand, set *spec.MirrorSet, body map[string]any, list string, names map[string]bool) {
	value, has := body[list]
	if !has || value == nil {
		return
	}
	kept := []any{}
	items, _ := value.([]any)
	for _, item := range items {
		fields, ok := item.(map[string]any)
		if !ok {
			continue
		}
		fields["name"] = named(fields["name"], names)
		fields["image"] = mendImage(r, set, fields["image"])
		fields["imagePullPolicy"] = pullPolicy
		kept = append(kept, fields)
	}
	body[list] = kept
}

func mendVolumes(r *rand.Rand, set *spec.MirrorSet, body map[string]any) {
	items, ok := body["volumes"].([]any)
	if !ok {
		delete(body, "volumes")
		return
	}
	names := map[string]bool{}
	for _, item := range items {
		volume := item.(map[string]any)
		volume["name"] = named(volume["name"], names)
		value, has := volume["image"]
		if !has {
			continue
		}
		source, ok := value.(map[string]any)
		if !ok {
			source = map[string]any{}
			volume["image"] = source
		}
		source["reference"] = mendImage(r, set, source["reference"])
	}
}

// mendSecrets leaves in imagePullSecrets what has the type that a server demands.
func mendSecrets(body map[string]any) {
	items, ok := body["imagePullSecrets"].([]any)
	if !ok {
		delete(body, "imagePullSecrets")
		return
	}
	kept := []any{}
	for _, item := range items {
		if fields, ok := item.(map[string]any); ok {
			if _, ok := fields["name"].(string); ok {
				kept = append(kept, fields)
			}
		}
	}
	body["imagePullSecrets"] = kept
}

// label is what Kubernetes takes for the name of a container or a volume.
var label = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// named is the name where it is one that no other item has, or else a new one.
func named(name any, taken map[string]bool) string {
	text, _ := name.(string)
	for i := len(taken); !label.MatchString(text) || taken[text]; i++ {
		text = fmt.Sprintf("n%d", i)
	}
	taken[text] = true
	return text
}

// drawImage draws an image that an API server takes.
func drawImage(r *rand.Rand, set *spec.MirrorSet) string {
	return mendImage(r, set, mirrortest.RandomImage(r, set))
}

// mendImage makes of an image one that an API server takes: text, and neither empty
// nor with white space around it.
func mendImage(r *rand.Rand, set *spec.MirrorSet, image any) string {
	for {
		text, _ := image.(string)
		if text = strings.TrimSpace(strings.ToValidUTF8(text, "?")); text != "" {
			return text
		}
		image = mirrortest.RandomImage(r, set)
	}
}
