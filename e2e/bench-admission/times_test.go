package main

import (
	"testing"
	"time"
)

func TestPercentilesAreTimesThatWereMeasured(t *testing.T) {
	var hundred times
	for i := 100; i > 0; i-- {
		hundred = append(hundred, time.Duration(i)*time.Millisecond)
	}
	for _, row := range []struct {
		why     string
		of      times
		percent int
		want    float64
	}{
		{"half of a hundred", hundred, 50, 50},
		{"all but the slowest", hundred, 99, 99},
		{"of one, that one", times{7 * time.Millisecond}, 50, 7},
		{"of three, the middle one", times{3 * time.Millisecond, 1 * time.Millisecond, 2 * time.Millisecond}, 50, 2},
		{"of three, no more than the slowest", times{3 * time.Millisecond, 1 * time.Millisecond, 2 * time.Millisecond}, 99, 3},
		{"nothing was measured", nil, 50, 0},
	} {
		if got := row.of.percentile(row.percent); got != row.want {
			t.Errorf("%s: got %v, wanted %v", row.why, got, row.want)
		}
	}
}

func TestTheMeanIsOverAllCalls(t *testing.T) {
	if got := (times{time.Millisecond, 4 * time.Millisecond}).mean(); got != 2.5 {
		t.Errorf("got %v", got)
	}
	if got := (times(nil)).mean(); got != 0 {
		t.Errorf("of nothing: got %v", got)
	}
}

func TestTheDoubtShrinksWithWhatIsMeasured(t *testing.T) {
	few := times{1 * time.Millisecond, 3 * time.Millisecond}
	// The deviation is the root of 2, that of the mean 1, twice that 2.
	if got := few.doubt(); got < 1.999 || got > 2.001 {
		t.Errorf("of 1 and 3: got %v, wanted 2", got)
	}
	var many times
	for range 50 {
		many = append(many, few...)
	}
	if got := many.doubt(); got > 0.25 {
		t.Errorf("fifty times 1 and 3: got %v", got)
	}
	if got := few[:1].doubt(); got != 0 {
		t.Errorf("of one: got %v", got)
	}
}

func TestAPairIsComparedWithItself(t *testing.T) {
	// The machine was ten times as slow for the second pair; what the policies add is
	// told from each pair, not from the sums of others.
	p := pairs{{in: 3 * time.Millisecond, out: 1 * time.Millisecond}, {in: 12 * time.Millisecond, out: 10 * time.Millisecond}}
	if got := p.over().mean(); got != 2 {
		t.Errorf("over: got %v, wanted 2", got)
	}
	if got := p.over().doubt(); got != 0 {
		t.Errorf("doubt: got %v, wanted 0", got)
	}
	if got := p.in().mean(); got != 7.5 {
		t.Errorf("in: got %v, wanted 7.5", got)
	}
}
