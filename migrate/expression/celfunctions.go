package expression

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// cel are CEL's functions and operators; a method's name begins with a dot, and
// what it is called on is its first argument.
func cel() []function {
	return append(append(celOperators(), celStrings()...), celImages()...)
}

func celOperators() []function {
	compareNumbers := func(name string, holds func(a, b int) bool) function {
		return function{name, 2, 2, -1, func(a []any) (any, error) {
			x, errX := whole(a[0])
			y, errY := whole(a[1])
			return holds(x, y), errors.Join(errX, errY)
		}}
	}
	different := equality(false)
	different.name = "!="
	return []function{
		equality(true), different,
		compareNumbers("<", func(a, b int) bool { return a < b }),
		compareNumbers("<=", func(a, b int) bool { return a <= b }),
		compareNumbers(">", func(a, b int) bool { return a > b }),
		compareNumbers(">=", func(a, b int) bool { return a >= b }),
		{"in", 2, 2, -1, func(a []any) (any, error) { return contains([]any{a[1], a[0]}) }},
		{"!", 1, 1, -1, func(a []any) (any, error) {
			yes, ok := a[0].(bool)
			if !ok {
				return nil, fmt.Errorf("%s stands where a boolean has to", kindOf(a[0]))
			}
			return !yes, nil
		}},
		{"+", 2, 2, -1, plus},
		{"-", 1, 2, -1, minus},
	}
}

func plus(a []any) (any, error) {
	switch x := a[0].(type) {
	case string:
		if y, ok := a[1].(string); ok {
			return x + y, nil
		}
	case int:
		if y, ok := a[1].(int); ok {
			return x + y, nil
		}
	case []any:
		if y, ok := a[1].([]any); ok && len(x)+len(y) < maxSteps {
			return append(append([]any(nil), x...), y...), nil
		}
	}
	return nil, fmt.Errorf("%s and %s are not added here", kindOf(a[0]), kindOf(a[1]))
}

func minus(a []any) (any, error) {
	x, err := whole(a[0])
	if err != nil || len(a) == 1 {
		return -x, err
	}
	y, err := whole(a[1])
	return x - y, err
}

func celStrings() []function {
	return []function{
		onTexts(".startsWith", 2, -1, func(s []string) (any, error) { return strings.HasPrefix(s[0], s[1]), nil }),
		onTexts(".endsWith", 2, -1, func(s []string) (any, error) { return strings.HasSuffix(s[0], s[1]), nil }),
		onTexts(".contains", 2, -1, func(s []string) (any, error) { return strings.Contains(s[0], s[1]), nil }),
		onPattern(".matches", 2, 1, func(re *regexp.Regexp, s []string) (any, error) { return re.MatchString(s[0]), nil }),
		onTexts(".lowerAscii", 1, -1, func(s []string) (any, error) { return strings.ToLower(s[0]), nil }),
		onTexts(".trim", 1, -1, func(s []string) (any, error) { return strings.TrimSpace(s[0]), nil }),
		onTexts(".indexOf", 2, -1, func(s []string) (any, error) { return runeIndex(s[0], strings.Index(s[0], s[1])), nil }),
		onTexts(".lastIndexOf", 2, -1, func(s []string) (any, error) { return runeIndex(s[0], strings.LastIndex(s[0], s[1])), nil }),
		onPattern("regex.replace", 3, 1, func(re *regexp.Regexp, s []string) (any, error) {
			with, err := goReplacement(s[1])
			if err != nil {
				return nil, err
			}
			return replaceAll(re, s[0], with, false)
		}),
		{".replace", 3, 4, -1, func(a []any) (any, error) {
			times := -1
			if len(a) == 4 {
				var err error
				if times, err = whole(a[3]); err != nil {
					return nil, err
				}
			}
			s, err := texts(a[:3])
			if err != nil {
				return nil, err
			}
			return replaced(s[0], s[1], s[2], times)
		}},
		{".split", 2, 3, -1, func(a []any) (any, error) {
			most := -1
			if len(a) == 3 {
				var err error
				if most, err = whole(a[2]); err != nil {
					return nil, err
				}
			}
			s, err := texts(a[:2])
			if err != nil {
				return nil, err
			}
			return anyList(strings.SplitN(s[0], s[1], most)), nil
		}},
		{".join", 1, 2, -1, func(a []any) (any, error) {
			if len(a) == 1 {
				return joinList(a[0], "")
			}
			return joinList(a[0], a[1])
		}},
		{".substring", 2, 3, -1, substring},
		{"size", 1, 1, -1, size},
		{".size", 1, 1, -1, size},
		{"string", 1, 1, -1, func(a []any) (any, error) { return asText(a[0]) }},
	}
}

// runeIndex counts characters, as CEL does, where Go counts bytes.
func runeIndex(text string, at int) int {
	if at < 0 {
		return at
	}
	return utf8.RuneCountInString(text[:at])
}

func substring(a []any) (any, error) {
	text, ok := a[0].(string)
	if !ok {
		return nil, fmt.Errorf("%s has no substring", kindOf(a[0]))
	}
	runes := []rune(text)
	from, err := whole(a[1])
	to := len(runes)
	if err == nil && len(a) == 3 {
		to, err = whole(a[2])
	}
	if err != nil {
		return nil, err
	}
	if from < 0 || to > len(runes) || from > to {
		return nil, fmt.Errorf("from %d to %d is out of the range of %d characters", from, to, len(runes))
	}
	return string(runes[from:to]), nil
}

// A celImage is what parseImageReference gives.
type celImage struct{ parts parts }

func celImages() []function {
	parse := func(name string) function {
		return onTexts(name, 1, -1, func(s []string) (any, error) {
			p, err := registryParts(s[0])
			return celImage{p}, err
		})
	}
	part := func(name string, of func(p parts) any) function {
		return function{name, 1, 1, -1, func(a []any) (any, error) {
			i, ok := a[0].(celImage)
			if !ok {
				return nil, fmt.Errorf("%s is no reference of an image", kindOf(a[0]))
			}
			return of(i.parts), nil
		}}
	}
	return []function{
		parse("parseImageReference"), parse("image"),
		onTexts("isImage", 1, -1, func(s []string) (any, error) {
			_, err := registryParts(s[0])
			return err == nil, nil
		}),
		part(".registry", func(p parts) any { return p.registry }),
		part(".repository", func(p parts) any { return p.repository }),
		part(".tag", func(p parts) any { return p.tag }),
		part(".digest", func(p parts) any { return p.digest }),
		part(".identifier", func(p parts) any { return p.identifier() }),
		part(".containsDigest", func(p parts) any { return p.digest != "" }),
	}
}
