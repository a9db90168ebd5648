package containerd

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/containerd/log"
	"github.com/sirupsen/logrus"

	"mirrorgen.dev/gen/engines/runtimes/loopback"
	"mirrorgen.dev/gen/engines/runtimes/nodefiles"
	"mirrorgen.dev/gen/engines/runtimes/pulltest"
)

// world is what TestMain makes before any test: the trust store and the proxies
// of the process, which Go reads once.
var world loopback.World

func TestMain(m *testing.M) { os.Exit(loopback.Main(m, &world)) }

const oneMirror = pulltest.Head + `{mirrors: [{source: docker.io, mirror: cr.example.com}]}`

// logged returns a context whose log messages go to a buffer.
func logged(t *testing.T) (context.Context, *bytes.Buffer) {
	logger, messages := logrus.New(), &bytes.Buffer{}
	logger.SetOutput(messages)
	return log.WithLogger(t.Context(), logrus.NewEntry(logger)), messages
}

// dial makes an HTTP client reach the test's registries by name, without the
// proxy, so that a closed port is a refused connection.
func dial(client *http.Client) error {
	if transport, ok := client.Transport.(*http.Transport); ok {
		transport.Proxy, transport.DialContext = nil, world.DialContext
	}
	return nil
}

// certsDir renders a MirrorSet and returns the folder that config_path names.
func certsDir(t *testing.T, mirrorSet string) string {
	t.Helper()
	return filepath.Join(nodefiles.Render(t, mirrorSet, nil, "containerd"), "containerd", "certs.d")
}

// eachVersion runs a test on both versions of containerd's loader.
func eachVersion(t *testing.T, test func(t *testing.T, v Version)) {
	for _, v := range Versions() {
		t.Run(v.Name, func(t *testing.T) { test(t, v) })
	}
}
