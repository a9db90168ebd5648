package main

import (
	"slices"
	"strings"
	"testing"
)

func TestOnlyTheNamedSetupsAreMeasured(t *testing.T) {
	const spec = "../../policies/mirrors.yaml"
	all, err := setups(spec, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		why, only string
		want      []string
		says      string
	}{
		{"none is named", "", names(all), ""},
		{"some, in the order in which they are named", "kubernetes: rewrite,no policy", []string{"kubernetes: rewrite", "no policy"}, ""},
		{"one that does not exist would measure nothing", "kubernetes", nil, "-only: kubernetes: there is no such setup; there are: no policy, "},
	} {
		got, err := setups(spec, row.only)
		if row.says != "" {
			if err == nil || !strings.HasPrefix(err.Error(), row.says) {
				t.Errorf("%s: got %v, want %s", row.why, err, row.says)
			}
			continue
		}
		if err != nil || !slices.Equal(names(got), row.want) {
			t.Errorf("%s: got %q, %v, want %q", row.why, names(got), err, row.want)
		}
	}
}

// TestAPodIsCheckedWhereItIsMade: what does nothing is quick, and so is what acts
// where it should not.
func TestAPodIsCheckedWhereItIsMade(t *testing.T) {
	upstream, mirrored := pod("a", "b"), pod("a", "b")
	for _, list := range []string{"initContainers", "containers"} {
		for _, item := range mirrored["spec"].(map[string]any)[list].([]any) {
			container := item.(map[string]any)
			container["image"] = "mirror.example.com/" + container["image"].(string)
		}
	}
	for _, row := range []struct {
		why     string
		pod     map[string]any
		want    bool
		refused bool
	}{
		{"in scope, rewritten", mirrored, true, false},
		{"in scope, as it came", upstream, true, true},
		{"out of scope, as it came", upstream, false, false},
		{"out of scope, rewritten", mirrored, false, true},
	} {
		if err := check(row.pod, row.want); (err != nil) != row.refused {
			t.Errorf("%s: %v", row.why, err)
		}
	}
}
