package admission

import (
	"context"
	"errors"
	"fmt"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating"
)

// mutate runs all mutating policies in one dispatch, and once more where one of
// them changed the object: the API server's reinvoker, whose chain has other
// plugins, too, of which none is here. The second time those with
// reinvocationPolicy IfNeeded are run that were run before the last change.
func (s *Session) mutate(ctx context.Context, r *request, f *findings) (object map[string]any, allowed bool, err error) {
	if len(s.mutating) == 0 {
		return r.object, true, nil
	}
	o := &observation{findings: f}
	ctx = observing(ctx, o)
	attributes := r.attributes(r.object)
	dispatcher := mutating.NewDispatcher(noAuthorizer{o}, r.matcher(), s.engine.converters)
	err = dispatcher.Dispatch(ctx, attributes, s.objects, s.mutating)
	if reinvocation := attributes.GetReinvocationContext(); err == nil && reinvocation.ShouldReinvoke() {
		reinvocation.SetIsReinvoke()
		err = dispatcher.Dispatch(ctx, attributes, s.objects, s.mutating)
	}
	if o.broken != nil {
		return nil, false, o.broken
	}
	object = attributes.GetObject().(*unstructured.Unstructured).Object
	if err == nil {
		return object, true, nil
	}
	var status *apierrors.StatusError
	if !errors.As(err, &status) {
		return nil, false, err
	}
	f.messages = append(f.messages, s.refusals(status)...)
	return object, false, nil
}

// refusals are a refusal's messages, one for each policy that could not do its
// work, without the words that the plugin puts before them.
func (s *Session) refusals(status *apierrors.StatusError) (all []string) {
	// What the API server could not do has but one message.
	if status.ErrStatus.Details != nil && status.ErrStatus.Reason != metav1.StatusReasonInternalError {
		for _, cause := range status.ErrStatus.Details.Causes {
			all = append(all, s.unwrapped(cause.Message))
		}
	}
	if len(all) == 0 {
		all = append(all, status.ErrStatus.Message)
	}
	return all
}

// unwrapped takes off what generic.PolicyError.Error puts before a message.
func (s *Session) unwrapped(message string) string {
	for _, hook := range s.mutating {
		for _, binding := range hook.Bindings {
			if rest, ok := strings.CutPrefix(message, fmt.Sprintf("policy '%s' with binding '%s' denied request: ", hook.Policy.Name, binding.Name)); ok {
				return rest
			}
		}
		if rest, ok := strings.CutPrefix(message, fmt.Sprintf("policy %q denied request: ", hook.Policy.Name)); ok {
			return rest
		}
	}
	return message
}
