package runtimes_test

import (
	"testing"

	"mirrorgen.dev/gen/engines/runtimes"
)

func TestAnEndpointSpeaksNothingWeakerThanTheMirrorSetWants(t *testing.T) {
	for _, row := range []struct {
		why    string
		has    []string
		wanted string
		speaks bool
	}{
		{"unset is https", []string{runtimes.HTTPS}, "", true},
		{"https is https", []string{runtimes.HTTPS}, runtimes.HTTPS, true},
		{"a fallback to plain HTTP is weaker", []string{runtimes.HTTPS, runtimes.HTTP}, runtimes.HTTPS, false},
		{"an unverified certificate is weaker", []string{runtimes.HTTPSSkipVerify}, "", false},
		{"plain HTTP is one of what is tried", []string{runtimes.HTTPSSkipVerify, runtimes.HTTP}, runtimes.HTTP, true},
		{"a registry without TLS is not reached by it", []string{runtimes.HTTPS}, runtimes.HTTP, false},
	} {
		if got := (runtimes.Endpoint{Transports: row.has}).Speaks(row.wanted); got != row.speaks {
			t.Errorf("%s: %t", row.why, got)
		}
	}
}

func TestDockerHubIsLocatedWhereItIsServed(t *testing.T) {
	for name, want := range map[string]string{
		"docker.io/library/nginx":          "registry-1.docker.io/library/nginx",
		"docker.io.example.com/x":          "docker.io.example.com/x",
		"Docker.IO/library/nginx":          "Docker.IO/library/nginx",
		"cr.example.com/docker.io/library": "cr.example.com/docker.io/library",
	} {
		if got := runtimes.Locate(name); got != want {
			t.Errorf("%s is located at %s", name, got)
		}
	}
}
