package expression

import (
	"fmt"
	"strings"
	"testing"
)

const hexes = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// inRule is a rule's context with a variable, a look-up, and an entry that is not read.
func inRule(t *testing.T) Context {
	t.Helper()
	prefix, err := Parse("m.example/hub", Context{})
	if err != nil {
		t.Fatal(err)
	}
	return Context{
		Variables: map[string]Expr{"prefix": prefix},
		Registry:  map[string]Expr{"imageData": Image()},
		Unknown:   map[string]string{"fromCluster": "comes from the cluster"},
	}
}

func TestTextsOfKyvernoAreEvaluated(t *testing.T) {
	for _, row := range []struct{ why, text, image, want string }{
		{"a text without variables is itself", `m.example/x`, "nginx", "m.example/x"},
		{"one variable alone is its value", `{{ element.image }}`, "nginx", "nginx"},
		{"variables within a text", `m.example/{{element.image}}!`, "nginx", "m.example/nginx!"},
		{"images.* as Kyverno has them: no library/", `{{ images.containers."{{element.name}}".registry }}/{{images.containers."{{ element.name }}".path}}:{{images.containers."{{element.name}}".tag}}`, "nginx", "docker.io/nginx:latest"},
		{"the registry as it is written", `{{ images.initContainers."{{element.name}}".registry }}`, "registry-1.docker.io/a/b", "registry-1.docker.io"},
		{"an upper-case first part is a host", `{{ images.containers."{{element.name}}".registry }}`, "Library/nginx", "Library"},
		{"the last component", `{{ images.containers."{{element.name}}".name }}`, "quay.io/a/b:1", "b"},
		{"a digest", `{{ images.containers."{{element.name}}".digest }}`, "a@sha256:" + hexes, "sha256:" + hexes},
		{"reference drops the tag beside a digest", `{{ images.containers."{{element.name}}".reference }}`, "a:1@sha256:" + hexes, "docker.io/a@sha256:" + hexes},
		{"referenceWithTag", `{{ images.containers."{{element.name}}".referenceWithTag }}`, "a:1", "docker.io/a:1"},
		{"image_normalize adds no library/", `{{ image_normalize(element.image) }}`, "nginx", "docker.io/nginx:latest"},
		{"a look-up normalizes as a registry's client", `{{imageData.registry}}|{{imageData.repository}}|{{imageData.identifier}}`, "nginx", "index.docker.io|library/nginx|latest"},
		{"a digest is an identifier", `{{imageData.identifier}}`, "nginx@sha256:" + hexes, "sha256:" + hexes},
		{"a tag beside it too", `{{imageData.identifier}}`, "nginx:1@sha256:" + hexes, "1@sha256:" + hexes},
		{"an address of IPv6", `{{imageData.registry}}/{{imageData.repository}}`, "[::1]:5000/ab", "[::1]:5000/ab"},
		{"a host in upper case", `{{imageData.registry}}/{{imageData.repository}}`, "QUAY.IO/ab", "QUAY.IO/ab"},
		{"doubled slashes", `{{imageData.repository}}`, "a//b", "a//b"},
		{"registry-1 is another registry to it", `{{imageData.registry}}/{{imageData.repository}}`, "registry-1.docker.io/nginx", "registry-1.docker.io/nginx"},
		{"regex_replace_all with groups", `{{ regex_replace_all('^(docker\.io)/(.*)$', '{{element.image}}', 'm/$1/$2') }}`, "docker.io/a/b:1", "m/docker.io/a/b:1"},
		{"regex_replace_all_literal takes no groups", `{{ regex_replace_all_literal('^[^/]+', element.image, '$1') }}`, "a/b", "$1/b"},
		{"a variable of the context", `{{ prefix }}/{{ element.image }}`, "a", "m.example/hub/a"},
		{"a variable within a string", `{{ regex_replace_all('^', element.image, '{{ prefix }}/') }}`, "a", "m.example/hub/a"},
		{"or passes over what an image does not have", `{{ images.containers."{{element.name}}".digest || 'none' }}`, "a:1", "none"},
		{"or takes the first that is something", `{{ element.image || 'none' }}`, "a", "a"},
		{"and", `{{ element.image && 'yes' }}`, "a", "yes"},
		{"an index", `{{ split(element.image, '/')[0] }}`, "a/b", "a"},
		{"an index from the end", `{{ split(element.image, '/')[-1] }}`, "a/b", "b"},
		{"@ is what stands before the bar", `{{ element.image | replace_all(@, 'a', 'b') }}`, "aa", "bb"},
		{"replace so many times", "{{ replace(element.image, 'a', 'b', `1`) }}", "aa", "ba"},
		{"join", `{{ join('-', split(element.image, '/')) }}`, "a/b", "a-b"},
		{"an escaped quote", `{{ join('', split('it\'s', 'x')) }}`, "a", "it's"},
		{"trimming", `{{ trim_prefix(trim(element.image, 'x'), 'docker.io/') }}`, "xdocker.io/ax", "a"},
		{"lower case", `{{ to_lower(element.image) }}`, "AB", "ab"},
		{"braces of a pattern are no variable", `{{ regex_replace_all('^a{1,2}b', element.image, 'c') }}`, "aabx", "cx"},
		{"elementIndex", `{{ to_string(elementIndex) }}`, "a", "0"},
		{"a name without quotes", `{{ images.containers.{{element.name}}.path }}`, "quay.io/a/b:1", "a/b"},
		{"a number behind a bar", `{{ split(element.image, '/') | [0] }}`, "quay.io/a", "quay.io"},
		{"all but the first", `{{ split(element.image, '/')[1:] | join('/', @) }}`, "quay.io/a/b", "a/b"},
		{"all but the last, and no further than there is", `{{ join('/', split(element.image, '/')[:-1]) }}{{ join('', split(element.image, '/')[-9:1]) }}{{ join('', split(element.image, '/')[5:]) }}`, "quay.io/a/b", "quay.io/aquay.io"},
		{"a list of values", `{{ join('/', ['m', element.image]) }}`, "a", "m/a"},
		{"@ that nothing stands before is the image", `{{ regex_replace_all('^a', '{{@}}', 'b') }}`, "ax", "bx"},
		{"blank after a line break", "{{ regex_replace_all('^',\n   element.image,\n 'm/') }}", "a", "m/a"},
	} {
		x, err := Parse(row.text, inRule(t))
		if err != nil {
			t.Errorf("%s: %s: %v", row.why, row.text, err)
			continue
		}
		got, err := Text(x, Env{Image: row.image, Submitted: row.image})
		if err != nil || got != row.want {
			t.Errorf("%s: %s of %s is %q, %v; want %q", row.why, row.text, row.image, got, err, row.want)
		}
	}
}

func TestImagesAreThoseOfTheObjectThatWasSubmitted(t *testing.T) {
	x, err := Parse(`{{ images.containers."{{element.name}}".path }} {{ element.image }}`, Context{})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := Text(x, Env{Image: "m/b", Submitted: "docker.io/a"}); err != nil || got != "a m/b" {
		t.Errorf("got %q, %v: a rule before changes element.image and not images.*", got, err)
	}
}

func TestConditionsComeToBooleans(t *testing.T) {
	for _, row := range []struct {
		text, image string
		want        bool
	}{
		{`{{ contains(element.image, 'docker.io/') }}`, "docker.io/a", true},
		{`{{ starts_with(element.image, 'quay.io/') }}`, "docker.io/a", false},
		{`{{ ends_with(element.image, ':latest') }}`, "a:latest", true},
		{`{{ regex_match('^docker\.io/', element.image) }}`, "docker.io/a", true},
		{`{{ !contains(element.image, '/') }}`, "a", true},
		{"{{ length(split(element.image, '/')) == `2` }}", "a/b", true},
		{`{{ element.image != 'a' }}`, "a", false},
		{`{{ contains(split(element.image, '/'), 'a') }}`, "a/b", true},
	} {
		x, err := Parse(row.text, Context{})
		if err != nil {
			t.Errorf("%s: %v", row.text, err)
			continue
		}
		if got, err := Eval(x, Env{Image: row.image}); err != nil || got != row.want {
			t.Errorf("%s of %s is %v, %v; want %v", row.text, row.image, got, err, row.want)
		}
	}
}

func TestWhatIsNotReadIsNamed(t *testing.T) {
	for _, row := range []struct{ why, text, want string }{
		{"an open variable", `{{ element.image`, "not closed"},
		{"an escaped one", `\{{ element.image }}`, `escaped \{{`},
		{"a reference", `$(./../image)`, "$( )"},
		{"a field that is not known", `{{ element.imagePullPolicy }}`, "element.imagePullPolicy"},
		{"another container's image", `{{ images.containers.web.path }}`, "another container"},
		{"a field that images lack", `{{ images.containers."{{element.name}}".registryURL }}`, `no field "registryURL"`},
		{"a function that is not known", `{{ to_upper(element.image) }}`, "to_upper"},
		{"too few arguments", `{{ regex_replace_all('a', 'b') }}`, "with 2 arguments"},
		{"a pattern that does not compile", `{{ regex_replace_all('(', element.image, '') }}`, "does not compile"},
		{"a pattern that is huge when compiled", `{{ regex_match('((a{900})b{900}c{900}d{900}e{900}f{900}g{900}h{900}i{900}j{900}k{900}l{900})', element.image) }}`, "large"},
		{"a context entry of the cluster", `{{ fromCluster.data.x }}`, "comes from the cluster"},
		{"a projection", `{{ split(element.image, '/')[*] }}`, "not read here"},
		{"an open list", `{{ join('/', ['a', 'b') }}`, "not closed"},
		{"an open string", `{{ 'a }}`, "not closed"},
		{"an open bracket", `{{ split(element.image, '/')[0 }}`, "not closed"},
		{"a slice in steps", `{{ split(element.image, '/')[0:1:2] }}`, "[\"0:1:2\"]"},
		{"open parentheses", `{{ (element.image }}`, "not closed"},
		{"a literal that is no JSON", "{{ contains(element.image, `x`) }}", "no JSON"},
		{"an object as a literal", "{{ contains(element.image, `{}`) }}", "object"},
		{"something behind the end", `{{ element.image element.image }}`, "not read here"},
		{"nothing", `{{ }}`, "ends where a value"},
		{"deep nesting", `{{ ` + strings.Repeat("(", 200) + `element.image` + strings.Repeat(")", 200) + ` }}`, "nested"},
		{"many negations", `{{ ` + strings.Repeat("!", 200) + `element.image }}`, "nested"},
		{"a long text", strings.Repeat("x", MaxLength+1), "at most"},
	} {
		_, err := Parse(row.text, inRule(t))
		if err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %.80s: %v; want something of %q", row.why, row.text, err, row.want)
		}
	}
}

func TestWhatFailsKyvernoFailsHere(t *testing.T) {
	for _, row := range []struct{ why, text, image, want string }{
		{"a digest alone has no tag", `{{ images.containers."{{element.name}}".tag }}`, "a@sha256:" + hexes, "tag has no value"},
		{"an invalid image has no parts", `{{ images.containers."{{element.name}}".path }}`, "NGINX", "bad image"},
		{"nor is it normalized", `{{ image_normalize(element.image) }}`, "nginx:", "bad image"},
		{"a registry's client takes no single character", `{{ imageData.registry }}`, "x", "two characters"},
		{"nor a digest of another hash", `{{ imageData.registry }}`, "ab@sha512:" + hexes + hexes, "none of SHA-256"},
		{"nor a tag that is none", `{{ imageData.registry }}`, "ab:", "the tag is none"},
		{"nor a host that is none", `{{ imageData.registry }}`, "a%:1/ab", "no host"},
		{"what a registry holds is not known", `{{ imageData.manifest }}`, "nginx", "what the registry holds"},
		{"an index beyond the list", `{{ split(element.image, '/')[3] }}`, "a/b", "out of range"},
		{"a boolean is no image", `{{ contains(element.image, 'a') }}`, "a", "not to a string"},
		{"a boolean has no prefix", `{{ starts_with(contains(element.image, 'a'), 'a') }}`, "a", "a boolean, not a string"},
	} {
		x, err := Parse(row.text, inRule(t))
		if err != nil {
			t.Errorf("%s: %v", row.why, err)
			continue
		}
		if got, err := Text(x, Env{Image: row.image, Submitted: row.image}); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("%s: %q, %v; want an error with %q", row.why, got, err, row.want)
		}
	}
}

func TestEvaluationIsBounded(t *testing.T) {
	in := Context{Variables: map[string]Expr{}}
	last := Image()
	for i := range 60 {
		in.Variables["v"] = last
		x, err := Parse("{{v}}{{v}}", in)
		if err != nil {
			t.Fatalf("step %d: %v", i, err)
		}
		last = x
	}
	if _, err := Eval(last, Env{Image: "a"}); err == nil || !strings.Contains(err.Error(), "costs too much") {
		t.Errorf("a text that doubles 60 times: %v", err)
	}
	x, err := Parse(`{{ regex_replace_all('', element.image, element.image) }}`, Context{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Eval(x, Env{Image: strings.Repeat("a", 4000)}); err == nil {
		t.Error("a replacement that squares a text was carried out")
	}
}

func TestLiteralsAreTheTextsOfAnExpression(t *testing.T) {
	x, err := Parse(`{{ regex_replace_all('^docker\.io/(.*)$', replace_all(element.image, 'a', 'b'), 'm.example/$1') }}`, Context{})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprint(Literals(x))
	if want := `[{^docker\.io/(.*)$ true} {a false} {b false} {m.example/$1 false}]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !UsesImage(x) || UsesImage(Constant("a")) {
		t.Error("UsesImage does not tell a constant from what depends on the image")
	}
}

func TestHeadsAreWhatAMatchBeginsWith(t *testing.T) {
	for _, row := range []struct{ why, pattern, want string }{
		{"a literal before anything", `^docker\.io/(.*)$`, "docker.io/"},
		{"a dot that was not escaped is meant as one", `^docker.io/(.*)`, "docker.io/"},
		{"alternatives", `^(docker\.io|quay\.io)/(.*)$`, "docker.io/ quay.io/"},
		{"something that may be there", `^(localhost/|(?:[a-z0-9]+\.)+[a-z0-9]+/)?(.*)$`, "localhost/"},
		{"nothing literal", `^[^/]+/`, ""},
		{"not anchored", `docker\.io/`, "docker.io/"},
		{"one repository", `^library/nginx$`, "library/nginx"},
		{"any case", `(?i)^Quay\.io/`, "quay.io/"},
		{"a class of one", `^docker[.]io/`, "docker.io/"},
		{"no pattern", `(`, ""},
	} {
		got := strings.Join(Heads(row.pattern), " ")
		if got != row.want {
			t.Errorf("%s: %s begins with %q, want %q", row.why, row.pattern, got, row.want)
		}
	}
}

func TestHeadsAreBounded(t *testing.T) {
	if n := len(Heads(`^` + strings.Repeat(`(aa|bb)`, 40))); n == 0 || n > maxHeads {
		t.Errorf("%d beginnings are told, want some, and at most %d", n, maxHeads)
	}
	if Heads(strings.Repeat("a", maxRegexp+1)) != nil {
		t.Error("a pattern that is too long to be read has beginnings")
	}
}

// FuzzParse states that reading and evaluating a text ends, whatever stands in it.
func FuzzParse(f *testing.F) {
	f.Add(`{{ regex_replace_all('^(a)/(.*)$', '{{element.image}}', 'm/$2') }}`, "docker.io/a/b:1")
	f.Add(`{{ images.containers."{{element.name}}".path || 'x' }}`, "NGINX")
	f.Add("{{ split(element.image, '/')[0] | @ && !`true` }}", "a@sha256:"+hexes)
	f.Add(`c.image.startsWith("docker.io/") ? "m/" + c.image.substring(10) : c.image`, "docker.io/a")
	f.Fuzz(func(t *testing.T, text, image string) {
		env := Env{Image: image, Submitted: image}
		if x, err := Parse(text, Context{Registry: map[string]Expr{"imageData": Image()}}); err == nil {
			_, _ = Eval(x, env)
			Literals(x)
		}
		if n, err := ParseCEL(text); err == nil {
			if x, err := Lower(n, Scope{Element: "c"}); err == nil {
				_, _ = Eval(x, env)
				Literals(x)
			}
		}
		Heads(text)
	})
}
