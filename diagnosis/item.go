package diagnosis

import (
	"slices"
	"strings"
)

// An Item is one message of an input, with what the input says around it.
type Item struct {
	// Message is the text; never empty.
	Message string
	// Reason is the event's or the container state's; empty in plain text.
	Reason string
	// Object is "namespace/name" of what the message is about, or the name alone
	// where it has no namespace; empty where it is not said.
	Object string
	// Namespace is Object's; empty where it is not said.
	Namespace string
	// Image is what the container was to run, where the input says so; it stands
	// in for an image that the message does not name.
	Image string
	// Count is how often the message was seen, at least 1.
	Count int
	// Line is the line of the input at which a plain text message stands, from 1;
	// 0 in other formats.
	Line int
	// Cut: the message was longer than MaxMessage, and its end was left out.
	Cut bool
}

// Diagnose is the finding of the item. The reason of an event outweighs its
// words: what a probe or a volume says is no pull failure.
func (i Item) Diagnose(language Language) Finding {
	if foreignReason(i.Reason) {
		return Finding{Message: Redact(i.Message), Remedy: []string{}}
	}
	f := Diagnose(i.Message, language)
	if f.Cause == NotAPullFailure && pullReason(i.Reason) {
		f = Diagnose(i.Reason+": "+i.Message, language)
		f.Message = Redact(i.Message)
	}
	if i.Cut && f.Note == "" {
		f.Note = textCut.In(language)
	}
	if f.Cause != NotAPullFailure && f.Image == "" && i.Image != "" {
		f = f.about(i.Image, language)
	}
	return f
}

// about is the finding with an image that the message itself does not name.
func (f Finding) about(ref string, language Language) Finding {
	f.Image = Redact(ref)
	if f.Host == "" && f.Cause != "short-name-ambiguous" {
		f.Host = registryOf(ref)
	}
	f.Remedy = []string{}
	f.explain(language)
	return f
}

// pullReason reports a reason that only a failed pull has.
func pullReason(reason string) bool {
	return slices.Contains([]string{"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "ImageInspectError", "RegistryUnavailable", "SignatureValidationFailed", "InspectFailed", "FailedToRetrieveImagePullSecret", "ImagePullFailed", "FailedPullImage", "PullImageFailed"}, reason)
}

// foreignReason reports a reason that no pull failure has.
func foreignReason(reason string) bool {
	return slices.Contains([]string{"Pulled", "Pulling", "Created", "Started", "Killing", "Scheduled", "FailedScheduling", "Unhealthy", "ProbeWarning", "ProbeError", "FailedMount", "FailedAttachVolume", "SuccessfulAttachVolume", "FailedMapVolume", "Evicted", "Preempting", "Preempted", "OOMKilling", "NodeNotReady", "NodeReady",
		"FailedCreate", "SuccessfulCreate", "SuccessfulDelete", "ScalingReplicaSet", "CrashLoopBackOff", "CreateContainerConfigError", "CreateContainerError", "RunContainerError", "ContainerCreating", "PodInitializing", "Completed", "FailedPostStartHook", "FailedPreStopHook", "NetworkNotReady", "DNSConfigForming", "TaintManagerEviction"}, reason)
}

// newItem tidies what a format gives; ok is false where there is no text.
func newItem(i Item) (Item, bool) {
	i.Message = strings.TrimRight(i.Message, "\r\n")
	if i.Count < 1 {
		i.Count = 1
	}
	if len(i.Message) > MaxMessage {
		i.Message, i.Cut = cutText(i.Message, MaxMessage), true
	}
	return i, strings.TrimSpace(i.Message) != ""
}

// object is how an Item names what it is about.
func object(namespace, name string) string {
	if namespace == "" || name == "" {
		return name
	}
	return namespace + "/" + name
}
