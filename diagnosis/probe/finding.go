package probe

import (
	"strings"

	"mirrorgen.dev/gen/diagnosis"
)

// causeOf is causeOf the package, and for what only TLS has words for, what gen
// diagnose makes of them: a failure never goes without a cause. Other errors may
// quote what a server sent, so that nothing is read out of them.
func (p *prober) causeOf(err error) string {
	if cause := causeOf(err); cause != "" {
		return cause
	}
	for _, prefix := range []string{"tls: ", "remote error: tls: ", "local error: tls: ", "x509: "} {
		if !strings.HasPrefix(err.Error(), prefix) {
			continue
		}
		if cause := p.diagnose(err.Error()); cause != "" {
			return cause
		}
	}
	return causeUnknown
}

// diagnose asks gen diagnose for a cause; empty where it knows none.
func (p *prober) diagnose(message string) string {
	return diagnosis.Diagnose(message, p.lang).Cause
}

// finding says what is wrong with an address, or with an image at it, and what to
// do. The first failure decides, or the first warning where nothing failed.
func (p *prober) finding(steps []Step, t target, reference string) Finding {
	first, warning := firstCause(steps, Failed), false
	if first.Cause == "" {
		first, warning = firstCause(steps, Warning), true
	}
	cause := first.Cause
	f := Finding{Cause: cause, Remedy: []string{}, Change: []diagnosis.Change{}}
	switch {
	case cause == "":
		return f
	case cause == causeExpired && warning:
		f.Summary, f.Remedy = textSoonSummary.in(p.lang), []string{textSoonRemedy.in(p.lang)}
		return f
	case (cause == causeEOF || cause == causeReset) && (first.Step == stepTLS || first.Step == stepV2):
		// gen diagnose speaks of pulls, where layers end too early; here is none yet.
		f.Summary, f.Remedy = textClosedSummary.in(p.lang), []string{textClosedServer.in(p.lang), textClosedFilter.in(p.lang)}
		return f
	}
	switch cause {
	case causeUnknown:
		// gen diagnose says of it that a message has no detail; here there is one.
		f.Summary, f.Remedy = textUnknownSummary.in(p.lang), []string{textUnknownRemedy.in(p.lang)}
	case causeAddressRefused:
		f.Summary, f.Remedy = textRefusedSummary.in(p.lang), []string{textRefusedRemedy.in(p.lang)}
	case causeDigestDiffers:
		f.Summary, f.Remedy = textDiffersSummary.in(p.lang), []string{textDiffersStale.in(p.lang), textDiffersConverts.in(p.lang)}
	default:
		row := diagnosis.Explain(cause, t.host, reference, p.lang)
		f.Summary, f.Remedy = row.Summary, row.Remedy
	}
	f.Change = p.change(cause, t, reference)
	return f
}
