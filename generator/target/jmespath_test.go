package target

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror/mirrortest"
)

// deferredImages is how Kyverno decides whether a query needs its variable
// "images" (pkg/engine/context/deferred.go).
func deferredImages(query string) bool {
	return regexp.MustCompile(`(?:\A|\z|\s|[^.0-9A-Za-z])images\b`).MatchString(query)
}

func TestAStringInAnExpressionIsOnlyThatString(t *testing.T) {
	values := append(mirrortest.Hostile(),
		"harbor.example.com/images", "images", "images.example.com/images/images", "a-images", "a.images", "a_images", "quay.io/imagesx",
	)
	for _, value := range values {
		encoded, err := jmesString(value)
		if err != nil {
			t.Fatal(err)
		}
		var back string
		if err := json.Unmarshal([]byte(encoded), &back); err != nil || back != value {
			t.Errorf("%q: encoded as %s, read back as %q: %v", value, encoded, back, err)
		}
		if strings.ContainsAny(encoded, "`${\n") {
			t.Errorf("%q: encoded as %s", value, encoded)
		}
		if deferredImages(encoded) {
			t.Errorf("%q: encoded as %s, in which Kyverno sees its variable", value, encoded)
		}
	}
}

func TestAQuotedValueIsOnlyThatString(t *testing.T) {
	for _, value := range mirrortest.Hostile() {
		encoded, err := quote(value)
		if err != nil {
			t.Fatal(err)
		}
		var back string
		if err := json.Unmarshal([]byte(encoded), &back); err != nil || back != value {
			t.Errorf("%q: encoded as %s, read back as %q: %v", value, encoded, back, err)
		}
		if strings.Contains(encoded, "\n") {
			t.Errorf("%q: encoded on several lines", value)
		}
	}
}

func TestATableIsSortedRowsOfJSON(t *testing.T) {
	text, err := jmesTable([]jmesRow{{key: "a", values: []string{"b"}}, {key: "c/images", values: []string{"", "d"}, list: true}})
	if err != nil {
		t.Fatal(err)
	}
	const want = "\"a\":\"b\",\n\"c/\\u0069mages\":[\"\",\"d\"]"
	if text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
	var back map[string]any
	if err := json.Unmarshal([]byte("{"+text+"}"), &back); err != nil {
		t.Error(err)
	}
}

func TestProbesGoFromTheDeepestPrefixToTheHost(t *testing.T) {
	tests := []struct {
		depth int
		want  string
		why   string
	}{
		{1, "[q[0]]", "a table of hosts needs the host alone"},
		{2, "[join('/',q[:2]),q[0]]", "one probe a level"},
		{4, "[join('/',q[:4]),join('/',q[:3]),join('/',q[:2]),q[0]]", "the longest prefix wins, so it is asked first"},
	}
	for _, test := range tests {
		if got := jmesProbes(test.depth); got != test.want {
			t.Errorf("depth %d: %s, want %s: %s", test.depth, got, test.want, test.why)
		}
	}
}
