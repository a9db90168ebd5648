package main

import (
	"slices"
	"time"
)

// times are how long calls took.
type times []time.Duration

// milliseconds is a duration as it is printed.
func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// mean is 0 where nothing was measured.
func (t times) mean() float64 {
	var sum time.Duration
	for _, d := range t {
		sum += d
	}
	if len(t) == 0 {
		return 0
	}
	return milliseconds(sum) / float64(len(t))
}

// percentile is the smallest time that so many percent of the calls did not exceed.
func (t times) percentile(percent int) float64 {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	return milliseconds(sorted[max(0, (len(sorted)*percent+99)/100-1)])
}
