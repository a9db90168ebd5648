package testcase

import (
	"context"
	"regexp"
	"strconv"
	"strings"

	"mirrorgen.dev/gen/harness/engine"
)

// joins are the engines whose policies, as they are generated, put all findings
// of an object into one message: an API server shows one message of a policy, and
// no warning of several lines, as those of kyverno's ClusterPolicies would be.
var joins = map[string]bool{"kyverno": true, "kyverno-cel": true, "kubernetes": true}

// Apart is the session of such an engine with policies that were generated: the one
// message of each is given as the findings that it was put together from. Other
// engines' sessions are returned as they are.
func Apart(name string, session engine.Session) engine.Session {
	if joins[name] {
		return splitting{session}
	}
	return session
}

// A splitting session takes those messages apart again.
type splitting struct{ engine.Session }

func (s splitting) Admit(ctx context.Context, request engine.Request) (engine.Outcome, error) {
	outcome, err := s.Session.Admit(ctx, request)
	for _, list := range []*[]string{&outcome.Messages, &outcome.Warnings, &outcome.Recorded} {
		var split []string
		for _, message := range *list {
			split = append(split, SplitFindings(message)...)
		}
		*list = split
	}
	return outcome, err
}

// SplitFindings takes a message of a generated policy apart: findings with "; "
// between them, each beginning with its place. What stands between quotes is not
// looked at, so that no image and no name can pose as a separator. Where the
// message says that there are more, the last one does: see unshown.
func SplitFindings(message string) []string {
	var findings []string
	quoted, start := false, 0
	for i := 0; i < len(message); i++ {
		switch {
		case quoted && message[i] == '\\':
			i++
		case message[i] == '"':
			quoted = !quoted
		case !quoted && strings.HasPrefix(message[i:], "; ") && beginsFinding(message[i+2:]):
			findings = append(findings, message[start:i])
			start = i + 2
		}
	}
	return append(findings, message[start:])
}

func beginsFinding(text string) bool {
	return strings.HasPrefix(text, "spec.") || strings.HasPrefix(text, "metadata.annotations[") || more.MatchString(text)
}

// more is how a generated policy ends a message that cannot hold every finding.
var more = regexp.MustCompile(`^(?:and ([0-9]+) more|([0-9]+) findings, too long to be shown)$`)

// FilledIn puts the wanted messages where an engine says that there are so many
// more than it can show. Of those only the number is held against the wants.
func FilledIn(want, got []string) []string {
	var out []string
	for _, line := range got {
		parts := more.FindStringSubmatch(line)
		if parts == nil {
			out = append(out, line)
			continue
		}
		n, err := strconv.Atoi(parts[1] + parts[2])
		if err != nil || len(out)+n > len(want) {
			// More than is wanted: it stands as it is, and differs.
			out = append(out, line)
			continue
		}
		out = append(out, want[len(out):len(out)+n]...)
	}
	return out
}
