package admission

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

const (
	// mirrored is what pod("nginx") becomes.
	mirrored = "cr.example.com/dockerhub/library/nginx:latest"
	stored   = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"spec":{"containers":[{"name":"c0","image":"redis"}]}}`
)

func TestARewriteReachesWhatAClusterLetsItReach(t *testing.T) {
	session := load(t, file(t, "rewrite.yaml"))
	static := strings.Replace(pod("nginx"), `"namespace":"shop"`, `"namespace":"shop","annotations":{"kubernetes.io/config.mirror":"x"}`, 1)
	debugged := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop"},"spec":{"containers":[{"name":"c0","image":"redis"}],` +
		`"ephemeralContainers":[{"name":"dbg","image":"busybox:1.36"}]}}`
	for _, test := range []struct {
		reason                            string
		operation, subresource, old, next string
		images                            string
		matched, fired                    bool
	}{
		{"a new Pod", "CREATE", "", "", pod("nginx", "quay.io/prometheus/node:v1", "quay.io/other/x:1", "ghcr.io/a/b:1"),
			mirrored + " cr.example.com/quay/prometheus/node:v1 quay.io/other/x:1 ghcr.io/a/b:1", true, true},
		{"a new Pod without its namespace", "CREATE", "", "", strings.Replace(pod("nginx"), `,"namespace":"shop"`, "", 1), mirrored, true, true},
		{"nothing to rewrite", "CREATE", "", "", pod("ghcr.io/a/b:1"), "ghcr.io/a/b:1", true, false},
		{"a second pass", "CREATE", "", "", pod(mirrored), mirrored, true, false},
		{"an update that changes an image", "UPDATE", "", stored, pod("nginx"), mirrored, true, true},
		{"an update that changes no image", "UPDATE", "", stored, strings.Replace(stored, `"name":"web"`, `"name":"web","labels":{"a":"b"}`, 1), "redis", true, false},
		{"an ephemeral container", "UPDATE", "ephemeralcontainers", stored, debugged, "redis cr.example.com/dockerhub/library/busybox:1.36", true, true},
		{"a subresource that the policy does not name", "UPDATE", "status", stored, pod("nginx"), "nginx", false, false},
		{"a static Pod's mirror", "CREATE", "", "", static, "nginx", false, false},
		{"a namespace that is excluded", "CREATE", "", "", strings.Replace(pod("nginx"), `"shop"`, `"kube-system"`, 1), "nginx", false, false},
		{"another kind", "CREATE", "", "", strings.Replace(pod("nginx"), `"Pod"`, `"Sandwich"`, 1), "nginx", false, false},
	} {
		t.Run(test.reason, func(t *testing.T) {
			request := &protocol.Admit{Operation: test.operation, SubResource: test.subresource, Object: object(t, test.next)}
			if test.old != "" {
				request.OldObject = object(t, test.old)
			}
			outcome := admit(t, session, request)
			if got := imagesOf(t, outcome.Object, request.Object); got != test.images || !outcome.Allowed || len(outcome.Warnings) > 0 {
				t.Errorf("got %s: %s", got, text(t, outcome))
			}
			if matched, fired := strings.Join(outcome.Matched, " ") == "mirrors", strings.Join(outcome.Fired, " ") == "mirrors"; matched != test.matched || fired != test.fired {
				t.Errorf("matched %v, fired %v", outcome.Matched, outcome.Fired)
			}
			if (outcome.Object != nil) != test.fired {
				t.Errorf("object %v", outcome.Object)
			}
		})
	}
}

func TestWhatIsNotChangedComesBackAsItWas(t *testing.T) {
	session := load(t, file(t, "rewrite.yaml"))
	for _, test := range []struct{ reason, image, before, after string }{
		{"numbers beyond a float, empty values, odd keys, order", "nginx",
			`{"apiVersion":"v1","kind":"Pod","metadata":{"creationTimestamp":null,"labels":{},"name":"web","namespace":"shop","annotations":{"a/b~c":"\u0001\"<>&"}},"status":{},` +
				`"spec":{"priority":9007199254740993,"containers":[{"image":"IMAGE","name":"a","x":[],"y":{},"z":1.5}]}}`, ""},
		{"a namespace that is filled in is taken out again", "nginx", `{"apiVersion":"v1","kind":"Pod","metadata":{},"spec":{"containers":[{"name":"a","image":"IMAGE"}]}}`, ""},
		{"no metadata at all", "nginx", `{"apiVersion":"v1","kind":"Pod","spec":{"containers":[{"name":"a","image":"IMAGE"}]}}`, ""},
	} {
		t.Run(test.reason, func(t *testing.T) {
			before := object(t, strings.Replace(test.before, "IMAGE", test.image, 1))
			kept := text(t, before)
			outcome := admit(t, session, &protocol.Admit{Object: before})
			if got, want := text(t, outcome.Object), text(t, object(t, strings.Replace(test.before, "IMAGE", mirrored, 1))); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if text(t, before) != kept {
				t.Errorf("the request's own object was changed: %s", text(t, before))
			}
		})
	}
}

func TestAConstraintSeesWhatTheRewriteMade(t *testing.T) {
	session := load(t, file(t, "rewrite.yaml"), file(t, "constraint.yaml"))
	for _, test := range []struct {
		reason, pod string
		phases      []string
		messages    string // empty: allowed
	}{
		{"rewritten, then judged", pod("nginx"), Phases(), ""},
		{"judged alone", pod("nginx"), []string{phaseValidate}, `spec.containers[0] "c0": image "nginx" (docker.io/library/nginx:latest) must be "` + mirrored + `"; ` +
			`spec.containers[0] "c0": image "nginx" comes from docker.io, which is not allowed; allowed: cr.example.com/dockerhub, cr.example.com/quay, r.example.com:5000/distroless, registry.corp.example`},
		{"rewritten, and still not allowed", pod("ghcr.io/a/b:1"), Phases(),
			`spec.containers[0] "c0": image "ghcr.io/a/b:1" comes from ghcr.io, which is not allowed; allowed: cr.example.com/dockerhub, cr.example.com/quay, r.example.com:5000/distroless, registry.corp.example`},
		{"not a reference", pod("Nginx!"), Phases(), `spec.containers[0] "c0": image "Nginx!" is not a valid reference`},
	} {
		t.Run(test.reason, func(t *testing.T) {
			outcome := admit(t, session, &protocol.Admit{Object: object(t, test.pod), Phases: test.phases})
			if got := strings.Join(outcome.Messages, "|"); got != test.messages || outcome.Allowed != (test.messages == "") || len(outcome.Warnings) > 0 {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

func TestRequestsThatNoClusterCouldMakeAreErrors(t *testing.T) {
	session := load(t, file(t, "rewrite.yaml"))
	whole := object(t, pod("nginx"))
	for _, test := range []struct {
		reason  string
		request protocol.Admit
		says    string
	}{
		{"no phase", protocol.Admit{Object: whole}, "no phase asked for"},
		{"another engine's phase", protocol.Admit{Object: whole, Phases: []string{"background"}}, `phase "background": must be mutate or validate`},
		{"no object", protocol.Admit{Phases: Phases()}, "operation CREATE needs an object"},
		{"an update of nothing", protocol.Admit{Operation: "UPDATE", Object: whole, Phases: Phases()}, "UPDATE needs the object and the old object"},
		{"nothing to delete", protocol.Admit{Operation: "DELETE", Object: whole, Phases: Phases()}, "DELETE needs the old object"},
		{"what exists already", protocol.Admit{Operation: "EXISTING", Object: whole, Phases: Phases()}, "do nothing to what exists already"},
		{"an operation that does not exist", protocol.Admit{Operation: "PATCH", Object: whole, Phases: Phases()}, `operation "PATCH"`},
		{"no kind", protocol.Admit{Object: map[string]any{"apiVersion": "v1"}, Phases: Phases()}, "no apiVersion or no kind"},
		{"metadata that is none", protocol.Admit{Object: map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": "x"}, Phases: Phases()}, "metadata is not a map"},
		{"an update to another kind", protocol.Admit{Operation: "UPDATE", Object: whole, OldObject: map[string]any{"apiVersion": "v1", "kind": "Node"}, Phases: Phases()},
			"the object is a /v1, Kind=Pod and the old object a /v1, Kind=Node"},
	} {
		t.Run(test.reason, func(t *testing.T) {
			outcome, err := session.Admit(t.Context(), &test.request)
			if err == nil || !strings.Contains(err.Error(), test.says) || outcome != nil {
				t.Errorf("got %v, %v", outcome, err)
			}
		})
	}
}
