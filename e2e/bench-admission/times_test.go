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
