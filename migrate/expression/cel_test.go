package expression

import (
	"strings"
	"testing"
)

func lowered(t *testing.T, text string, in Scope) (Expr, error) {
	t.Helper()
	n, err := ParseCEL(text)
	if err != nil {
		return nil, err
	}
	return Lower(n, in)
}

func TestCELIsEvaluated(t *testing.T) {
	variables := map[string]*Node{}
	for name, text := range map[string]string{"src": `"docker.io/"`, "n": `size(variables.src)`} {
		n, err := ParseCEL(text)
		if err != nil {
			t.Fatal(err)
		}
		variables[name] = n
	}
	in := Scope{Element: "c", Index: "i", List: "object.spec.containers", Variables: variables}
	for _, row := range []struct {
		why, text, image string
		want             any
	}{
		{"adding", `"m.example/" + c.image`, "a", "m.example/a"},
		{"the container by its number", `object.spec.containers[i].image`, "a", "a"},
		{"a conditional", `c.image.startsWith("docker.io/") ? "m/" + c.image.substring(10) : c.image`, "docker.io/a", "m/a"},
		{"its other way", `c.image.startsWith("docker.io/") ? "m/" + c.image.substring(10) : c.image`, "quay.io/a", "quay.io/a"},
		{"variables", `variables.src + c.image.substring(variables.n)`, "docker.io/a", "docker.io/a"},
		{"a regular expression's groups", `regex.replace(c.image, "^docker\\.io/(.*)", r'm.example/\1')`, "docker.io/a", "m.example/a"},
		{"a dollar is a dollar", `regex.replace(c.image, 'a', '$1')`, "a", "$1"},
		{"replacing", `c.image.replace('a', 'b')`, "aa", "bb"},
		{"replacing so many times", `c.image.replace('a', 'b', 1)`, "aa", "ba"},
		{"splitting", `c.image.split('/')[0]`, "a/b", "a"},
		{"splitting into so many", `c.image.split('/', 2)[1]`, "a/b/c", "b/c"},
		{"joining", `c.image.split('/').join('-')`, "a/b", "a-b"},
		{"joining with nothing", `c.image.split('/').join()`, "a/b", "ab"},
		{"a part", `c.image.substring(c.image.indexOf('/') + 1, size(c.image))`, "a/bc", "bc"},
		{"from the end", `c.image.substring(c.image.lastIndexOf('/') + 1)`, "a/b/c", "c"},
		{"matching", `c.image.matches('^[^/]+$')`, "a", true},
		{"in a list", `c.image.split('/')[0] in ['docker.io', 'quay.io']`, "quay.io/a", true},
		{"one of a list", `['docker.io/', 'quay.io/'].exists(p, c.image.startsWith(p))`, "quay.io/a", true},
		{"all of a list", `['a', 'b'].all(p, c.image.contains(p))`, "a", false},
		{"logic", `!(c.image == 'a') && (c.image != 'b' || false)`, "c", true},
		{"or passes over an error where the other side decides", `c.image.split('/')[5] == 'x' || c.image == 'a'`, "a", true},
		{"numbers", `1 + 2 > 2 && 3 - 1 <= 2 && -1 < 0 && 2 >= 2`, "a", true},
		{"lists are added", `size(['a'] + ['b'])`, "a", 2},
		{"an image's parts", `image(c.image).registry() + '/' + parseImageReference(c.image).repository() + ':' + image(c.image).tag()`, "nginx", "index.docker.io/library/nginx:latest"},
		{"its digest", `image(c.image).containsDigest() ? '@' + image(c.image).digest() : ':' + image(c.image).identifier()`, "a/b:1", ":1"},
		{"what is no image to it", `isImage(c.image)`, "x", false},
		{"the image is there", `has(c.image)`, "a", true},
		{"the name", `c.name`, "a", "probe"},
		{"escapes", `"\t\x41\u0041\"" + 'it\'s' + """a"b"""`, "a", "\tAA\"it'sa\"b"},
		{"comments", "c.image // the image\n + 'x'", "a", "ax"},
		{"lower case and blanks", `(' ' + c.image + ' ').trim().lowerAscii()`, "A", "a"},
		{"a text of a number", `string(1) + string(true)`, "a", "1true"},
	} {
		x, err := lowered(t, row.text, in)
		if err != nil {
			t.Errorf("%s: %s: %v", row.why, row.text, err)
			continue
		}
		if got, err := Eval(x, Env{Image: row.image, Submitted: row.image}); err != nil || got != row.want {
			t.Errorf("%s: %s of %s is %v, %v; want %v", row.why, row.text, row.image, got, err, row.want)
		}
	}
}

func TestCELThatIsNotReadIsNamed(t *testing.T) {
	for _, row := range []struct{ why, text, want string }{
		{"an open string", `"a`, "not closed"},
		{"a line break in a string", "'a\nb'", "not closed"},
		{"a bad escape", `"\q"`, "escape"},
		{"an unknown sign", `a # b`, "not read here"},
		{"an open parenthesis", `(c.image`, `")"`},
		{"an open list", `[c.image`, "ends"},
		{"a missing value", `c.image +`, "ends where a value"},
		{"a wrong sign", `c.image + )`, `")"`},
		{"something behind the end", `c.image c.image`, "not expected"},
		{"a conditional without its end", `c.image == 'a' ? 'b'`, `":"`},
		{"a name that has to follow a dot", `c.'image'`, "where a name has to"},
		{"two indexes at once", `c[0, 1]`, "one value"},
		{"a key that is computed", `{c.image: 1}`, "computed"},
		{"a key that is a number", `{1: 1}`, "no string"},
		{"a struct without colons", `Object{spec}`, `":"`},
		{"a number that is none", `1x`, "no number"},
		{"an unknown name", `d.image`, `"d.image"`},
		{"an unknown member", `c.command`, `"c.command"`},
		{"an unknown variable", `variables.x`, `"variables.x"`},
		{"an unknown function", `resource.Get('v1', 'secrets')`, "resource"},
		{"an unknown method", `c.image.reverse()`, "reverse"},
		{"the wrong number of arguments", `c.image.startsWith()`, "with 1 arguments"},
		{"a container as a whole", `object.spec.containers[i]`, "as a whole"},
		{"has of something else", `has(c.command)`, "has()"},
		{"a map over a list", `['a'].map(x, x)`, "map()"},
		{"a name that is bound twice", `['a'].exists(c, c == 'a')`, "bound twice"},
		{"a struct as a value", `Object{a: 1}`, "struct"},
		{"deep nesting", strings.Repeat("(", 200) + "c.image" + strings.Repeat(")", 200), "nested"},
		{"many negations", strings.Repeat("!", 200) + "c.image", "nested"},
		{"a long text", strings.Repeat(" ", MaxLength+1), "at most"},
		{"a bad pattern", `c.image.matches('(')`, "does not compile"},
	} {
		_, err := lowered(t, row.text, Scope{Element: "c", Index: "i", List: "object.spec.containers"})
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %.60s: %v; want something of %q", row.why, row.text, err, row.want)
		}
	}
}

func TestCELThatFailsIsAnError(t *testing.T) {
	for _, row := range []struct{ why, text, want string }{
		{"a substring beyond the end", `c.image.substring(5)`, "out of the range"},
		{"an image that is none", `image(c.image).registry()`, "could not parse"},
		{"text where a boolean has to be", `c.image ? 'a' : 'b'`, "not a boolean"},
		{"text on a side of and", `c.image && true`, "a boolean has to"},
		{"text on a side of or", `false || c.image`, "a boolean has to"},
		{"a number and a text", `1 + c.image`, "not added"},
		{"a text is not negated", `!c.image`, "boolean"},
		{"a text is no number", `c.image > 1`, "whole number"},
		{"a group that is none", `regex.replace(c.image, 'x', '\\x')`, "no reference to a group"},
		{"a text has no items", `c.image.exists(p, p == 'a')`, "a list has to"},
		{"a condition that is none", `['a'].exists(p, p)`, "not a boolean"},
		{"a text has no registry", `c.image.registry()`, "no reference of an image"},
		{"an item of a text", `c.image[0]`, "not read here"},
	} {
		x, err := lowered(t, row.text, Scope{Element: "c"})
		if err != nil {
			t.Errorf("%s: %v", row.why, err)
			continue
		}
		if got, err := Eval(x, Env{Image: "x"}); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %v, %v; want an error with %q", row.why, got, err, row.want)
		}
	}
}

func TestNodesKnowTheirPlaces(t *testing.T) {
	_, err := ParseCEL("Object{\n  spec: Object.spec{\n    x: \"a\nb\"\n  }\n}")
	if err == nil {
		t.Fatal("a line break in a string was read")
	}
	n, err := ParseCEL("Object{\n  spec: Object.spec{\n    containers: 'ü' + c.image\n  }\n}")
	if err != nil {
		t.Fatal(err)
	}
	at := n.Field("spec").Field("containers")
	if at.Line != 3 || at.Column != 17 {
		t.Errorf("containers begins at %d:%d, want 3:17", at.Line, at.Column)
	}
	if image := at.Items[1]; image.Line != 3 || image.Column != 25 || image.Path() != "c.image" {
		t.Errorf("%s stands at %d:%d, want c.image at 3:25", image.Path(), image.Line, image.Column)
	}
	if n.Field("nothing") != nil || n.Path() != "" {
		t.Error("a struct has a field or a path that it has not")
	}
}
