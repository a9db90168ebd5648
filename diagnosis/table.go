package diagnosis

import (
	"slices"
	"sync"
)

// A compiledAnchor is an anchor ready to be searched for.
type compiledAnchor struct {
	cause  string
	phrase phrase
	rank   Rank
	ofPull bool
}

// A compiled table is the causes with their anchors taken apart. It is never
// changed once made.
type compiled struct {
	causes  []Cause
	anchors []compiledAnchor
	speech  speech
}

// table compiles the causes once: a file of events asks for them a million times.
var table = sync.OnceValue(func() *compiled {
	t := &compiled{causes: Causes(), speech: compileSpeech()}
	for _, c := range t.causes {
		for _, a := range c.Anchors {
			t.anchors = append(t.anchors, compiledAnchor{cause: c.ID, phrase: compile(a.Text), rank: a.Rank, ofPull: a.OfPull})
		}
	}
	// The highest ranks first: once one is found, lower ones need no search.
	slices.SortStableFunc(t.anchors, func(a, b compiledAnchor) int { return int(b.rank - a.rank) })
	return t
})
