package target

import (
	"strings"

	"mirrorgen.dev/gen/generator/mirror"
)

// findings says which of the constraint's findings a policy reports.
type findings int

const (
	_ findings = iota
	// denials are what is refused.
	denials
	// warnings are what never denies.
	warnings
	// everything is both, where nothing is refused anyway.
	everything
)

// findingsExpression is what is wrong with one image, as the parts of the
// message behind the image; the first that applies, as in mirror.Judge. It
// reads, of one image: k its place, name and text, a the registry as written, q
// the name's components, v whether it is a reference, w the mirror concerned, o
// its name after the rewrite or "", g that name's components, x tag and digest.
func findingsExpression(plan *mirror.Plan, which findings) (string, error) {
	limited := len(plan.AllowRegistries) > 0
	notHeld := "v&&!o&&w&&[' is not served by mirror ',w]"
	allowed, list := "", ""
	if limited {
		var err error
		if allowed, list, err = allowedExpression(plan.Allowed()); err != nil {
			return "", err
		}
	}
	if which == warnings {
		if limited {
			notHeld = "v&&!o&&w&&" + allowed + "&&[' is not served by mirror ',w]"
		}
		return notHeld, nil
	}
	const cannot = "[' cannot be rewritten to mirror ',w,': "
	lines := []string{
		"!v&&[type(k[4])=='string'&&' is not a valid reference'||'is missing or not a string']",
		"||o&&(!g[1]&&" + cannot + `nothing would be left but the host "',o,'"']`,
		"||g[0]=='docker.io'&&!g[2]&&" + cannot + `"',o,'" would be read as "docker.io/library/',g[1],'"']`,
		"||length(join('/',g[1:]))>`255`&&" + cannot + "the repository would be longer than 255 characters']",
		`||[' (',a,'/',join('/',q[1:]),x,') must be "',o,x,'"'])`,
	}
	switch {
	case which == everything:
		lines = append(lines, "||w&&[' is not served by mirror ',w]")
	case limited:
		lines = append(lines, "||w&&!"+allowed+"&&[' is not served by mirror ',w]")
	}
	if limited {
		lines = append(lines, "||!"+allowed+"&&[' comes from ',a,', which is not allowed; allowed: ',"+list+"]")
	}
	return strings.Join(lines, "\n"), nil
}

// allowedExpression is a list of the prefixes of the image's name that are
// allowed, empty where none is (in brackets, as "!" binds tighter than anything
// behind it), and a literal of all that is allowed, for the
// message.
func allowedExpression(prefixes []string) (allowed, list string, err error) {
	depth := 1
	keys := make([]string, len(prefixes))
	for i, prefix := range prefixes {
		depth = max(depth, 1+strings.Count(prefix, "/"))
		if keys[i], err = jmesString(prefix); err != nil {
			return "", "", err
		}
		keys[i] += ":1"
	}
	if list, err = jmesString(strings.Join(prefixes, ", ")); err != nil {
		return "", "", err
	}
	return "(" + jmesProbes(depth) + "[?lookup(`{" + strings.Join(keys, ",") + "}`,@)])", "`" + list + "`", nil
}

// quotedInMessage is mirror.Quote as an expression: the string that value names,
// between quotes, on one line. The backslash goes first, so that no escape is
// escaped again.
func quotedInMessage(value string) string {
	for _, escape := range []struct{ from, to string }{
		{"`\"\\\\\"`", "`\"\\\\\\\\\"`"},
		{`'"'`, `'\"'`},
		{"`\"\\n\"`", `'\n'`},
		{"`\"\\r\"`", `'\r'`},
		{"`\"\\t\"`", `'\t'`},
	} {
		value = "replace_all(" + value + "," + escape.from + "," + escape.to + ")"
	}
	return `join('',['"',` + value + `,'"'])`
}
