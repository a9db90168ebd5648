package probe

import (
	"bytes"
	"encoding/json"
	"flag"
	"go/ast"
	"go/parser"
	"go/token"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"mirrorgen.dev/gen/diagnosis"
	"mirrorgen.dev/gen/generator/spec"
)

var update = flag.Bool("update", false, "write the golden files")

// sampleServers are servers of every kind, and a MirrorSet that names them.
type sampleServers struct {
	set    *spec.MirrorSet
	images []string
	// ports replaces the ports, which differ from run to run.
	ports *strings.Replacer
}

func sample(t *testing.T) *sampleServers {
	t.Helper()
	ca := newIssuer(t)
	upstreamHolds := holds(t, strings.Replace(manifest, "[]", `[],"annotations":{"up":"stream"}`, 1), "a/b:1")
	// Registries are listed by address, so that the page has to have the first port.
	var pair []string
	byPort := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.Host, ":"+pair[0]) {
			answers(200, "<html>", "Content-Type", "text/html").ServeHTTP(w, r)
			return
		}
		upstreamHolds.ServeHTTP(w, r)
	})
	pair = []string{serve(t, nil, byPort), serve(t, nil, byPort)}
	slices.Sort(pair)
	ports := []string{
		"MIRROR", serve(t, nil, holds(t, manifest, "quay/a/b:1")),
		"FALLBACK", serve(t, ca.issue(t, nil), answers(200, "{}")),
		"SECURE", serve(t, ca.issue(t, nil), answers(200, "{}")),
		"DEAD", closedPort(t), "REGISTRY", pair[0], "UPSTREAM", pair[1],
	}
	s := &sampleServers{set: setOf(t, `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: cn}
spec:
  mirrors:
  - name: quay
    source: "127.0.0.1:UPSTREAM"
    mirror: "127.0.0.1:MIRROR/quay"
    fallbacks: ["127.0.0.1:FALLBACK", "127.0.0.1:DEAD"]
    transport: http
  - name: ghcr
    source: ghcr.io
    mirror: "127.0.0.1:SECURE/ghcr"
  registries:
  - {host: "127.0.0.1:REGISTRY", transport: http}
  - {host: "127.0.0.1:UPSTREAM", transport: http}
`, ports...)}
	s.images = []string{"127.0.0.1:" + pair[1] + "/a/b:1", "127.0.0.1:" + pair[1] + "/a/c:1", "docker.io/library/nginx", "X"}
	var replace []string
	for i := 0; i < len(ports); i += 2 {
		replace = append(replace, ":"+ports[i+1], ":"+ports[i], "_"+ports[i+1]+".crt", "_"+ports[i]+".crt")
	}
	s.ports = strings.NewReplacer(replace...)
	return s
}

func (s *sampleServers) probe(t *testing.T, o Options) *Report {
	t.Helper()
	o.Images, o.Digest = s.images, true
	return runProbe(t, s.set, o)
}

// wordless replaces what gen diagnose says of causes: its tests look after that.
func wordless(r *Report) {
	replace := func(f *Finding) {
		if slices.ContainsFunc(diagnosis.Causes(), func(c diagnosis.Cause) bool { return c.ID == f.Cause }) {
			f.Summary, f.Remedy = "SUMMARY", []string{"REMEDY of " + f.Cause}
			for i := range f.Change {
				f.Change[i].Why = "WHY"
			}
		}
	}
	for i := range r.Addresses {
		replace(&r.Addresses[i].Finding)
	}
	for i := range r.Images {
		for j := range r.Images[i].Asked {
			replace(&r.Images[i].Asked[j].Finding)
		}
	}
}

func TestTheOutputIsWhatTheGoldenFilesSay(t *testing.T) {
	servers := sample(t)
	for _, lang := range []language{"en", "zh"} {
		report := servers.probe(t, Options{Language: lang})
		wordless(report)
		var console, lines bytes.Buffer
		if err := WriteConsole(&console, report, lang); err != nil {
			t.Fatal(err)
		}
		if err := WriteJSON(&lines, report); err != nil {
			t.Fatal(err)
		}
		golden(t, "console-"+string(lang)+".txt", servers.ports.Replace(console.String()))
		golden(t, "lines-"+string(lang)+".json", servers.ports.Replace(lines.String()))
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	name = filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s: got\n%s\nwant\n%s", name, got, want)
	}
}

// However many are under way at once, the output is the same.
func TestTheOrderDoesNotDependOnHowManyAreAskedAtOnce(t *testing.T) {
	servers := sample(t)
	text := func(parallel int) string {
		var out bytes.Buffer
		if err := WriteJSON(&out, servers.probe(t, Options{Parallel: parallel})); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	first := text(1)
	for _, parallel := range []int{2, 7, 100} {
		if got := text(parallel); got != first {
			t.Errorf("with %d at once the output differs from that with one", parallel)
		}
	}
}

// A step is measured where that is wanted, and only there.
func TestStepsAreTimedOnlyWhereAsked(t *testing.T) {
	host := "127.0.0.1:" + serve(t, nil, answers(200, "{}"))
	for _, timings := range []bool{false, true} {
		report := runProbe(t, oneMirror(t, host, "http"), Options{Timings: timings})
		if got := step(t, report.Addresses[0].Steps, stepV2).Milliseconds != nil; got != timings {
			t.Errorf("timings %v: measured %v", timings, got)
		}
	}
}

func TestProgressCountsToItsTotal(t *testing.T) {
	host := "127.0.0.1:" + serve(t, nil, holds(t, manifest, "a/b:1"))
	var counts []int
	total := 0
	runProbe(t, oneMirror(t, host, "http"), Options{Images: []string{"quay.io/a/b:1", "quay.io/a/c:1"}, Progress: func(done, of int) {
		counts, total = append(counts, done), of
	}})
	if want := []int{1, 2, 3, 4}; !slices.Equal(counts, want) || total != 4 {
		t.Errorf("progress %v of %d, want %v of 4: a host, a login, two images", counts, total, want)
	}
}

// Each failure has a cause that gen diagnose knows, and words in both languages.
func TestEveryCauseHasWordsInBothLanguages(t *testing.T) {
	own := []string{causeAddressRefused, causeDigestDiffers}
	for _, cause := range []string{
		causeUnknownAuthority, causeNameMismatch, causeNoIPSAN, causeExpired, causeServerIsHTTP, causeServerIsTLS, causeTimeout, causeDeadline,
		causeHandshakeTimeout, causeRefused, causeReset, causeEOF, causeDNS, causeProxy, causeNoCredentials, causeUnauthorized, causeForbidden,
		causeAccessDenied, causeNotFound, causeRateLimited, causeHTML, causeServerError, causeSchema1, causeNotAllowlisted, causeProxyRepository,
		causeInvalidImage, causeUnknown, causeSignatureRejected, causeAddressRefused, causeDigestDiffers,
	} {
		known := slices.ContainsFunc(diagnosis.Causes(), func(c diagnosis.Cause) bool { return c.ID == cause })
		if known == slices.Contains(own, cause) {
			t.Errorf("%s: known to gen diagnose: %v", cause, known)
		}
		words := map[string]bool{}
		for _, lang := range []language{"en", "zh"} {
			p := &prober{lang: lang}
			f := p.finding([]Step{{Status: Failed, Cause: cause}}, target{host: "cr.example.com"}, "cr.example.com/a/b:1")
			if f.Summary == "" || len(f.Remedy) == 0 {
				t.Errorf("%s in %s: summary %q, remedy %q", cause, lang, f.Summary, f.Remedy)
			}
			words[f.Summary] = true
		}
		if len(words) != 2 {
			t.Errorf("%s: one summary for both languages", cause)
		}
	}
}

// A sentence that takes a host in one language takes it in the other.
func TestEverySentenceTakesTheSameInBothLanguages(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "text.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	verbs := func(literal ast.Expr) []string {
		text, err := strconv.Unquote(literal.(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(`%(\[\d\])?[a-z]`).FindAllString(text, -1)
		for i, verb := range found {
			found[i] = "%" + verb[len(verb)-1:]
		}
		slices.Sort(found)
		return found
	}
	count := 0
	ast.Inspect(file, func(n ast.Node) bool {
		literal, ok := n.(*ast.CompositeLit)
		if !ok {
			return true
		}
		if len(literal.Elts) != 2 {
			t.Errorf("a text with %d languages", len(literal.Elts))
			return true
		}
		count++
		if en, zh := verbs(literal.Elts[0]), verbs(literal.Elts[1]); !slices.Equal(en, zh) {
			t.Errorf("%s: verbs %v and %v", literal.Elts[0].(*ast.BasicLit).Value, en, zh)
		}
		return true
	})
	if count < 50 {
		t.Errorf("found %d texts: the test does not see them", count)
	}
}

// The change names the field of the MirrorSet, where it is or would be written.
func TestAChangeNamesTheFieldThatMendsIt(t *testing.T) {
	const text = `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: cn}
spec:
  mirrors:
  - source: docker.io
    mirror: cr.example.com/hub
    fallbacks: [second.example.com]
    transport: https-skip-verify
  - source: quay.io
    mirror: cr.example.com:5000/quay
    caFile: certs/ca.crt
    pullSecret: {name: regcred, namespace: secrets, allNamespaces: true}
  registries:
  - host: registry.example.com
  - host: third.example.com:8443
`
	set := setOf(t, text)
	withCA := setOf(t, text)
	withCA.Spec.Mirrors[1].CA = []byte("PEM")
	tests := []struct {
		cause, address, reference string
		ca                        bool
		place, yaml               string // empty: no change
		why                       string
	}{
		{cause: causeServerIsHTTP, address: "cr.example.com/hub", place: "9 spec.mirrors[0].transport", yaml: "transport: http", why: "speaks plain HTTP"},
		{cause: causeServerIsHTTP, address: "second.example.com", place: "15 spec.registries", yaml: `registries: [{host: "second.example.com", transport: http}]`, why: "speaks plain HTTP"},
		{cause: causeUnknownAuthority, address: "second.example.com", place: "15 spec.registries", yaml: `registries: [{host: "second.example.com", caFile: certs/second.example.com.crt}]`},
		{cause: causeServerIsHTTP, address: "registry.example.com", place: "15 spec.registries[0].transport", yaml: "transport: http"},
		{cause: causeServerIsTLS, address: "cr.example.com/hub", place: "9 spec.mirrors[0].transport", yaml: "transport: https", why: "speaks TLS"},
		{cause: causeUnknownAuthority, address: "cr.example.com/hub", place: "6 spec.mirrors[0].caFile", yaml: "caFile: certs/cr.example.com.crt"},
		{cause: causeUnknownAuthority, address: "third.example.com:8443", place: "16 spec.registries[1].caFile", yaml: "caFile: certs/third.example.com_8443.crt", why: "certificate of the CA"},
		{cause: causeUnknownAuthority, address: "cr.example.com:5000/quay", place: "12 spec.mirrors[1].caFile", why: "certs/ca.crt is not read"},
		{cause: causeUnknownAuthority, address: "cr.example.com:5000/quay", ca: true, place: "12 spec.mirrors[1].caFile", why: "certs/ca.crt holds another CA"},
		{cause: causeNoCredentials, address: "cr.example.com/hub", place: "6 spec.mirrors[0].pullSecret", yaml: "pullSecret: {name: regcred, namespace: registry-credentials, allNamespaces: true}"},
		{cause: causeNoCredentials, address: "cr.example.com:5000/quay"},
		{cause: causeUnauthorized, address: "registry.example.com"},
		{cause: causeNotAllowlisted, address: "cr.example.com/hub", reference: "cr.example.com/hub/library/nginx:1", place: "6 spec.mirrors[0].except", yaml: "except: [library/nginx]"},
		{cause: causeNotFound, address: "cr.example.com/hub"},
		{cause: causeTimeout, address: "cr.example.com/hub"},
	}
	for _, test := range tests {
		from := set
		if test.ca {
			from = withCA
		}
		p := &prober{lang: "en", plans: plansOf(from)}
		for _, target := range targetsOf(setsOf(from)) {
			if target.address != test.address {
				continue
			}
			got := p.change(test.cause, target, test.reference)
			if (len(got) == 0) != (test.place == "") {
				t.Errorf("%s at %s: %d changes, want one: %v", test.cause, test.address, len(got), test.place != "")
			}
			if len(got) == 0 {
				continue
			}
			place := strconv.Itoa(got[0].Line) + " " + got[0].Path
			if got[0].File != "mirrors.yaml" || place != test.place || got[0].YAML != test.yaml || !strings.Contains(got[0].Why, test.why) {
				t.Errorf("%s at %s: got %+v, want %s %q %q", test.cause, test.address, got[0], test.place, test.yaml, test.why)
			}
		}
	}
	if got := (&prober{lang: "en"}).change(causeServerIsHTTP, target{role: roleUpstream}, ""); len(got) > 0 {
		t.Errorf("an upstream registry is no entry of a MirrorSet: %v", got)
	}
}

func TestNothingToProbeIsAnError(t *testing.T) {
	if _, err := Run(t.Context(), nil, nil, Options{}); err == nil || !strings.Contains(err.Error(), "nothing was probed") {
		t.Errorf("got %v", err)
	}
}

// A line is one JSON value with the promised fields.
func TestEachLineIsOneObject(t *testing.T) {
	report := sample(t).probe(t, Options{})
	var out bytes.Buffer
	if err := WriteJSON(&out, report); err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n") {
		var object map[string]any
		if err := json.Unmarshal([]byte(line), &object); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		fields := []string{"kind", "set", "mirror", "address", "transport", "status", "cause", "summary", "remedy", "change", "steps"}
		if object["kind"] == "image" {
			fields = []string{"kind", "image", "canonical", "set", "mirror", "status", "asked"}
		}
		for _, field := range fields {
			if _, ok := object[field]; !ok {
				t.Errorf("%s: no field %s", line, field)
			}
		}
	}
}

// clean is behind every sentence, whatever came into it.
func TestCleanTakesOutSecretsAndControlCharacters(t *testing.T) {
	p := &prober{}
	p.hide("pass", "password", "abc", "")
	tests := [][2]string{
		{"a password b", "a [hidden] b"},
		{"pass and password", "[hidden] and [hidden]"},
		{"abc is short", "abc is short"},
		{"a\x1b[31mb\u202ec\nd", "a�[31mb�c�d"},
		{strings.Repeat("x", maxDetail+1), strings.Repeat("x", maxDetail) + "…"},
	}
	for _, test := range tests {
		if got := p.clean(test[0]); got != test[1] {
			t.Errorf("%q: got %q, want %q", test[0], got, test[1])
		}
	}
}
