package agreement

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"unicode/utf8"

	"mirrorgen.dev/gen/harness/engine"
	"mirrorgen.dev/gen/harness/testcase"
)

// differs says in what a cluster's answer is not the wanted one; empty: in nothing.
func differs(target string, request engine.Request, want, got engine.Outcome) string {
	var found []string
	if got.Allowed != want.Allowed {
		found = append(found, fmt.Sprintf("allowed is %t, wanted %t", got.Allowed, want.Allowed))
	}
	if want.Allowed && got.Allowed && show(got.Object) != show(want.Object) {
		found = append(found, fmt.Sprintf("the object is\n%s\nwanted is\n%s", show(got.Object), show(want.Object)))
	}
	lists := []struct {
		name      string
		want, got []string
	}{{"messages", want.Messages, got.Messages}, {"warnings", want.Warnings, got.Warnings}, {"recorded", want.Recorded, got.Recorded}}
	for _, list := range lists {
		switch {
		case list.name == "warnings" && !want.Allowed && target == "kyverno":
			// Kyverno tells no warnings of a Pod that ClusterPolicies deny.
			list.want = nil
		case list.name == "warnings" && cutShort(list.want, list.got):
			continue
		case list.name == "recorded" && target != "kubernetes" && (request.Operation != engine.Create || request.SubResource != ""):
			// Kyverno's reports are read of new Pods alone; see cluster.
			continue
		}
		if !said(list.want, list.got) {
			found = append(found, fmt.Sprintf("%s are\n%s\nwanted are\n%s", list.name, bullets(list.got), bullets(list.want)))
		}
	}
	return strings.Join(found, "\n")
}

// said compares findings with messages that hold several of them; what a policy has
// no room for counts by its number.
func said(want, got []string) bool {
	got = testcase.FilledIn(want, apart(got))
	return len(want) == 0 && len(got) == 0 || reflect.DeepEqual(want, got)
}

func apart(messages []string) []string {
	var all []string
	for _, message := range messages {
		all = append(all, testcase.SplitFindings(message)...)
	}
	return all
}

// The API server cuts each warning of an answer down to 256 characters where they
// have more than 4096 together (k8s.io/apiserver, pkg/endpoints/filters/warning.go).
const (
	warningsLength   = 4096
	cutWarningLength = 256
)

// cutShort reports whether what is said is the beginning of what is wanted, where an
// API server says no more than that.
func cutShort(want, got []string) bool {
	whole := strings.Join(want, "; ")
	// What stands before the policy's own words counts too.
	const before = 200
	return len(got) == 1 && utf8.RuneCountInString(whole) > warningsLength-before && utf8.RuneCountInString(got[0]) <= cutWarningLength &&
		utf8.RuneCountInString(got[0]) > cutWarningLength-before && strings.HasPrefix(whole, got[0])
}

// bullets are messages, quoted: they may hold anything.
func bullets(lines []string) string {
	if len(lines) == 0 {
		return "  none"
	}
	var out strings.Builder
	for _, line := range lines {
		fmt.Fprintf(&out, "  - %q\n", line)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

// show prints a value for people, and for comparing: one side's numbers went
// through JSON.
func show(value any) string {
	text, err := json.MarshalIndent(value, "", " ")
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
