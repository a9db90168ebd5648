package diagnosis

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
)

// What resembles a failed pull, and is the failure of something else.
func TestLookAlikesAreNotDiagnosed(t *testing.T) {
	for _, row := range []struct{ why, message string }{
		{"nothing", ""},
		{"blanks", " \n\t"},
		{"a probe of a registry's own Pod", `Readiness probe failed: Get "http://10.244.1.7:5000/v2/": dial tcp 10.244.1.7:5000: connect: connection refused`},
		{"a probe's status", "Liveness probe failed: HTTP probe failed with statuscode: 503"},
		{"a webhook", `Internal error occurred: failed calling webhook "mutate.kyverno.svc-fail": failed to call webhook: Post "https://kyverno-svc.kyverno.svc:443/mutate/fail?timeout=10s": context deadline exceeded`},
		{"an admission webhook that checks images", `admission webhook "validate.kyverno.svc-fail" denied the request: failed to verify image ghcr.io/a/b:1: GET https://ghcr.io/token: DENIED: denied`},
		{"a network plugin, old", `NetworkPlugin cni failed to set up pod "web_default" network: Get "https://[10.96.0.1]:443/api/v1/namespaces/default": x509: certificate signed by unknown authority`},
		{"a network plugin, new", `Failed to create pod sandbox: rpc error: code = Unknown desc = failed to setup network for sandbox "1": plugin type="calico" failed (add): error getting ClusterInformation: Get "https://10.96.0.1:443/apis/crd.projectcalico.org/v1/clusterinformations/default": dial tcp 10.96.0.1:443: i/o timeout`},
		{"the API server's certificate", "Unable to connect to the server: x509: certificate signed by unknown authority"},
		{"a reflector", `Failed to list *v1.Pod: Get "https://10.96.0.1:443/api/v1/pods?limit=500": x509: certificate has expired or is not yet valid`},
		{"a kubelet that cannot register", `Unable to register node "n1" with API server: Post "https://10.0.0.1:6443/api/v1/nodes": dial tcp 10.0.0.1:6443: connect: connection refused`},
		{"a client's certificate", "http: TLS handshake error from 10.0.0.7:51234: remote error: tls: bad certificate"},
		{"a volume", `MountVolume.SetUp failed for volume "config" : configmap "web" not found`},
		{"a secret that a container wants", `Error: secret "db" not found`},
		{"Docker's client", "error during connect: Get http://127.0.0.1:2375/v1.24/containers/json: dial tcp 127.0.0.1:2375: connect: connection refused"},
		{"git", "fatal: unable to access 'https://git.example/a.git/': SSL certificate problem: unable to get local issuer certificate"},
		{"helm", `Error: INSTALLATION FAILED: Kubernetes cluster unreachable: Get "https://10.0.0.1:6443/version": dial tcp 10.0.0.1:6443: i/o timeout`},
		{"a chart repository", `looks like "https://charts.example" is not a valid chart repository or cannot be reached: Get "https://charts.example/index.yaml": EOF`},
		{"a database", "psql: error: connection to server at \"10.0.0.5\", port 5432 failed: Connection refused"},
		{"an application's own disk", "write /data/wal/000123: no space left on device"},
		{"the scheduler", "0/3 nodes are available: 3 Insufficient memory."},
		{"a container that ends", "Back-off restarting failed container web in pod web-1_default(4f5e)"},
		{"a command that is absent", `OCI runtime create failed: exec: "/app": stat /app: no such file or directory: unknown`},
		{"a pull that succeeds", `Successfully pulled image "nginx" in 1.2s (1.2s including waiting). Image size: 70540000 bytes.`},
		{"a pull that begins", `Pulling image "nginx:1.27"`},
		{"an image that is there", `Container image "nginx" already present on machine`},
		{"a push", "The push refers to repository [r.example/a]\ndenied: requested access to the resource is denied"},
		{"a push's status", `failed to push r.example/a:1: unexpected status from PUT request to https://r.example/v2/a/manifests/1: 401 Unauthorized`},
		{"a login", `Error response from daemon: login attempt to https://r.example/v2/ failed with status: 401 Unauthorized`},
		{"a login with its questions", "Login with your Docker ID to push and pull images from Docker Hub.\nUsername: a\nPassword:\nError response from daemon: Get https://registry-1.docker.io/v2/: unauthorized: incorrect username or password"},
		{"a command of a Dockerfile", `failed to solve: process "/bin/sh -c curl -f https://r.example/a" did not complete successfully: exit code: 22`},
		{"a command of a Containerfile", "curl: (7) Failed to connect to 10.0.0.1 port 7777: Connection refused\nError: error building at step \"RUN ./install\": exit status 1"},
		{"the challenge in a registry's log", `10.0.0.2 - - [13/Mar/2019:14:05:52 +0000] "GET /v2/ HTTP/1.1" 401 87 "" "containerd/1.7.5"`},
		{"the challenge in containerd's", `level=debug msg="fetch response received" host=r.example response.header.www-authenticate="Bearer realm=\"https://r.example/token\"" response.status="401 Unauthorized" url="https://r.example/v2/a/manifests/1"`},
		{"what a client accepts", `level=debug msg="do request" host=r.example request.header.accept="application/vnd.oci.image.manifest.v1+json, */*" request.method=HEAD url="https://r.example/v2/a/manifests/1"`},
		{"another service's second version", `order-service: POST https://payments.example/v2/charges: dial tcp: lookup payments.example on 10.96.0.10:53: no such host`},
		{"CoreDNS", "[ERROR] plugin/errors: 2 registry-1.docker.io. A: read udp 10.244.0.3:41234->10.0.0.2:53: i/o timeout"},
		{"a picture", "ERROR image-service: upload of avatar image failed: 503 Service Unavailable"},
		{"Argo CD's manifests", "ComparisonError: rpc error: code = Unknown desc = failed to generate manifest: authentication required"},
		{"an image that Docker is to tag", "Error response from daemon: No such image: a/b:1"},
		{"a warning beside a pull that goes on", "Image docker.io/library/php:5.4-cli uses outdated schema1 manifest format. Please upgrade to a schema2 image for better future compatibility."},
		{"prose", "the registry is fast today"},
		{"a table's heading", "LAST SEEN   TYPE      REASON    OBJECT     MESSAGE"},
	} {
		if f := Diagnose(row.message, English); f.Cause != NotAPullFailure || f.Summary != "" || f.Remedy == nil || len(f.Remedy) != 0 {
			t.Errorf("%s: %q reads as %q", row.why, row.message, f.Cause)
		}
	}
}

// The rules by which one of several texts is chosen.
func TestTheInnermostTextNamesTheCause(t *testing.T) {
	const wrapper = `Failed to pull image "r.example/a:1": rpc error: code = Unknown desc = `
	for _, row := range []struct{ why, message, want string }{
		{"inside what a registry is said to deny", wrapper + "pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials", "no-credentials"},
		{"a list of mirrors' images", wrapper + "pull access denied: denied: this image is not in the allowlist", "mirror-not-allowlisted"},
		{"a platform that is not found", `rpc error: code = NotFound desc = failed to pull and unpack image "r.example/a:1": no match for platform in manifest: not found`, "platform-mismatch"},
		{"a repository that Artifact Registry does not know", wrapper + `name unknown: Repository "my-repo" not found`, "not-found"},
		{"a media type is not the failure", wrapper + `Get "https://r.example/x" Accept: application/vnd.oci.image.manifest.v1+json: dial tcp 10.0.0.1:443: i/o timeout`, "network-timeout"},
		{"a look-up that times out", wrapper + "dial tcp: lookup r.example on 10.0.0.2:53: read udp 10.0.0.7:4->10.0.0.2:53: i/o timeout", "dns-failure"},
		{"a look-up whose server refuses", wrapper + "dial tcp: lookup r.example on 10.0.0.2:53: dial udp 10.0.0.2:53: connect: connection refused", "dns-failure"},
		{"a proxy that refuses", wrapper + `Head "https://r.example/v2/": proxyconnect tcp: dial tcp 10.0.0.8:3128: connect: connection refused`, "http-proxy-failure"},
		{"a proxy that does not resolve", wrapper + `Head "https://r.example/v2/": proxyconnect tcp: dial tcp: lookup proxy on 10.0.0.2:53: no such host`, "http-proxy-failure"},
		{"a proxy that answers CONNECT", wrapper + `Head "https://r.example/v2/a/manifests/1": Forbidden`, "http-proxy-failure"},
		{"a time-out outweighs giving up", wrapper + `dial tcp 10.0.0.1:443: i/o timeout: context canceled`, "network-timeout"},
		{"a client's time-out is the network's", wrapper + `Get "https://r.example/v2/": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`, "network-timeout"},
		{"giving up alone", wrapper + `Get "https://r.example/v2/": context deadline exceeded`, "pull-deadline-exceeded"},
		{"a status before the page that came with it", wrapper + `error parsing HTTP 503 response body: invalid character '<' looking for beginning of value: "<html>"`, "registry-server-error"},
		{"a page where an image should be", wrapper + `error parsing HTTP 404 response body: invalid character '<' looking for beginning of value: "<html>"`, "html-instead-of-registry"},
		{"the last of several attempts", `Failed to pull image "r.example/a:1": [rpc error: code = Unknown desc = Head "https://r.example/v2/a/manifests/1": dial tcp 10.0.0.1:443: connect: connection refused, rpc error: code = Unknown desc = received unexpected HTTP status: 502 Bad Gateway]`, "registry-server-error"},
		{"Docker Hub's two words for one thing", wrapper + "reading manifest latest in docker.io/a/b: errors: denied: requested access to the resource is denied unauthorized: authentication required", "access-denied"},
		{"how the runtime sorts it, with the text inside", `RegistryUnavailable: pinging container registry r.example: Get "https://r.example/v2/": dial tcp 10.0.0.1:443: connect: connection refused`, "registry-unavailable"},
		{"nothing inside", wrapper + "locked: unavailable", "generic-no-detail"},
		{"from Kubernetes 1.32 on the back-off says it", `Back-off pulling image "r.example/a:1": ErrImagePull: failed to pull and unpack image "r.example/a:1": failed to resolve reference "r.example/a:1": r.example/a:1: not found`, "not-found"},
	} {
		if f := Diagnose(row.message, English); f.Cause != row.want {
			t.Errorf("%s: %q, want %q", row.why, f.Cause, row.want)
		}
	}
}

func TestStatusesAreReadByTheirStructure(t *testing.T) {
	for _, row := range []struct{ why, text, want string }{
		{"words behind the number", "unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 403 Forbidden", "forbidden"},
		{"words in brackets", "invalid status code from registry 502 (Bad Gateway)", "registry-server-error"},
		{"a field", `reading manifest 1 in r.example/a: StatusCode: 403, ""`, "forbidden"},
		{"a field without a blank", "failed to pull image: StatusCode:429", "rate-limited"},
		{"JSON", `failed to pull image: {"status":401}`, "unauthorized"},
		{"HTTP's own line", "failed to pull image: HTTP/1.1 504 Gateway Time-out", "registry-server-error"},
		{"a code of the edge", "failed to pull image: unexpected status code 522", "registry-server-error"},
		{"unavailable for legal reasons", "failed to pull image: unexpected status 451", "forbidden"},
		{"Harbor's policy", "failed to pull image: unexpected status: 412 Precondition Failed", "forbidden"},
		{"gone", "failed to pull image: unexpected status: 410 Gone", "not-found"},
		{"a slow request", "failed to pull image: unexpected status: 408 Request Timeout", "network-timeout"},
		{"a proxy that wants a password", "failed to pull image: unexpected status: 407 Proxy Authentication Required", "http-proxy-failure"},
		{"400 to plain HTTP", "unexpected status from HEAD request to http://r.example/v2/a/manifests/1: 400 Bad Request", "http-request-to-https-port"},
		{"400 to HTTPS says nothing", "failed to resolve reference \"r.example/a:1\": unexpected status from HEAD request to https://r.example/v2/a/manifests/1: 400 Bad Request", "generic-no-detail"},
		{"a port", "failed to pull image: status of r.example:500", "generic-no-detail"},
		{"an address", "failed to pull image: status 10.0.500.1", "generic-no-detail"},
		{"a digest", "failed to pull image: status sha256:403abc", "generic-no-detail"},
		{"a time", "failed to pull image: status after 500ms", "generic-no-detail"},
		{"a longer number", "failed to pull image: status 5000", "generic-no-detail"},
		{"Docker's API wraps every error in 500", "API error (500): failed to pull image: manifest for a not found: manifest unknown", "not-found"},
		{"an exit status", "failed to pull image: exit status 404", "generic-no-detail"},
		{"as Go names it", `level=info msg="trying next host - response was http.StatusNotFound" host=r.example`, "not-found"},
		{"as Go names others", "trying next host: http.StatusInternalServerError", "registry-server-error"},
		{"no name of Go's", "failed to pull image: http.StatusOf", "generic-no-detail"},
		{"a server's own log, other than the challenge", `"GET /v2/a/manifests/1 HTTP/1.1" 404 87 "" "containerd/1.7.5"`, "not-found"},
		{"a page with 404 is no registry's", `GET https://r.example/v2/: unexpected status code 404 Not Found: <!doctype html><html>`, "html-instead-of-registry"},
		{"a page with 403 is a refusal", `GET https://r.example/v2/: unexpected status code 403 Forbidden: <!doctype html><html>`, "forbidden"},
		{"a proxy that redirects CONNECT", "Error response from daemon: Get https://r.example/v2/: Moved Permanently", "http-proxy-failure"},
		{"a gateway's own word", "Error while pulling image: Get https://r.example/v1/repositories/a/images: authenticationrequired", "http-proxy-failure"},
		{"a registry's word, which a status resembles", `Error response from daemon: Head "https://r.example/v2/a/manifests/1": unauthorized`, "unauthorized"},
	} {
		if f := Diagnose(row.text, English); f.Cause != row.want {
			t.Errorf("%s: %q reads as %q, want %q", row.why, row.text, f.Cause, row.want)
		}
	}
}

func TestHostsAndImages(t *testing.T) {
	for _, row := range []struct{ why, message, host, image string }{
		{"the URL's host", `Failed to pull image "nginx": Head "https://registry-1.docker.io/v2/library/nginx/manifests/latest": dial tcp 1.2.3.4:443: i/o timeout`, "registry-1.docker.io", "nginx"},
		{"the port is written", `Head "https://r.example:8443/v2/a/manifests/1": dial tcp 1.2.3.4:8443: i/o timeout`, "r.example:8443", "r.example:8443/a:1"},
		{"the port of the address alone is not the registry's", `Head "https://r.example/v2/": dial tcp 1.2.3.4:443: i/o timeout`, "r.example", ""},
		{"the token server, asked last", `Head "https://registry-1.docker.io/v2/library/nginx/manifests/latest": Get "https://auth.docker.io/token?scope=x": dial tcp 1.2.3.4:443: i/o timeout`, "auth.docker.io", "docker.io/library/nginx:latest"},
		{"the layers' host", "error pulling image configuration: Get https://cdn.example/registry-v2/docker/registry/v2/blobs/sha256/4d/x/data?verify=1: EOF", "cdn.example", ""},
		{"the name that was looked up", "Failed to pull image \"r.example/a:1\": dial tcp: lookup cdn.example on 10.0.0.2:53: no such host", "cdn.example", "r.example/a:1"},
		{"the URL's port for the name that was looked up", `Get "https://r.example:5000/v2/": dial tcp: lookup r.example on 10.0.0.2:53: no such host`, "r.example:5000", ""},
		{"the address", "error pulling image configuration: download failed after attempts=6: dial tcp 108.160.169.181:443: i/o timeout", "108.160.169.181:443", ""},
		{"the far end", "failed to copy: read tcp 192.168.16.6:35464->104.18.122.25:443: read: connection reset by peer", "104.18.122.25:443", ""},
		{"IPv6", `Get "https://[fd00::10]:5000/v2/": dial tcp [fd00::10]:5000: connect: connection refused`, "[fd00::10]:5000", ""},
		{"the image's registry", `Failed to pull image "quay.io/a/b:1": toomanyrequests`, "quay.io", "quay.io/a/b:1"},
		{"Docker Hub, where the image names none", `Failed to pull image "a/b:1": toomanyrequests`, "docker.io", "a/b:1"},
		{"a mirror that is read instead", "Error: initializing source docker://a/b:1: reading manifest 1 in mirror.gcr.io/a/b: manifest unknown", "mirror.gcr.io", "a/b:1"},
		{"containerd's log", `level=info msg="trying next host" error="toomanyrequests" host="m.example:5000"`, "m.example:5000", ""},
		{"the link for readers is not the host", "Error response from daemon: toomanyrequests: You have reached your pull rate limit: https://www.docker.com/increase-rate-limit", "", ""},
		{"nor is the one in a mirror's refusal", "pull access denied for m.daocloud.io/docker.io/library/nginx, repository does not exist or may require 'docker login': denied: see https://github.com/DaoCloud/public-image-mirror/issues/2328 不在白名单", "m.daocloud.io", "m.daocloud.io/docker.io/library/nginx"},
		{"the certificate's name", "Unable to pull due to x509: certificate is valid for a.example, not b.example", "b.example", ""},
		{"credentials in a URL", `Get "https://user:secret@r.example/v2/": EOF`, "r.example", ""},
		{"the source, where a mirror was asked", "unexpected status from HEAD request to https://m.example/v2/library/nginx/manifests/1?ns=docker.io: 403 Forbidden", "m.example", "docker.io/library/nginx:1"},
		{"a digest in a URL", "unexpected status from HEAD request to https://r.example/v2/a/b/manifests/sha256:" + strings.Repeat("a", 64) + ": 403 Forbidden", "r.example", "r.example/a/b@sha256:" + strings.Repeat("a", 64)},
		{"a broken image is shown as written", `Failed to apply default image tag "https://r.example/a:1": couldn't parse image reference "https://r.example/a:1": invalid reference format`, "r.example", "https://r.example/a:1"},
		{"a platform is no image", "no matching manifest for linux/arm64/v8 in the manifest list entries", "", ""},
		{"a path before the version", "Get https://r.example/artifactory/api/docker/hub/v2/a/manifests/1: EOF", "r.example", ""},
		{"what Docker pulled before 1.10", "Pulling repository r.example/a\ndocker: Error: Status 403 trying to pull repository a", "r.example", "r.example/a"},
		{"what Docker pulled before 1.6", "Error pulling image (1.2) from r.example:5000/a, ApplyLayer exit status 1 unexpected EOF", "r.example:5000", "r.example:5000/a"},
		{"the line of compose that failed", "! Image redis:alpine Interrupted\n✘ Image bobrik/socat Error toomanyrequests", "docker.io", "bobrik/socat"},
		{"not the file that is written", `Pulling r.example/a:1: writing image "a.tar": unsupported status code 404`, "r.example", "r.example/a:1"},
		{"from where it is pulled", "podman pull from r.example fails with error tls: unexpected message", "r.example", ""},
		{"an empty name is passed over", `Failed to inspect image "": rpc error: code = Unknown desc = short name mode is enforcing, but image name synology/csi:v1 returns ambiguous list`, "", "synology/csi:v1"},
	} {
		f := Diagnose(row.message, English)
		if f.Host != row.host || f.Image != row.image {
			t.Errorf("%s: host %q, image %q; want %q, %q (%s)", row.why, f.Host, f.Image, row.host, row.image, f.Cause)
		}
	}
}

func TestTheInnerTextOfARegistryThatIsUnavailableHasTheRemedy(t *testing.T) {
	f := Diagnose(`RegistryUnavailable: pinging container registry r.example: Get "https://r.example/v2/": dial tcp: lookup r.example on 10.0.0.2:53: no such host`, English)
	if f.Inner != "dns-failure" || !strings.Contains(strings.Join(f.Remedy, "\n"), "getent hosts r.example") {
		t.Errorf("%q: %v", f.Inner, f.Remedy)
	}
}

func TestMirrorsThatFailedBeforeAreNamed(t *testing.T) {
	f := Diagnose("(Mirrors also failed: [m1.example/library/redis:7: reading manifest 7 in m1.example/library/redis: authentication required] [m2.example:5000/library/redis:7: pinging container registry m2.example:5000: Get \"https://m2.example:5000/v2/\": dial tcp 10.0.0.1:5000: connect: connection refused]): docker.io/library/redis:7: reading manifest 7 in docker.io/library/redis: toomanyrequests: slow", English)
	want := []Attempt{{Host: "m1.example", Cause: "unauthorized"}, {Host: "m2.example:5000", Cause: "connection-refused"}}
	if f.Cause != "rate-limited" || f.Host != "docker.io" || !slices.Equal(f.Mirrors, want) {
		t.Errorf("%s at %s, before: %+v", f.Cause, f.Host, f.Mirrors)
	}
	if !strings.Contains(f.Remedy[0], "m1.example failed as a mirror: unauthorized") {
		t.Errorf("the first step is %q", f.Remedy[0])
	}
}

func TestASourceThatIsBlockedWasNotAskedSoTheMirrorNamesTheCause(t *testing.T) {
	const blocked = "quay.io/a/b:1: registry quay.io/a is blocked in /etc/containers/registries.conf or /root/.config/containers/registries.conf.d"
	f := Diagnose(`Failed to pull image "quay.io/a/b:1": (Mirrors also failed: [m1.example/a/b:1: reading manifest 1 in m1.example/a/b: authentication required] [m2.example:5000/a/b:1: reading manifest 1 in m2.example:5000/a/b: manifest unknown]): `+blocked, English)
	if f.Cause != "not-found" || f.Host != "m2.example:5000" || f.Image != "quay.io/a/b:1" || !slices.Equal(f.Mirrors, []Attempt{{Host: "m1.example", Cause: "unauthorized"}}) {
		t.Errorf("%s at %s, before: %+v", f.Cause, f.Host, f.Mirrors)
	}
	f = Diagnose(`Failed to pull image "quay.io/a/b:1": `+blocked, English)
	if f.Cause != "forbidden" || !strings.Contains(strings.Join(f.Remedy, "\n"), "no registry was asked") {
		t.Errorf("without a mirror: %s, %v", f.Cause, f.Remedy)
	}
	if f := Diagnose("(Mirrors also failed: []): "+blocked, English); f.Cause != "forbidden" || len(f.Mirrors) != 0 {
		t.Errorf("without an account of mirrors: %s, %v", f.Cause, f.Mirrors)
	}
}

func TestOnlyWhatIsSafeToPasteReachesACommand(t *testing.T) {
	for _, message := range []string{
		`Failed to pull image "r.example/a:1": Head "https://$(reboot).example/v2/": x509: certificate signed by unknown authority`,
		"Failed to pull image \"r.example/`reboot`:1\": manifest unknown",
		`Failed to pull image "r.example/a:1;reboot": manifest unknown`,
		`Failed to pull image "-oProxyCommand=reboot": toomanyrequests`,
		`Failed to pull image "{host}": no basic auth credentials`,
	} {
		f := Diagnose(message, English)
		for _, step := range f.Remedy {
			if strings.Contains(step, "reboot") || strings.Contains(step, "{") && strings.Contains(step, "host}") {
				t.Errorf("%s: %s", message, step)
			}
		}
	}
}

func TestALongMessageIsCutWithANote(t *testing.T) {
	message := strings.Repeat("é", MaxMessage/2) + " toomanyrequests"
	f := Diagnose(message, English)
	if len(f.Message) != MaxMessage || f.Note == "" || f.Cause != NotAPullFailure {
		t.Errorf("%d bytes, note %q, cause %q", len(f.Message), f.Note, f.Cause)
	}
	if f := Diagnose("Failed to pull image: toomanyrequests "+strings.Repeat("é", MaxMessage), Chinese); f.Cause != "rate-limited" || len(f.Message) > MaxMessage || f.Note != textCut.Zh {
		t.Errorf("%d bytes, note %q, cause %q", len(f.Message), f.Note, f.Cause)
	}
}

func TestExplainWordsACauseThatIsKnownAlready(t *testing.T) {
	f := Explain("x509-expired", "r.example:5000", "r.example:5000/a:1", English)
	if !strings.Contains(f.Summary, "r.example:5000") || len(f.Remedy) == 0 || f.Message != "" {
		t.Errorf("%+v", f)
	}
	if f := Explain("no-such-cause", "", "", English); f.Summary != "" || f.Remedy == nil {
		t.Errorf("a cause that is not in the table: %+v", f)
	}
}

func TestTheJSONFormHasTheSixFieldsOfTheContractFirst(t *testing.T) {
	for _, row := range []struct{ message, want string }{
		{"hello", `{"message":"hello","cause":"","host":"","image":"","summary":"","remedy":[]}`},
		{"ErrImagePull", `{"message":"ErrImagePull","cause":"generic-no-detail","host":"","image":"","summary":"`},
	} {
		data, err := json.Marshal(Diagnose(row.message, English))
		if err != nil || !strings.HasPrefix(string(data), row.want) {
			t.Errorf("%s, %v", data, err)
		}
	}
}
