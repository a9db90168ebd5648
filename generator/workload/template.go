// Package workload finds the Pod template and the images in an object, as
// plain data, so that fields that no Go type knows yet stay as they are.
package workload

// podTemplates maps the built-in workload kinds to the path of their Pod
// template; a Pod is its own.
var podTemplates = map[string][]string{
	"v1/Pod":                   {},
	"v1/ReplicationController": {"spec", "template"},
	"apps/v1/Deployment":       {"spec", "template"},
	"apps/v1/StatefulSet":      {"spec", "template"},
	"apps/v1/DaemonSet":        {"spec", "template"},
	"apps/v1/ReplicaSet":       {"spec", "template"},
	"batch/v1/Job":             {"spec", "template"},
	"batch/v1/CronJob":         {"spec", "jobTemplate", "spec", "template"},
}

// PodTemplate returns the part of the object that holds a Pod's metadata and
// spec: the object itself for a Pod, the template for a built-in workload. ok
// is false for every other kind, and for a workload without a template. isPod
// tells the two apart.
func PodTemplate(object map[string]any) (template map[string]any, isPod, ok bool) {
	path, known := podTemplates[KindOf(object)]
	if !known {
		return nil, false, false
	}
	template = object
	for _, field := range path {
		if template, ok = template[field].(map[string]any); !ok {
			return nil, false, false
		}
	}
	return template, len(path) == 0, true
}

// KindOf is apiVersion and kind with a slash between.
func KindOf(object map[string]any) string {
	version, _ := object["apiVersion"].(string)
	kind, _ := object["kind"].(string)
	return version + "/" + kind
}

// Namespace is metadata.namespace, or "default" where it is unset, as kubectl
// submits it.
func Namespace(object map[string]any) string {
	metadata, _ := object["metadata"].(map[string]any)
	if namespace, _ := metadata["namespace"].(string); namespace != "" {
		return namespace
	}
	return "default"
}

// Labels are the labels in an object's metadata; values that are no strings are
// left out, as no API server admits them.
func Labels(object map[string]any) map[string]string {
	metadata, _ := object["metadata"].(map[string]any)
	values, _ := metadata["labels"].(map[string]any)
	out := make(map[string]string, len(values))
	for key, value := range values {
		if text, ok := value.(string); ok {
			out[key] = text
		}
	}
	return out
}

// mirrorAnnotation marks the API server's picture of a static Pod, which the
// node runs from a file whatever the API server says. A user who sets it gains
// nothing: a kubelet deletes such an object unless it runs that static Pod.
const mirrorAnnotation = "kubernetes.io/config.mirror"

// IsStaticPodMirror reports whether the object shows a static Pod.
func IsStaticPodMirror(object map[string]any) bool {
	metadata, _ := object["metadata"].(map[string]any)
	annotations, _ := metadata["annotations"].(map[string]any)
	// Nothing but a string is an annotation to an API server.
	_, ok := annotations[mirrorAnnotation].(string)
	return ok
}
