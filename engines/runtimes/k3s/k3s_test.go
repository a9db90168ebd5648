package k3s

import (
	"io"
	"os"
	"testing"

	"github.com/sirupsen/logrus"

	"mirrorgen.dev/gen/engines/runtimes/loopback"
	"mirrorgen.dev/gen/engines/runtimes/pulltest"
)

// world is what TestMain makes before any test: the trust store and the proxies
// of the process, which Go reads once.
var world loopback.World

func TestMain(m *testing.M) {
	logrus.SetOutput(io.Discard) // the library logs each endpoint that fails
	os.Exit(loopback.Main(m, &world))
}

func pull(t *testing.T, dir, image string) ([]string, error) {
	t.Helper()
	node, err := Load(dir)
	if err != nil {
		t.Fatal(err)
	}
	return node.Pull(t.Context(), image)
}

func TestK3s(t *testing.T) {
	for _, p := range pulltest.Pulls() {
		p.Run(t, &world, "k3s", pull)
	}
}
