package migrate

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"mirrorgen.dev/gen/migrate/expression"
)

// listPath is a foreach's list: of a Pod, or of a workload's template.
var listPath = regexp.MustCompile(`^request\.object\.spec\.(?:template\.spec\.|jobTemplate\.spec\.template\.spec\.)?(containers|initContainers|ephemeralContainers)(?:\[\])?(?:\s*\|\|\s*(?:` + "`\\[\\]`" + `|\[\]|''))?$`)

// filterPath is a list of which the containers are taken that meet a condition.
var filterPath = regexp.MustCompile(`(?s)^(.*\b(?:containers|initContainers|ephemeralContainers))\[\?(.+)\]$`)

// listOf is the list of containers that a foreach goes over.
func listOf(text string) (string, bool) {
	found := listPath.FindStringSubmatch(bareList(text))
	if found == nil {
		return "", false
	}
	return found[1], true
}

func bareList(text string) string {
	text = strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(text, "{{"); ok {
		text = strings.TrimSpace(strings.TrimSuffix(inner, "}}"))
	}
	return text
}

// filteredList is listOf for a list with [?condition] behind it.
func filteredList(text string) (list string, when []condition, err error) {
	found := filterPath.FindStringSubmatch(bareList(text))
	if found != nil {
		text = found[1]
	}
	list, ok := listOf(text)
	if !ok {
		return "", nil, errors.New("is no list of containers that is read here, so that what the entry does is not carried over; a list is request.object.spec.containers, initContainers or ephemeralContainers")
	}
	if found == nil {
		return list, nil, nil
	}
	// Within the brackets a container's own fields are named.
	x, err := expression.Parse("{{"+found[2]+"}}", expression.Context{Variables: map[string]expression.Expr{"image": expression.Image()}})
	if err != nil {
		return "", nil, fmt.Errorf("%w; what the entry does to the containers that meet this condition is not carried over", err)
	}
	return list, []condition{celCondition{x}}, nil
}

// anchored reads the pattern of an anchor: alternatives with |, of what has to be
// met together with &, each with a ! before it where it is not to be met.
func anchored(text string) (condition, bool) {
	var either anyOf
	for _, alternative := range strings.Split(text, "|") {
		var together allOf
		for _, pattern := range strings.Split(alternative, "&") {
			pattern = strings.TrimSpace(pattern)
			operator := "Equals"
			if rest, negated := strings.CutPrefix(pattern, "!"); negated {
				operator, pattern = "NotEquals", rest
			}
			if pattern == "" || strings.ContainsAny(pattern, "<>{}$") {
				return nil, false
			}
			together = append(together, comparison{key: expression.Image(), operator: operator, values: []expression.Expr{expression.Constant(pattern)}})
		}
		either = append(either, together)
	}
	return either, true
}
