package target

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// celExpressionLimit is how many code points an expression is given at most. The
// CEL parser of the API server and of Kyverno takes 100,000.
const celExpressionLimit = 90_000

// A celTable is a map of prefixes in CEL, in as many variables as its size takes.
type celTable struct {
	// Parts are map literals, each for a variable of its own; never empty.
	Parts []celVariable
}

// A celRow is one entry: a prefix and an expression of its value.
type celRow struct{ prefix, value string }

// newCelTable makes the table's variables: name, name2, name3 and so on.
func newCelTable(name string, rows []celRow) celTable {
	var t celTable
	var lines []string
	size := 0
	flush := func() {
		part := celVariable{Name: name, Expression: "{}"}
		if len(t.Parts) > 0 {
			part.Name += strconv.Itoa(len(t.Parts) + 1)
		}
		if len(lines) > 0 {
			part.Expression = "{" + strings.Join(lines, ",\n ") + "}"
		}
		t.Parts = append(t.Parts, part)
		lines, size = nil, 0
	}
	for _, row := range rows {
		line := celString(row.prefix) + ": " + row.value
		if size += utf8.RuneCountInString(line) + 3; size > celExpressionLimit {
			flush()
			size = utf8.RuneCountInString(line) + 3
		}
		lines = append(lines, line)
	}
	if len(lines) > 0 || len(t.Parts) == 0 {
		flush()
	}
	return t
}

// holds is an expression: whether the table has the key.
func (t celTable) holds(key string) string {
	var tests []string
	for _, part := range t.Parts {
		tests = append(tests, key+" in variables."+part.Name)
	}
	if len(tests) == 1 {
		return tests[0]
	}
	return "(" + strings.Join(tests, " || ") + ")"
}

// at is an expression: the value of a key that the table has.
func (t celTable) at(key string) string {
	last := len(t.Parts) - 1
	value := "variables." + t.Parts[last].Name + "[" + key + "]"
	for i := last - 1; i >= 0; i-- {
		name := "variables." + t.Parts[i].Name
		value = "(" + key + " in " + name + " ? " + name + "[" + key + "] : " + value + ")"
	}
	return value
}

// probe is an expression: the longest prefix of name, which is one, that the
// table has at one of the depths; "" where it has none.
func (t celTable) probe(name string, depths []int) string {
	var probe strings.Builder
	for i := len(depths) - 1; i >= 0; i-- {
		prefix := celPrefix(name, depths[i])
		probe.WriteString(t.holds(prefix) + " ? " + prefix + " : ")
	}
	return probe.String() + "''"
}

// route is an expression: the image at the mirror that the table's longest prefix
// of it leads to; "" where it is left alone. host and path are expressions of the
// host with its slash, as which hosts stand in the table, and of what follows.
func (t celTable) route(host, path string, depths []int) string {
	name := "(" + host + " + " + path + ")"
	var route strings.Builder
	for i := len(depths) - 1; i >= 0; i-- {
		if depths[i] == 1 {
			// A host that is left alone has no row.
			route.WriteString(t.holds(host) + " ? " + t.at(host) + " + " + path + " : ")
			continue
		}
		prefix := celPrefix(name, depths[i])
		route.WriteString(t.holds(prefix) + " ? (" + t.at(prefix) + " == '' ? '' : " + t.at(prefix) + " + " + name + ".substring(size(" + prefix + "))) : ")
	}
	return route.String() + "''"
}

// celPrefix is an expression: the first components of a name without tag and
// digest, the host included; "" where it has fewer.
func celPrefix(name string, depth int) string {
	switch depth {
	case 1:
		return name + ".substring(0, " + name + ".indexOf('/'))"
	case 2:
		return name + ".find('^[^/]+/[^/]+')"
	}
	return name + ".find('^[^/]+(?:/[^/]+){" + strconv.Itoa(depth-1) + "}')"
}

// depths are the numbers of components that the prefixes have, ascending.
func depths(prefixes []string) []int {
	var has []bool
	for _, prefix := range prefixes {
		depth := 1 + strings.Count(prefix, "/")
		for len(has) <= depth {
			has = append(has, false)
		}
		has[depth] = true
	}
	var out []int
	for depth, there := range has {
		if there {
			out = append(out, depth)
		}
	}
	return out
}
