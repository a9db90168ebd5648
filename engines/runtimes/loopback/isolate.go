package loopback

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// A World is what a test binary sees instead of the machine it runs on.
type World struct {
	Network
	// Public signs the certificates that every client trusts.
	Public *Authority
}

// Main runs the tests of a package in a world of its own, and returns the exit
// status for os.Exit. It has to come before anything that reads the
// environment: Go reads the proxy variables and the system's trust store once.
//
//   - the system's trust store holds the World's Public authority and no other;
//   - HTTP and HTTPS proxies are the World's Network, so that a client that was
//     given no dialler reaches the test's registries or nothing;
//   - no name resolves: Docker asks the DNS for each host that is not declared;
//   - the home folder is empty, so that no credentials are found in it.
func Main(m *testing.M, w *World) int {
	restore, err := w.enter()
	if err != nil {
		fmt.Fprintln(os.Stderr, "loopback:", err)
		return 2
	}
	defer restore()
	return m.Run()
}

func (w *World) enter() (restore func(), err error) {
	if w.Public, err = NewAuthority("public"); err != nil {
		return nil, err
	}
	home, err := os.MkdirTemp("", "runtimes")
	if err != nil {
		return nil, err
	}
	proxy := httptest.NewServer(w.Proxy())
	restore = func() {
		proxy.Close()
		os.RemoveAll(home)
	}
	roots := filepath.Join(home, "roots.pem")
	if err := os.WriteFile(roots, w.Public.PEM(), 0o600); err != nil {
		restore()
		return nil, err
	}
	for name, value := range map[string]string{
		"SSL_CERT_FILE": roots, "SSL_CERT_DIR": home,
		"HTTP_PROXY": proxy.URL, "http_proxy": proxy.URL,
		"HTTPS_PROXY": proxy.URL, "https_proxy": proxy.URL,
		"NO_PROXY": "", "no_proxy": "",
		"HOME": home, "XDG_CONFIG_HOME": home, "XDG_RUNTIME_DIR": home, "XDG_DATA_HOME": home,
		"DOCKER_CONFIG": home, "REGISTRY_AUTH_FILE": "", "CONTAINERS_REGISTRIES_CONF": "",
		// Makes Docker look for certificates below XDG_CONFIG_HOME.
		"ROOTLESSKIT_STATE_DIR": home,
	} {
		if err := os.Setenv(name, value); err != nil {
			restore()
			return nil, err
		}
	}
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no name server in a test")
	}}
	return restore, nil
}
