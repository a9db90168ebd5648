package loopback_test

import (
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"testing"

	"mirrorgen.dev/gen/engines/runtimes/loopback"
)

var world loopback.World

func TestMain(m *testing.M) { os.Exit(loopback.Main(m, &world)) }

func get(t *testing.T, url string) (status int, body string, err error) {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(data), err
}

func TestNothingLeavesTheMachine(t *testing.T) {
	world.Dialled()
	for _, url := range []string{"https://registry-1.docker.io/v2/", "http://192.0.2.1:5000/v2/"} {
		if status, _, err := get(t, url); err == nil {
			t.Errorf("%s answers %d", url, status)
		}
	}
	if dialled := world.Dialled(); !slices.Equal(dialled, []string{"registry-1.docker.io:443", "192.0.2.1:5000"}) {
		t.Errorf("dialled %v", dialled)
	}
	if addresses, err := net.LookupHost("registry-1.docker.io"); err == nil {
		t.Errorf("a name resolves to %v", addresses)
	}
}

func TestARegistryServesWhatItHoldsAndNothingElse(t *testing.T) {
	registry := world.Serve(t, "cr.example.com:443", world.Public, "hub/library/nginx")
	digest := loopback.Digest(loopback.Manifest())
	for _, row := range []struct {
		why, path string
		status    int
	}{
		{"the root of the API", "/v2/", http.StatusOK},
		{"any tag", "/v2/hub/library/nginx/manifests/1.25", http.StatusOK},
		{"the image's digest", "/v2/hub/library/nginx/manifests/" + digest, http.StatusOK},
		{"another digest", "/v2/hub/library/nginx/manifests/" + loopback.Digest(nil), http.StatusNotFound},
		{"another blob", "/v2/hub/library/nginx/blobs/" + digest, http.StatusNotFound},
		{"a shorter repository", "/v2/library/nginx/manifests/1.25", http.StatusNotFound},
		{"a longer repository", "/v2/hub/library/nginx/x/manifests/1.25", http.StatusNotFound},
		{"another root", "/v2/hub/v2/library/nginx/manifests/1.25", http.StatusNotFound},
	} {
		if status, body, err := get(t, "https://cr.example.com"+row.path); err != nil || status != row.status {
			t.Errorf("%s: %d %s %v", row.why, status, body, err)
		}
	}
	if n := len(registry.Requests()); n != 8 {
		t.Errorf("%d requests are remembered", n)
	}
	registry.Stop()
	http.DefaultClient.CloseIdleConnections()
	if _, _, err := get(t, "https://cr.example.com/v2/"); err == nil {
		t.Error("a registry that was stopped answers")
	}
}

func TestARegistryHasACertificateForWhateverItsAddressIs(t *testing.T) {
	for _, host := range []string{"certificate.example.com", "192.0.2.7", "[2001:db8::7]"} {
		world.Serve(t, host+":8443", world.Public)
		if status, _, err := get(t, "https://"+host+":8443/v2/"); err != nil || status != http.StatusOK {
			t.Errorf("%s: %d %v", host, status, err)
		}
	}
}

func TestAPrivateAuthorityIsTrustedByNobody(t *testing.T) {
	private, err := loopback.NewAuthority("private")
	if err != nil {
		t.Fatal(err)
	}
	world.Serve(t, "private.example.com:443", private)
	if _, _, err := get(t, "https://private.example.com/v2/"); err == nil {
		t.Error("its certificate is taken")
	}
}

func TestARegistryEverywhereTellsWhereItWasAsked(t *testing.T) {
	everywhere := world.ServeEverywhere(t, world.Public)
	everywhere.Answer()
	for _, row := range []struct {
		url    string
		status int
	}{
		{"https://a.example.com/v2/", http.StatusOK},
		{"https://192.0.2.1:8443/v2/x/manifests/1", http.StatusNotFound},
		{"http://b.example.com/v2/x/manifests/1", http.StatusNotFound},
	} {
		if status, _, err := get(t, row.url); err != nil || status != row.status {
			t.Errorf("%s: %d %v", row.url, status, err)
		}
	}
	want := []loopback.Asked{
		{Address: "a.example.com:443", Path: "/v2/", TLS: true},
		{Address: "192.0.2.1:8443", Path: "/v2/x/manifests/1", TLS: true},
		{Address: "b.example.com:80", Path: "/v2/x/manifests/1"},
	}
	if got := everywhere.Asked(); !slices.Equal(got, want) {
		t.Errorf("asked %v, wanted is %v", got, want)
	}
}
