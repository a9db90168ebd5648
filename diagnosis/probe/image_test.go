package probe

import (
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"
)

const manifestPath = "/v2/library/nginx/manifests/"

// behind answers /v2/ with 200 and everything else with the handler.
func behind(handler http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/v2/{$}", answers(200, "{}"))
	mux.Handle("/", handler)
	return mux
}

// Whatever a mirror answers about a manifest ends in the cause that a node's own
// message would end in.
func TestEachAnswerAboutAManifestEndsInItsCause(t *testing.T) {
	digest := digestOf([]byte(manifest), "sha256")
	tests := []struct {
		name, why string
		handler   http.Handler
		image     string // quay.io/library/nginx:1 where empty
		timeout   time.Duration
		status    Status
		cause     string
		detail    string
	}{
		{name: "there", why: "the registry holds it",
			handler: holds(t, manifest, "library/nginx:1"), status: OK, detail: digest},
		{name: "by digest", why: "the digest is what was asked for",
			handler: holds(t, manifest, "library/nginx:1"), image: "quay.io/library/nginx@" + digest, status: OK, detail: digest},
		{name: "tag and digest", why: "the digest decides, as for a runtime",
			handler: holds(t, manifest, "library/nginx:1"), image: "quay.io/library/nginx:gone@" + digest, status: OK, detail: digest},
		{name: "for those who read an index", why: "a registry may answer others with one platform, or with 404",
			handler: behind(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.Contains(r.Header.Get("Accept"), "application/vnd.oci.image.index.v1+json") {
					w.WriteHeader(404)
					return
				}
				w.Header().Set("Docker-Content-Digest", digest)
			})), status: OK, detail: digest},
		{name: "another digest", why: "a mirror that converts manifests answers so",
			handler: behind(answers(200, "", "Docker-Content-Digest", digestOf([]byte("x"), "sha256"))), image: "quay.io/library/nginx@" + digest,
			status: Failed, cause: causeDigestDiffers, detail: "answers with " + digestOf([]byte("x"), "sha256")},
		{name: "digest by GET alone", why: "HEAD without a digest is followed by GET",
			handler: behind(answers(200, manifest, "Content-Type", manifestType)), status: OK, detail: digest},
		{name: "sha512 asked for", why: "a header of another algorithm is no answer",
			handler: behind(answers(200, manifest, "Content-Type", manifestType, "Docker-Content-Digest", digest)), image: "quay.io/library/nginx@" + digestOf([]byte(manifest), "sha512"),
			status: OK, detail: digestOf([]byte(manifest), "sha512")},
		{name: "no HEAD", why: "405 is followed by GET",
			handler: behind(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodHead {
					w.WriteHeader(405)
					return
				}
				w.Header().Set("Content-Type", manifestType)
				io.WriteString(w, manifest)
			})), status: OK, detail: digest},
		{name: "header and body differ", why: "one of them lies",
			handler: behind(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodHead {
					w.WriteHeader(405)
					return
				}
				w.Header().Set("Docker-Content-Digest", digestOf([]byte("x"), "sha256"))
				io.WriteString(w, manifest)
			})), status: Failed, cause: causeDigestDiffers, detail: "and sends " + digest},
		{name: "digest that is none", why: "a header is any text, and is not repeated",
			handler: behind(answers(200, "", "Docker-Content-Digest", "sha256:secret")), status: Failed, cause: causeUnknown, detail: "200 OK without a digest"},
		{name: "no manifest", why: "200 and anything at all is no image",
			handler: behind(answers(200, "welcome")), status: Failed, cause: causeUnknown, detail: "without a digest and without a manifest"},
		{name: "huge manifest", why: "4 MiB are read",
			handler: behind(endless()), status: Failed, cause: causeUnknown, detail: "more than 4 MiB"},
		{name: "schema 1", why: "containerd 2.1 no longer reads it",
			handler: behind(answers(200, "", "Content-Type", "application/vnd.docker.distribution.manifest.v1+prettyjws", "Docker-Content-Digest", digest)),
			status:  Failed, cause: causeSchema1, detail: "schema 1"},
		{name: "absent", why: "the registry holds another tag",
			handler: holds(t, manifest, "library/nginx:2"), status: Failed, cause: causeNotFound, detail: "HEAD manifest: 404 Not Found"},
		{name: "forbidden", why: "without a word of explanation",
			handler: behind(answers(403, "")), status: Failed, cause: causeForbidden, detail: "403 Forbidden"},
		{name: "not on the list", why: "the body says which 403 it is",
			handler: behind(answers(403, `{"errors":[{"code":"DENIED","message":"this image is not in the allowlist"}]}`)),
			status:  Failed, cause: causeNotAllowlisted, detail: "403 Forbidden"},
		{name: "denied", why: "likewise",
			handler: behind(answers(403, `{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}`)),
			status:  Failed, cause: causeAccessDenied, detail: "403 Forbidden"},
		{name: "a body that claims to be another failure", why: "it may refine a status, not overrule it",
			handler: behind(answers(403, "dial tcp 10.0.0.1:443: connect: connection refused")), status: Failed, cause: causeForbidden, detail: "403"},
		{name: "429", why: "asking again would make it worse",
			handler: behind(answers(429, "")), status: Failed, cause: causeRateLimited, detail: "429 Too Many Requests"},
		{name: "500", why: "the mirror or what it asks is down",
			handler: behind(answers(502, "")), status: Failed, cause: causeServerError, detail: "502 Bad Gateway"},
		{name: "web page", why: "a mirror's address without its path",
			handler: behind(answers(200, "<html>", "Content-Type", "text/html")), status: Failed, cause: causeHTML, detail: "a page for people"},
		{name: "password wanted", why: "and none is there",
			handler: answers(401, "", "WWW-Authenticate", `Basic realm="r"`), status: Failed, cause: causeNoCredentials, detail: "401 Unauthorized"},
		{name: "password wanted for the manifest alone", why: "/v2/ is open",
			handler: behind(answers(401, "", "WWW-Authenticate", `Basic realm="r"`)), status: Failed, cause: causeNoCredentials, detail: "401 Unauthorized"},
		{name: "hangs on the manifest", why: "/v2/ answers, so that a check of that alone is green",
			handler: behind(http.HandlerFunc(hang)), timeout: hanging, status: Failed, cause: causeDeadline, detail: "answers /v2/, and does not answer for the manifest within 3s"},
		{name: "reset on the manifest", why: "a filter that looks at the path",
			handler: behind(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				c, _, err := w.(http.Hijacker).Hijack()
				if err == nil {
					c.(*net.TCPConn).SetLinger(0)
					c.Close()
				}
			})), status: Failed, cause: causeReset, detail: "connection reset by peer"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			image := test.image
			if image == "" {
				image = "quay.io/library/nginx:1"
			}
			report := runProbe(t, oneMirror(t, "127.0.0.1:"+serve(t, nil, test.handler), "http"), Options{Images: []string{image}, Timeout: test.timeout})
			asked := report.Images[0].Asked[0]
			got := step(t, asked.Steps, stepManifest)
			if got.Status != test.status || got.Cause != test.cause || !strings.Contains(got.Detail, test.detail) {
				t.Errorf("%s: got %s %q %q, want %s %q and %q in it", test.why, got.Status, got.Cause, got.Detail, test.status, test.cause, test.detail)
			}
			if report.Images[0].Status != test.status || report.Failed() != (test.status == Failed) {
				t.Errorf("the image is %s, Failed() %v, want what its step is: %s", report.Images[0].Status, report.Failed(), test.status)
			}
			if (asked.Digest != "") != (test.status == OK) {
				t.Errorf("digest %q with status %s", asked.Digest, test.status)
			}
		})
	}
}

// A registry that counts requests is not asked a second time for its reasons.
func TestAnAddressThatSays429IsNotAskedAgain(t *testing.T) {
	w := &witness{next: behind(answers(429, ""))}
	runProbe(t, oneMirror(t, "127.0.0.1:"+serve(t, nil, w), "http"), Options{Images: []string{"quay.io/library/nginx:1"}})
	want := "GET /v2/, HEAD " + manifestPath + "1"
	if got := strings.Join(w.asked(), ", "); got != want {
		t.Errorf("asked %s, want %s", got, want)
	}
}

const withFallbacks = `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: cn}
spec:
  mirrors:
  - name: quay
    source: quay.io
    mirror: FIRST/proxy
    fallbacks: [SECOND, THIRD/deep/path]
    transport: http
  - name: alpha
    source: ghcr.io
    mirror: FIRST/ghcr
    transport: http
  registries:
  - {host: SECOND, transport: http}
`

// Fallbacks are asked in the order in which they stand, each below its own path,
// also where the mirror itself serves.
func TestFallbacksAreAskedInOrder(t *testing.T) {
	first := "127.0.0.1:" + serve(t, nil, holds(t, manifest, "proxy/a/b:1"))
	second := "127.0.0.1:" + serve(t, nil, answers(503, ""))
	third := "127.0.0.1:" + serve(t, nil, holds(t, manifest, "deep/path/a/b:1"))
	// A fallback is reached as its own host is declared; that of its mirror says nothing.
	text := withFallbacks + "  - {host: THIRD, transport: http}\n"
	set := setOf(t, text, "FIRST", first, "SECOND", second, "THIRD", third)
	report := runProbe(t, set, Options{Images: []string{"quay.io/a/b:1"}})

	var addresses []string
	for _, a := range report.Addresses {
		addresses = append(addresses, a.Role+" "+a.Mirror+" "+a.Address+" "+string(a.Status))
	}
	want := []string{
		"mirror alpha " + first + "/ghcr ok",
		"mirror quay " + first + "/proxy ok",
		"fallback quay " + second + " failed",
		"fallback quay " + third + "/deep/path ok",
	}
	registries := []string{"registry  " + second + " failed", "registry  " + third + " ok"}
	slices.Sort(registries)
	want = append(want, registries...)
	if got := strings.Join(addresses, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got addresses\n%s\nwant mirrors by name, fallbacks as written, registries last\n%s", got, strings.Join(want, "\n"))
	}
	var asked []string
	for _, a := range report.Images[0].Asked {
		asked = append(asked, a.Role+" "+a.Reference+" "+string(a.Status))
	}
	want = []string{
		"mirror " + first + "/proxy/a/b:1 ok",
		"fallback " + second + "/a/b:1 failed",
		"fallback " + third + "/deep/path/a/b:1 ok",
	}
	if got := strings.Join(asked, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", got, strings.Join(want, "\n"))
	}
	if !report.Failed() {
		t.Error("a fallback failed, and the report did not")
	}
}

// One host is asked once for /v2/, however many mirrors lie on it.
func TestAHostIsAskedOnceForAllItsMirrors(t *testing.T) {
	w := &witness{next: answers(200, "{}")}
	host := "127.0.0.1:" + serve(t, nil, w)
	report := runProbe(t, setOf(t, withFallbacks, "FIRST", host, "SECOND", host, "THIRD", host), Options{})
	if len(report.Addresses) != 5 || len(w.asked()) != 1 {
		t.Errorf("%d addresses, %d requests %v; want 5 and 1", len(report.Addresses), len(w.asked()), w.asked())
	}
}

// An image that cannot be asked for is told from one that fails.
func TestImagesThatNoMirrorServesAreSaidAndNotAskedFor(t *testing.T) {
	w := &witness{next: holds(t, manifest, "quay/a/b:1")}
	host := "127.0.0.1:" + serve(t, nil, w)
	set := setOf(t, `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: cn}
spec:
  mirrors:
  - {name: quay, source: quay.io, mirror: HOST/quay, transport: http, only: [a], except: [a/x]}
`, "HOST", host)
	tests := []struct {
		image, why string
		status     Status
		asked      int
		detail     string
	}{
		{"quay.io/a/b:1", "the mirror holds it", OK, 1, ""},
		{host + "/quay/a/b:1", "the mirror's own address", OK, 1, ""},
		{host + "/other/a/b:1", "the mirror's host, and not its path", Skipped, 0, "no source covers it"},
		{"ghcr.io/a/b:1", "no source", Skipped, 0, "no source covers it"},
		{"quay.io/b/c:1", "only", Skipped, 0, "mirror quay does not hold it"},
		{"quay.io/a/x:1", "except", Skipped, 0, "except covers quay.io/a/x"},
		{"quay.io/A", "no reference", Failed, 0, "is no image reference: repository name must be lowercase"},
	}
	for _, test := range tests {
		report := runProbe(t, set, Options{Images: []string{test.image}})
		got := report.Images[0]
		if got.Status != test.status || len(got.Asked) != test.asked || !strings.Contains(got.Detail, test.detail) {
			t.Errorf("%s (%s): got %s, %d asked, %q; want %s, %d, %q", test.image, test.why, got.Status, len(got.Asked), got.Detail, test.status, test.asked, test.detail)
		}
		if report.NoneServed() != (test.asked == 0) || report.Failed() != (test.asked == 0) {
			t.Errorf("%s: NoneServed() %v, Failed() %v; images of which none is served are a finding", test.image, report.NoneServed(), report.Failed())
		}
	}
	// Beside one that is served, an image without a mirror is no failure.
	if report := runProbe(t, set, Options{Images: []string{"ghcr.io/a/b:1", "quay.io/a/b:1"}}); report.Failed() {
		t.Errorf("failed: %+v", report.Images)
	}
}

// An address that does not answer is not asked for images, and the image is not
// thereby fine.
func TestAnImageBehindADeadAddressIsNotServed(t *testing.T) {
	report := runProbe(t, oneMirror(t, "127.0.0.1:"+closedPort(t), "http"), Options{Images: []string{"quay.io/a/b:1"}})
	image := report.Images[0]
	if image.Status != Failed || image.Asked[0].Status != Skipped {
		t.Errorf("image %s, asked %s; want failed, and skipped", image.Status, image.Asked[0].Status)
	}
}

// With Digest, what a mirror has is held against the image's own registry.
func TestADigestIsHeldAgainstUpstream(t *testing.T) {
	other := strings.Replace(manifest, `"layers":[]`, `"layers":[],"annotations":{"a":"b"}`, 1)
	tests := []struct {
		name     string
		upstream func(t *testing.T) string
		status   Status
		cause    string
		digest   Status
	}{
		{"the same", func(t *testing.T) string { return serve(t, nil, holds(t, manifest, "a/b:1")) }, OK, "", OK},
		{"another", func(t *testing.T) string { return serve(t, nil, holds(t, other, "a/b:1")) }, Failed, causeDigestDiffers, Failed},
		{"gone", func(t *testing.T) string { return serve(t, nil, holds(t, other, "a/b:2")) }, Failed, "", Skipped},
		{"dead", func(t *testing.T) string { return closedPort(t) }, Failed, "", Skipped},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			upstream := "127.0.0.1:" + test.upstream(t)
			w := &witness{next: holds(t, manifest, "proxy/a/b:1")}
			set := setOf(t, `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: cn}
spec:
  mirrors:
  - {name: up, source: "UPSTREAM", mirror: "MIRROR/proxy", transport: http}
  registries:
  - {host: "UPSTREAM", transport: http}
`, "UPSTREAM", upstream, "MIRROR", "localhost:"+serve(t, nil, w))
			report := runProbe(t, set, Options{Images: []string{upstream + "/a/b:1"}, Digest: true})
			image := report.Images[0]
			got := step(t, image.Asked[0].Steps, stepDigest)
			if got.Status != test.digest || got.Cause != test.cause {
				t.Errorf("digest step %s %q, want %s %q", got.Status, got.Cause, test.digest, test.cause)
			}
			if last := image.Asked[1]; last.Role != roleUpstream || last.Address != upstream {
				t.Errorf("asked last: %s %s, want the upstream %s", last.Role, last.Address, upstream)
			}
			if report.Failed() != (test.status == Failed) {
				t.Errorf("Failed() = %v, want %v", report.Failed(), test.status == Failed)
			}
		})
	}
}
