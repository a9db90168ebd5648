package diagnosis

import (
	"strings"
	"sync"
)

// NotAPullFailure is the Cause of a finding that is none: the message speaks of
// something else, or says nothing that is known.
const NotAPullFailure = ""

// A Finding is what one message comes to. Its JSON form is what gen diagnose
// prints; the first six fields are always there.
type Finding struct {
	// Message is the text as it was given, cut at MaxMessage, but for secrets in
	// it: see Redact.
	Message string `json:"message"`
	// Cause is the ID of a Cause; NotAPullFailure where the message is no pull failure.
	Cause string `json:"cause"`
	// Host is the registry, mirror or layer store that the message names, with a
	// port where one is written; empty: none is named.
	Host string `json:"host"`
	// Image is the reference that the message names, as written; empty: none is.
	Image string `json:"image"`
	// Summary says in one sentence what happened; empty without a cause.
	Summary string `json:"summary"`
	// Remedy is what to do, in order; empty without a cause, never nil.
	Remedy []string `json:"remedy"`
	// Sandbox: the image is that of the Pod's sandbox, which the node pulls for
	// itself.
	Sandbox bool `json:"sandbox,omitempty"`
	// Inner is the cause of the text inside one whose Cause is only how a runtime
	// sorts it (registry-unavailable); empty otherwise.
	Inner string `json:"inner,omitempty"`
	// Mirrors are the mirrors that were tried before Host, where the message says
	// how they failed.
	Mirrors []Attempt `json:"mirrors,omitempty"`
	// Note says what of the message was not read; empty: all of it was.
	Note string `json:"note,omitempty"`

	proxy string
}

// An Attempt is one host that failed before the last one.
type Attempt struct {
	Host  string `json:"host"`
	Cause string `json:"cause"`
}

// Diagnose reads one message, which may have several lines, and returns what it
// comes to; Cause is NotAPullFailure where it is no pull failure. It never
// fails, and the same message always gives the same finding. What Redact hides is
// not read either, so that no part of the finding can hold it.
func Diagnose(message string, language Language) Finding {
	f := Finding{Message: message, Remedy: []string{}}
	if len(message) > MaxMessage {
		f.Message = cutText(message, MaxMessage)
		f.Note = textCut.In(language)
	}
	f.Message = Redact(f.Message)
	n := normalize(f.Message, false)
	s := innermost(n)
	if !s.specific() && strings.Contains(f.Message, "\n") {
		// A terminal may have wrapped the text in the middle of a word.
		if joined := normalize(f.Message, true); joined.text != n.text {
			if again := innermost(joined); again.specific() {
				n, s = joined, again
			}
		}
	}
	if !s.found() {
		return f
	}
	last := n
	if mirrors, upstream, ok := splitMirrors(n); ok {
		// The mirrors' errors stand inside; what stands behind them failed last.
		if blockedPhrase().in(upstream.low) {
			// The source was not asked, so that the last mirror is what failed.
			upstream, mirrors = mirrors[len(mirrors)-1], mirrors[:len(mirrors)-1]
		}
		if t := innermost(upstream); t.specific() {
			last, s = upstream, t
		}
		f.Mirrors = attempts(mirrors)
	}
	f.Cause = s.cause
	f.Image = imageOf(n, s.cause != "invalid-image-name")
	f.Host = hostOf(last, s, f.Image)
	f.proxy = proxyOf(n)
	f.Sandbox = isSandbox(n)
	if f.Cause == "registry-unavailable" {
		f.Inner = innerCause(n, s)
	}
	f.explain(language)
	return f
}

// Explain words a cause that somebody else has established, with host and image
// where they are known. A cause that is not in the table gets no words.
func Explain(cause, host, ref string, language Language) Finding {
	f := Finding{Cause: cause, Host: host, Image: ref, Remedy: []string{}}
	f.explain(language)
	return f
}

// innerCause is the cause of what stands behind a signal.
func innerCause(n normal, s signal) string {
	rest := normalize("failed to pull image: "+n.text[s.at.To:], false)
	if inner := innermost(rest); inner.specific() && inner.cause != s.cause {
		return inner.cause
	}
	return ""
}

// splitMirrors takes CRI-O's and podman's account of mirrors apart:
// "(Mirrors also failed: [a: error] [b: error]): upstream: error".
func splitMirrors(n normal) (mirrors []normal, upstream normal, ok bool) {
	const mark, end = " also failed: [", "]): "
	at := strings.Index(n.low, mark)
	if at < 0 {
		return nil, normal{}, false
	}
	inside, behind, ok := strings.Cut(n.text[at+len(mark):], end)
	if !ok {
		return nil, normal{}, false
	}
	for _, part := range strings.Split(inside, "] [") {
		mirrors = append(mirrors, normalize("failed to pull image: "+part, false))
	}
	return mirrors, normalize("failed to pull image: "+behind, false), true
}

// blockedSource is how CRI-O and podman say that registries.conf keeps them from
// asking a registry.
const blockedSource = "registry * is blocked in"

var blockedPhrase = sync.OnceValue(func() phrase { return compile(blockedSource) })

// attempts diagnoses the mirrors' errors.
func attempts(mirrors []normal) []Attempt {
	var list []Attempt
	for _, m := range mirrors {
		if s := innermost(m); s.found() {
			list = append(list, Attempt{Host: hostOf(m, s, ""), Cause: s.cause})
		}
	}
	return list
}

// isSandbox reports that the image is the sandbox's.
func isSandbox(n normal) bool {
	for _, words := range []string{"sandbox image", "create pod sandbox", "createpodsandbox", "runpodsandbox", "creating pod sandbox"} {
		if strings.Contains(n.low, words) {
			return true
		}
	}
	return false
}

// cutText is at most length bytes of text, whole characters.
func cutText(text string, length int) string {
	for length > 0 && length < len(text) && text[length]&0xc0 == 0x80 {
		length--
	}
	return text[:min(length, len(text))]
}
