package diagnosis

import (
	"encoding/json"
	"strings"
)

// A kubeObject is what of a Kubernetes object may speak of a failed pull: of an
// Event of either API, of a Pod, of a list, of what a watch wraps them in.
type kubeObject struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Namespace string `json:"namespace"`
		Name      string `json:"name"`
	} `json:"metadata"`

	Items []json.RawMessage `json:"items"`
	// Object is the object of a watch's notification.
	Object json.RawMessage `json:"object"`

	Reason          string      `json:"reason"`
	Message         string      `json:"message"`
	Note            string      `json:"note"`
	Count           int         `json:"count"`
	DeprecatedCount int         `json:"deprecatedCount"`
	Series          *kubeSeries `json:"series"`
	InvolvedObject  *kubeTarget `json:"involvedObject"`
	Regarding       *kubeTarget `json:"regarding"`

	// Status is a Pod's; other kinds have other forms of it.
	Status json.RawMessage `json:"status"`
}

type kubeSeries struct {
	Count int `json:"count"`
}

type kubeTarget struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
}

type podStatus struct {
	InitContainerStatuses      []containerStatus `json:"initContainerStatuses"`
	ContainerStatuses          []containerStatus `json:"containerStatuses"`
	EphemeralContainerStatuses []containerStatus `json:"ephemeralContainerStatuses"`
}

type containerStatus struct {
	Name  string `json:"name"`
	Image string `json:"image"`
	State struct {
		Waiting    *containerState `json:"waiting"`
		Terminated *containerState `json:"terminated"`
	} `json:"state"`
}

type containerState struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

// knownFields are the fields of kubeObject; others are passed over unread.
func knownField(name string) bool {
	switch name {
	case "kind", "metadata", "object", "reason", "message", "note", "count", "deprecatedCount", "series", "involvedObject", "regarding", "status":
		return true
	}
	return false
}

// decodeObject reads an object; fields of another type than a cluster gives
// them are left empty.
func decodeObject(data []byte) kubeObject {
	var o kubeObject
	_ = json.Unmarshal(data, &o) // the text is valid JSON; only types can differ
	return o
}

// each hands the messages of an object to do.
func (o kubeObject) each(do func(Item) error) error {
	switch {
	case len(o.Object) > 0 && o.Object[0] == '{':
		return decodeObject(o.Object).each(do)
	case len(o.Items) > 0:
		for _, item := range o.Items {
			if err := decodeObject(item).each(do); err != nil {
				return err
			}
		}
		return nil
	case o.Kind == "Event", o.Kind == "" && (o.InvolvedObject != nil || o.Regarding != nil):
		return o.event(do)
	case o.Kind == "Pod", o.Kind == "":
		return o.pod(do)
	}
	return nil
}

// event hands over an event of v1 or of events.k8s.io.
func (o kubeObject) event(do func(Item) error) error {
	item := Item{Message: o.Message, Reason: o.Reason, Namespace: o.Metadata.Namespace, Count: max(o.Count, o.DeprecatedCount)}
	if item.Message == "" {
		item.Message = o.Note
	}
	if item.Message == "" {
		item.Message = o.Reason
	}
	if o.Series != nil {
		item.Count = max(item.Count, o.Series.Count)
	}
	for _, target := range []*kubeTarget{o.InvolvedObject, o.Regarding} {
		if target != nil && target.Name != "" {
			item.Namespace = target.Namespace
			item.Object = object(target.Namespace, target.Name)
		}
	}
	if item, ok := newItem(item); ok {
		return do(item)
	}
	return nil
}

// pod hands over the states of a Pod's containers.
func (o kubeObject) pod(do func(Item) error) error {
	var status podStatus
	if len(o.Status) == 0 || o.Status[0] != '{' {
		return nil
	}
	_ = json.Unmarshal(o.Status, &status) // as above
	for _, list := range [][]containerStatus{status.InitContainerStatuses, status.ContainerStatuses, status.EphemeralContainerStatuses} {
		for _, container := range list {
			for _, state := range []*containerState{container.State.Waiting, container.State.Terminated} {
				if state == nil {
					continue
				}
				item := Item{Message: stateText(state.Reason, state.Message), Reason: state.Reason, Image: container.Image,
					Namespace: o.Metadata.Namespace, Object: object(o.Metadata.Namespace, o.Metadata.Name)}
				if item, ok := newItem(item); ok {
					if err := do(item); err != nil {
						return err
					}
				}
			}
		}
	}
	return nil
}

// stateText is a container's state as kubelet's own messages write it.
func stateText(reason, message string) string {
	switch {
	case message == "":
		return reason
	case reason == "", strings.HasPrefix(message, reason):
		return message
	}
	return reason + ": " + message
}
