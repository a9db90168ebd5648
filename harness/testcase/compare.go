package testcase

import (
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/mirror"
)

// equal compares two decoded values. Numbers are equal by value: one side may
// have gone through JSON, which has one kind of number.
func equal(a, b any) bool {
	switch a := a.(type) {
	case map[string]any:
		b, ok := b.(map[string]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for key, value := range a {
			other, ok := b[key]
			if !ok || !equal(value, other) {
				return false
			}
		}
		return true
	case []any:
		b, ok := b.([]any)
		if !ok || len(a) != len(b) {
			return false
		}
		for i := range a {
			if !equal(a[i], b[i]) {
				return false
			}
		}
		return true
	case int64:
		switch b := b.(type) {
		case int64:
			return a == b
		case float64:
			return float64(a) == b
		}
		return false
	case float64:
		switch b := b.(type) {
		case float64:
			return a == b
		case int64:
			return a == float64(b)
		}
		return false
	}
	return a == b
}

// diffObjects is a unified diff from the wanted to the actual objects; empty
// where they are equal.
func diffObjects(name string, want, got []map[string]any) (string, error) {
	same := len(want) == len(got)
	for i := 0; same && i < len(want); i++ {
		same = equal(want[i], got[i])
	}
	if same {
		return "", nil
	}
	wantText, err := document.Stream(want)
	if err != nil {
		return "", err
	}
	gotText, err := document.Stream(got)
	if err != nil {
		return "", err
	}
	return udiff.Unified(name, "admitted", string(wantText), string(gotText)), nil
}

// diffLines is a unified diff from the wanted to the actual messages; empty
// where each message is the wanted one, in order. A pattern that matches shows
// as the message it matched, and so does what an engine says it has no room for.
func diffLines(name string, want []Line, got []string) string {
	got = filledIn(want, got)
	same := len(want) == len(got)
	for i := 0; same && i < len(want); i++ {
		same = want[i].Matches(got[i])
	}
	if same {
		return ""
	}
	var wantText strings.Builder
	for i, line := range want {
		text := line.Text
		if i < len(got) && line.Matches(got[i]) {
			text = got[i]
		}
		wantText.WriteString(text + "\n")
	}
	gotText := strings.Join(got, "\n")
	if gotText != "" {
		gotText += "\n"
	}
	return udiff.Unified(name, "said", wantText.String(), gotText)
}

// filledIn is FilledIn for wanted lines.
func filledIn(want []Line, got []string) []string {
	texts := make([]string, len(want))
	for i, line := range want {
		texts[i] = line.Text
	}
	return FilledIn(texts, got)
}

// expand fills ${mirror:NAME} in a want with the mirror's address, so that one
// want serves every environment that an overlay builds.
func expand(text string, plans []*mirror.Plan) (string, error) {
	const start = "${mirror:"
	var out strings.Builder
	for {
		before, rest, found := strings.Cut(text, start)
		out.WriteString(before)
		if !found {
			return out.String(), nil
		}
		name, after, closed := strings.Cut(rest, "}")
		if !closed {
			return "", fmt.Errorf("%q: is not closed by }", start)
		}
		address, known := "", false
		for _, plan := range plans {
			if m, ok := plan.Mirrors[name]; ok {
				if known && m.Address != address {
					return "", fmt.Errorf("${mirror:%s}: several MirrorSets have a mirror of that name; write the address out", name)
				}
				address, known = m.Address, true
			}
		}
		if len(plans) == 0 {
			return "", fmt.Errorf("${mirror:%s}: mirrors are read from Gatekeeper's constraints, and the policies hold none; write the address out", name)
		}
		if !known {
			return "", fmt.Errorf("${mirror:%s}: no such mirror in the policies", name)
		}
		out.WriteString(address)
		text = after
	}
}

// expandObject fills every string of a wanted object.
func expandObject(value any, plans []*mirror.Plan) (any, error) {
	switch v := value.(type) {
	case string:
		if !strings.Contains(v, "${mirror:") {
			return v, nil
		}
		return expand(v, plans)
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, item := range v {
			expanded, err := expandObject(item, plans)
			if err != nil {
				return nil, err
			}
			out[key] = expanded
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, item := range v {
			expanded, err := expandObject(item, plans)
			if err != nil {
				return nil, err
			}
			out[i] = expanded
		}
		return out, nil
	}
	return value, nil
}
