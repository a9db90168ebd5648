package target

import (
	"math/rand"
	"regexp"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
)

// The expression and the lengths that stand around it in the templates, in Go.
func grammarAccepts(grammar *regexp.Regexp, text string) bool {
	if len(text) > image.MaxReferenceLength || strings.ContainsAny(text, " \n") ||
		len(text) == 64 && strings.Trim(text, "0123456789abcdef") == "" {
		return false
	}
	groups := grammar.FindStringSubmatch(text)
	if groups == nil {
		return false
	}
	name, tag, digest := groups[1], groups[2], groups[3]
	if len(tag) > 1+image.MaxTagLength {
		return false
	}
	if digest != "" {
		algorithm, hex, _ := strings.Cut(digest, ":")
		if map[string]int{"@sha256": 64, "@sha384": 96, "@sha512": 128}[algorithm] != len(hex) {
			return false
		}
	}
	host, path, found := strings.Cut(name, "/")
	if !found || !strings.ContainsAny(host, ".:") && host != "localhost" && host == strings.ToLower(host) {
		host, path = image.DockerHub, name
	}
	if image.IsDockerHub(host) && !strings.Contains(path, "/") {
		path = "library/" + path
	}
	if strings.Contains(host, "_") {
		path = name
	}
	return len(path) <= image.MaxPathLength
}

func TestKyvernoGrammarIsTheImageGrammar(t *testing.T) {
	grammar := regexp.MustCompile(kyvernoGrammar)
	texts := mirrortest.Seeds(t)
	r := rand.New(rand.NewSource(1))
	for range 200 {
		set := mirrortest.RandomSet(r)
		for range 50 {
			texts = append(texts, mirrortest.RandomImage(r, set))
		}
	}
	valid := 0
	for _, text := range texts {
		want := image.Valid(text)
		if want {
			valid++
		}
		if got := grammarAccepts(grammar, text); got != want {
			t.Errorf("%q: accepted: %v, want %v", text, got, want)
		}
	}
	if valid < 1000 || valid == len(texts) {
		t.Errorf("%d of %d texts are valid: not both sides were tried", valid, len(texts))
	}
}

// The pattern stands between single quotes in an expression, in a block of YAML.
func TestKyvernoGrammarNeedsNoQuoting(t *testing.T) {
	for _, refused := range []string{"'", "`", `\`, "${", "$(", "{{", " ", "\n"} {
		if strings.Contains(kyvernoGrammar, refused) {
			t.Errorf("the pattern holds %q", refused)
		}
	}
}
