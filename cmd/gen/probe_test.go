package main

import (
	"bytes"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/rogpeppe/go-internal/testscript"
)

const probedManifest = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[]}`

// startRegistry runs a registry on loopback until the script ends, and sets the
// variable to its port: registry VARIABLE KIND REPOSITORY:TAG... where KIND is
// http, a file that its certificate is written to, or the status that it answers
// everything with. With user: in front of KIND it wants user robot and password hunter22.
func startRegistry(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: registry VARIABLE KIND REPOSITORY:TAG...")
	}
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	for _, name := range args[2:] {
		repository, tag, _ := strings.Cut(name, ":")
		put := httptest.NewRequest(http.MethodPut, "/v2/"+repository+"/manifests/"+tag, strings.NewReader(probedManifest))
		put.Header.Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, put)
		if answer.Code != http.StatusCreated {
			ts.Fatalf("%s: %s", name, answer.Body)
		}
	}
	kind, private := strings.CutPrefix(args[1], "user:")
	if status, err := strconv.Atoi(kind); err == nil {
		handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) })
	}
	if private {
		open := handler
		handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if user, password, _ := r.BasicAuth(); user != "robot" || password != "hunter22" {
				w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			open.ServeHTTP(w, r)
		})
	}
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if strings.Contains(kind, ".") {
		server.StartTLS()
		certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
		ts.Check(os.WriteFile(ts.MkAbs(kind), certificate, 0o600))
	} else {
		server.Start()
	}
	ts.Defer(server.Close)
	_, port, err := net.SplitHostPort(server.Listener.Addr().String())
	ts.Check(err)
	ts.Setenv(args[0], port)
}

// expand replaces the variables in files: expand FILE...
func expand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: expand FILE...")
	}
	for _, name := range args {
		text := os.Expand(ts.ReadFile(name), ts.Getenv)
		ts.Check(os.WriteFile(ts.MkAbs(name), []byte(text), 0o600))
	}
}

// Whoever wants images of a cluster asked for wants to hear of a list that is none.
func TestImagesAreFoundInEveryListOfPods(t *testing.T) {
	pod := map[string]any{"spec": map[string]any{"containers": []any{map[string]any{"image": "a"}}, "initContainers": []any{map[string]any{"image": "b"}}}}
	whole := map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": pod["spec"]}
	deployment := map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "spec": map[string]any{"template": pod}}
	tests := []struct {
		name   string
		object map[string]any
		want   string
		broken bool
	}{
		{"Pod", whole, "a b", false},
		{"PodList without kinds", map[string]any{"apiVersion": "v1", "kind": "PodList", "items": []any{pod}}, "a b", false},
		{"DeploymentList without kinds", map[string]any{"apiVersion": "apps/v1", "kind": "DeploymentList", "items": []any{map[string]any{"spec": map[string]any{"template": pod}}}}, "a b", false},
		{"List in a List", map[string]any{"apiVersion": "v1", "kind": "List", "items": []any{map[string]any{"apiVersion": "v1", "kind": "List", "items": []any{deployment, whole}}}}, "a b a b", false},
		{"Service", map[string]any{"apiVersion": "v1", "kind": "Service"}, "", false},
		{"image that is no string", map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": map[string]any{"containers": []any{map[string]any{"image": 1}}}}, "", false},
		{"List of text", map[string]any{"apiVersion": "v1", "kind": "List", "items": []any{"x"}}, "", true},
	}
	for _, test := range tests {
		var got []string
		err := eachPodImage(test.object, "", "", func(image string) { got = append(got, image) })
		if strings.Join(got, " ") != test.want || (err != nil) != test.broken {
			t.Errorf("%s: images %v, error %v; want %q, an error: %v", test.name, got, err, test.want, test.broken)
		}
	}
}

func TestProgressIsForTerminalsAlone(t *testing.T) {
	var out bytes.Buffer
	if progress, end := progressLine(&out); progress != nil {
		t.Error("there is progress for what is no terminal")
	} else if end(); out.Len() > 0 {
		t.Errorf("%q was written to what is no terminal", out.String())
	}
	progress, end := progressTo(&out)
	progress(1, 2)
	progress(2, 2)
	end()
	if want := "\r\x1b[Kasked 1 of 2\r\x1b[Kasked 2 of 2\r\x1b[K"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
