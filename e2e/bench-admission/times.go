package main

import (
	"math"
	"slices"
	"time"
)

// times are how long calls took.
type times []time.Duration

// A pair is how long two like calls took, one right after the other: of a Pod in the
// policies' scope and of one out of it.
type pair struct{ in, out time.Duration }

// pairs are what was measured.
type pairs []pair

// in are the times in the policies' scope.
func (p pairs) in() times {
	var all times
	for _, pair := range p {
		all = append(all, pair.in)
	}
	return all
}

// over are the differences: what the policies took.
func (p pairs) over() times {
	var all times
	for _, pair := range p {
		all = append(all, pair.in-pair.out)
	}
	return all
}

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

// doubt is twice the standard error of the mean: what it lies within of the true one
// in 95 of 100 runs. 0 where there are fewer than two.
func (t times) doubt() float64 {
	if len(t) < 2 {
		return 0
	}
	mean, sum := t.mean(), 0.0
	for _, d := range t {
		sum += math.Pow(milliseconds(d)-mean, 2)
	}
	n := float64(len(t))
	return 2 * math.Sqrt(sum/(n-1)/n)
}

// percentile is the smallest time that so many percent of the calls did not exceed.
func (t times) percentile(percent int) float64 {
	if len(t) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(t))
	return milliseconds(sorted[max(0, (len(sorted)*percent+99)/100-1)])
}
