package cluster

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/document"
)

// errForeign marks a refusal that is no policy's.
var errForeign = errors.New("the API server refused, and no policy did")

// native is how the API server words what a ValidatingAdmissionPolicy denies or
// warns of (k8s.io/apiserver, plugin/policy/validating/dispatcher.go).
var native = struct{ denied, warned *regexp.Regexp }{
	regexp.MustCompile(`(?s)^.*?: ValidatingAdmissionPolicy '[^']+' with binding '[^']+' denied request: (.*)$`),
	regexp.MustCompile(`(?s)^Validation failed for ValidatingAdmissionPolicy '[^']+' with binding '[^']+': (.*)$`),
}

// webhook is how the API server words what a webhook denies.
var webhook = regexp.MustCompile(`(?s)^admission webhook "[^"]+" denied the request: (.*)$`)

// celFailed is how Kyverno words what a ValidatingPolicy denies or warns of, and
// classicWarned what a ClusterPolicy warns of (pkg/webhooks/resource/vpol/handler.go,
// pkg/webhooks/utils/warning.go).
var (
	celFailed     = regexp.MustCompile(`(?s)^Policy [a-z0-9.-]+ failed: (.*)$`)
	celNext       = regexp.MustCompile(`^; Policy [a-z0-9.-]+ (?:failed|error): `)
	classicWarned = regexp.MustCompile(`(?s)^policy [a-z0-9.-]+\.[a-z0-9.-]+: (.*)$`)
)

// blocked begins what Kyverno says of a request that ClusterPolicies deny; YAML
// follows, policy to rule to message (pkg/webhooks/utils/block.go).
const blocked = " was blocked due to the following policies \n\n"

// loop is what Kyverno puts before the message of a validate rule with foreach.
const loop = "validation failure: "

// unseen reports whether Kyverno refuses a request because its watch has not brought
// the request's namespace yet, which was made a moment ago.
func (p *place) unseen(message string) bool {
	return webhook.MatchString(message) && strings.Contains(message, fmt.Sprintf(" error: namespace %q not found", p.namespace))
}

// denial takes a refusal apart into the policies' own words.
func denial(message string) ([]string, error) {
	if found := native.denied.FindStringSubmatch(message); found != nil {
		return []string{found[1]}, nil
	}
	found := webhook.FindStringSubmatch(message)
	if found == nil {
		return nil, fmt.Errorf("%w: %s", errForeign, message)
	}
	if _, body, ok := strings.Cut(found[1], blocked); ok {
		return classic(body)
	}
	var words []string
	for _, part := range parts(found[1]) {
		inner := celFailed.FindStringSubmatch(part)
		if inner == nil {
			// "Policy x error: ..." is an engine that could not decide.
			return nil, fmt.Errorf("%w: %s", errForeign, message)
		}
		words = append(words, inner[1])
	}
	return words, nil
}

// parts are what Kyverno says of each policy. What stands between quotes is not
// looked at, so that no image can pose as the beginning of another policy's words.
func parts(text string) []string {
	var all []string
	quoted, start := false, 0
	for i := 0; i < len(text); i++ {
		switch {
		case quoted && text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case !quoted && celNext.MatchString(text[i:]):
			all = append(all, text[start:i])
			start = i + len("; ")
		}
	}
	return append(all, text[start:])
}

// classic reads the messages of ClusterPolicies in the order in which they are shown.
func classic(body string) ([]string, error) {
	parsed, err := document.NewReader("denial", strings.NewReader(body)).Next()
	if err != nil {
		return nil, fmt.Errorf("kyverno's denial is not understood: %w:\n%s", err, body)
	}
	failures, err := parsed.Object()
	if err != nil {
		return nil, fmt.Errorf("kyverno's denial is not understood: %w:\n%s", err, body)
	}
	var words []string
	for _, policy := range slices.Sorted(maps.Keys(failures)) {
		rules, _ := failures[policy].(map[string]any)
		for _, rule := range slices.Sorted(maps.Keys(rules)) {
			message, _ := rules[rule].(string)
			words = append(words, lines(strings.TrimPrefix(message, loop))...)
		}
	}
	if len(words) == 0 {
		return nil, fmt.Errorf("kyverno's denial holds no message:\n%s", body)
	}
	return words, nil
}

// warning is a warning in the policy's own words; one that is no policy's is left
// as it is.
func warning(text string) []string {
	for _, pattern := range []*regexp.Regexp{native.warned, celFailed} {
		if found := pattern.FindStringSubmatch(text); found != nil {
			return []string{found[1]}
		}
	}
	if found := classicWarned.FindStringSubmatch(text); found != nil {
		return lines(strings.TrimPrefix(found[1], loop))
	}
	return []string{text}
}

// lines are those of a message that holds one finding a line.
func lines(message string) []string {
	var all []string
	for line := range strings.Lines(message) {
		if line = strings.TrimRight(line, "\r\n"); strings.TrimSpace(line) != "" {
			all = append(all, line)
		}
	}
	return all
}
