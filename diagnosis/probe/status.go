package probe

// A Status says how a step, an address or an image came out.
type Status string

// The four statuses, from best to worst but for Skipped, which is no answer.
const (
	// OK: asked, and as it should be.
	OK Status = "ok"
	// Warning: it works, and somebody should look at it.
	Warning Status = "warning"
	// Failed: a pull would fail here.
	Failed Status = "failed"
	// Skipped: not asked, and the detail says why.
	Skipped Status = "skipped"
)

// The names of the steps, in the order in which they are taken.
const (
	stepDNS         = "dns"
	stepTCP         = "tcp"
	stepTLS         = "tls"
	stepV2          = "v2"
	stepCredentials = "credentials"
	stepToken       = "token"
	stepManifest    = "manifest"
	stepDigest      = "digest"
)

// A Step is one question and its answer.
type Step struct {
	// Step is dns, tcp, tls, v2 and credentials for an address; token, manifest
	// and digest for an image.
	Step   string `json:"step"`
	Status Status `json:"status"`
	// Detail is the answer in words. It never repeats what a server sent, but for
	// names and digests whose form was checked.
	Detail string `json:"detail"`
	// Cause is why, by the ids of gen diagnose and the two of this package; empty
	// where nothing is wrong.
	Cause string `json:"cause"`
	// Milliseconds is how long the step took; nil where it was not measured.
	Milliseconds *int64 `json:"ms,omitempty"`
}

// worst is the status of a whole: failed if a part failed, else warning if a
// part warns, else ok if a part is ok, else skipped.
func worst(steps []Step) Status {
	rank := map[Status]int{Skipped: 0, OK: 1, Warning: 2, Failed: 3}
	status := Skipped
	for _, s := range steps {
		if rank[s.Status] > rank[status] {
			status = s.Status
		}
	}
	return status
}

// firstCause is the first step that has the status and a cause; the zero Step
// where none has.
func firstCause(steps []Step, status Status) Step {
	for _, s := range steps {
		if s.Status == status && s.Cause != "" {
			return s
		}
	}
	return Step{}
}
