package target

import (
	"encoding/json"
	"strconv"
	"strings"
)

// jmesString encodes text as a JSON string that may stand in a JMESPath
// literal, between backticks, in a Kyverno policy. Beyond JSON's own escapes,
// four things are written as \u escapes, so that no value can say anything to
// the readers around the expression:
//   - the backtick, which would end the literal;
//   - "$" and "{", with which Kyverno's references, its variables and Flux's
//     substitutions begin;
//   - the first letter of "images": Kyverno looks for that word in the text of
//     a query, and where it stands after anything but a letter, a digit or a dot
//     (as in harbor.example.com/images) it parses every image of the Pod, and
//     fails the whole rule if one is invalid.
func jmesString(text string) (string, error) {
	encoded, err := json.Marshal(text)
	if err != nil {
		return "", err
	}
	return jmesEscapes.Replace(string(encoded)), nil
}

var jmesEscapes = strings.NewReplacer("`", `\u0060`, "$", `\u0024`, "{", `\u007b`, "images", `\u0069mages`)

// A jmesRow is one entry of a JSON object in an expression; its value is a
// string, or a list of strings.
type jmesRow struct {
	key    string
	values []string
	list   bool
}

// jmesTable encodes rows as the inside of a JSON object, one row a line and no
// indentation: Kyverno searches the text of a query on each request, so every
// byte costs time.
func jmesTable(rows []jmesRow) (string, error) {
	lines := make([]string, len(rows))
	for i, row := range rows {
		key, err := jmesString(row.key)
		if err != nil {
			return "", err
		}
		values := make([]string, len(row.values))
		for j, value := range row.values {
			if values[j], err = jmesString(value); err != nil {
				return "", err
			}
		}
		value := strings.Join(values, ",")
		if row.list {
			value = "[" + value + "]"
		}
		lines[i] = key + ":" + value
	}
	return strings.Join(lines, ",\n"), nil
}

// jmesProbes is the list of an image name's prefixes, the deepest first, given
// its components as q: what is looked up in a table whose keys have at most
// depth components.
func jmesProbes(depth int) string {
	var probes []string
	for n := depth; n > 1; n-- {
		probes = append(probes, "join('/',q[:"+strconv.Itoa(n)+"])")
	}
	return "[" + strings.Join(append(probes, "q[0]"), ",") + "]"
}
