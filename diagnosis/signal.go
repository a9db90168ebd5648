package diagnosis

// A signal is a place in a message that names a cause.
type signal struct {
	cause string
	rank  Rank
	at    span
}

// found reports a signal that names something.
func (s signal) found() bool { return s.cause != "" }

// specific reports a signal that says more than that a pull failed.
func (s signal) specific() bool { return s.found() && s.cause != causeGeneric }

// over reports whether s says more than other: by rank, then by how far in it
// ends, then by how much of the text it accounts for.
func (s signal) over(other signal) bool {
	switch {
	case !other.found():
		return true
	case s.rank != other.rank:
		return s.rank > other.rank
	case s.at.To != other.at.To:
		return s.at.To > other.at.To
	}
	return s.at.From < other.at.From
}

// innermost finds the signal that names the cause of a message; none where the
// message speaks of something else.
func innermost(n normal) signal {
	t := table()
	context := t.speech.of(n)
	if context.foreign {
		return signal{}
	}
	var best signal
	take := func(s signal) {
		if s.over(best) {
			best = s
		}
	}
	for _, a := range t.anchors {
		if a.ofPull && !context.pull {
			continue
		}
		if best.found() && a.rank < best.rank {
			continue
		}
		if at := a.phrase.last(n.low); at.found() {
			take(signal{cause: a.cause, rank: a.rank, at: at})
		}
	}
	for _, s := range statusSignals(n) {
		take(s)
	}
	if s := connectRefusal(n); s.found() {
		take(s)
	}
	if best.found() && best.rank < Verdict && !context.pull && !stands(n.low[:best.at.From]) {
		return signal{}
	}
	return best
}
