package admission

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/kyverno/kyverno/api/kyverno"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
)

// generateLabels begin the labels by which Kyverno finds what it generated.
const generateLabels = "generate.kyverno.io/"

// complete gives an object what an API server would have given it, as far as
// Kyverno asks for it: a UID (Kyverno labels what it generates with the trigger's)
// and a Namespace's own name as a label. plain takes it away again.
func complete(object *unstructured.Unstructured) {
	if object.GetUID() == "" {
		object.SetUID(madeUpUID(object))
	}
	if isNamespace(object) && object.GetLabels()[corev1.LabelMetadataName] == "" {
		setLabel(object, corev1.LabelMetadataName, object.GetName())
	}
}

func isNamespace(object *unstructured.Unstructured) bool {
	return object.GroupVersionKind() == corev1.SchemeGroupVersion.WithKind("Namespace")
}

// madeUpUID is always the same for an object of that kind and name.
func madeUpUID(object *unstructured.Unstructured) types.UID {
	sum := sha256.Sum256([]byte(strings.Join([]string{object.GetAPIVersion(), object.GetKind(), object.GetNamespace(), object.GetName()}, "\n")))
	text := hex.EncodeToString(sum[:16])
	return types.UID(strings.Join([]string{text[:8], text[8:12], text[12:16], text[16:20], text[20:]}, "-"))
}

func setLabel(object *unstructured.Unstructured, name, value string) {
	all := object.GetLabels()
	if all == nil {
		all = map[string]string{}
	}
	all[name] = value
	object.SetLabels(all)
}

// systemFields of the metadata are the API server's: what a client sends there is
// not taken.
var systemFields = []string{"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds", "generation", "managedFields", "selfLink"}

// plain is a copy of an object without what complete and Kyverno's bookkeeping put
// there: what the object was given with stays as it was given, and the rest of it
// is left out. given is nil for an object that is new.
func plain(given map[string]any, object *unstructured.Unstructured) map[string]any {
	made := object.DeepCopy().Object
	metadata, _ := made["metadata"].(map[string]any)
	if metadata == nil {
		return made
	}
	had, _ := given["metadata"].(map[string]any)
	if had["uid"] == nil {
		delete(metadata, "uid")
	} else {
		metadata["uid"] = had["uid"]
	}
	if given != nil && had["namespace"] == nil {
		delete(metadata, "namespace")
	}
	now, _ := metadata["labels"].(map[string]any)
	was, _ := had["labels"].(map[string]any)
	for name, value := range now {
		old, ok := was[name]
		switch {
		case strings.HasPrefix(name, generateLabels):
			if ok {
				now[name] = old
			} else {
				delete(now, name)
			}
		case name == kyverno.LabelAppManagedBy && value == kyverno.ValueKyvernoApp && old != value,
			name == corev1.LabelMetadataName && isNamespace(object) && !ok:
			delete(now, name)
		}
	}
	for name, old := range was {
		// Kyverno replaces all labels of what it overwrites.
		if strings.HasPrefix(name, generateLabels) {
			if now == nil {
				now = map[string]any{}
				metadata["labels"] = now
			}
			now[name] = old
		}
	}
	// An empty map stays where one was given.
	if len(now) == 0 && (had["labels"] == nil || len(was) > 0) {
		delete(metadata, "labels")
	}
	return made
}
