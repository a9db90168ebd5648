package admission

import (
	"context"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/cel/mutation"
)

// jsonPatcher is the plugin's JSON patcher, spared the detour of the object over
// its text where all that a patch does is to put strings in the place of strings.
// Any other patch, and every error, is left to the plugin's.
type jsonPatcher struct {
	evaluator cel.MutatingEvaluator
	plugin    patch.Patcher
}

func newJSONPatcher(evaluator cel.MutatingEvaluator) patch.Patcher {
	return jsonPatcher{evaluator, patch.NewJSONPatcher(repeated{evaluator})}
}

// Patch implements patch.Patcher.
func (p jsonPatcher) Patch(ctx context.Context, request patch.Request, budget int64) (runtime.Object, error) {
	attributes := request.VersionedAttributes
	review := cel.CreateAdmissionRequest(attributes.Attributes, metav1.GroupVersionResource(request.MatchedResource), metav1.GroupVersionKind(attributes.VersionedKind))
	e := evaluation{}
	e.result, e.left, e.err = p.evaluator.ForInput(ctx, attributes, review, request.OptionalVariables, request.Namespace, budget)
	if object, ok := attributes.VersionedObject.(*unstructured.Unstructured); ok && e.err == nil && e.result.Error == nil {
		if made, ok := replaced(object.Object, e.result.EvalResult); ok {
			return &unstructured.Unstructured{Object: made}, nil
		}
	}
	observed(ctx).evaluation = e
	return p.plugin.Patch(ctx, request, budget)
}

// An evaluation is what a mutation's expression came to.
type evaluation struct {
	result cel.EvaluationResult
	left   int64
	err    error
}

// repeated says once more what has just been evaluated.
type repeated struct{ cel.MutatingEvaluator }

func (r repeated) ForInput(ctx context.Context, _ *admission.VersionedAttributes, _ *admissionv1.AdmissionRequest,
	_ cel.OptionalVariableBindings, _ *corev1.Namespace, _ int64) (cel.EvaluationResult, int64, error) {
	e := observed(ctx).evaluation
	return e.result, e.left, e.err
}

// replaced applies a patch that only replaces strings; the object itself stays as
// it is and shares with what is made all that is not replaced. false: the patch
// does something else, or may fail.
func replaced(object map[string]any, value ref.Val) (map[string]any, bool) {
	list, ok := value.(traits.Lister)
	if !ok {
		return nil, false
	}
	// Where nothing is replaced the object is the same.
	made, own := object, map[string]bool{}
	for it := list.Iterator(); it.HasNext() == types.True; {
		native, err := it.Next().ConvertToNative(reflect.TypeFor[*mutation.JSONPatchVal]())
		operation, ok := native.(*mutation.JSONPatchVal)
		if err != nil || !ok || operation.Op != "replace" || operation.From != "" {
			return nil, false
		}
		text, ok := operation.Val.(types.String)
		if !ok || !utf8.ValidString(string(text)) {
			return nil, false
		}
		if made, ok = replace(made, own, operation.Path, string(text)); !ok {
			return nil, false
		}
	}
	return made, true
}

// replace puts a text in the place of the one at a JSON pointer. own are the paths
// of the maps and lists that are no longer shared with the object that came in.
func replace(object map[string]any, own map[string]bool, pointer, text string) (map[string]any, bool) {
	// What would have to be escaped or unescaped is not for this.
	if !strings.HasPrefix(pointer, "/") || strings.ContainsFunc(pointer, func(r rune) bool { return r < ' ' || r > '~' || r == '~' || r == '"' || r == '\\' }) {
		return nil, false
	}
	tokens := strings.Split(pointer[1:], "/")
	if tokens[0] == "apiVersion" || tokens[0] == "kind" {
		return nil, false // what they become decides whether the object can be read
	}
	if !own[""] {
		object, own[""] = maps.Clone(object), true
	}
	var at any = object
	path := ""
	for i, token := range tokens {
		next, put, ok := step(at, token)
		if !ok {
			return nil, false
		}
		if i == len(tokens)-1 {
			if _, isText := next.(string); !isText {
				return nil, false
			}
			put(text)
			break
		}
		path += "/" + token
		if !own[path] {
			switch typed := next.(type) {
			case map[string]any:
				next = maps.Clone(typed)
			case []any:
				next = slices.Clone(typed)
			}
			put(next)
			own[path] = true
		}
		at = next
	}
	return object, true
}

// step is what a token of a pointer leads to, and how it is replaced; false:
// nothing is there.
func step(at any, token string) (next any, put func(any), ok bool) {
	switch typed := at.(type) {
	case map[string]any:
		next, ok = typed[token]
		return next, func(value any) { typed[token] = value }, ok
	case []any:
		index, err := strconv.Atoi(token)
		if err != nil || strconv.Itoa(index) != token || index < 0 || index >= len(typed) {
			return nil, nil, false
		}
		return typed[index], func(value any) { typed[index] = value }, true
	}
	return nil, nil, false
}
