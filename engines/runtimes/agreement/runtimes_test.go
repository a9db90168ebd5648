package agreement

import (
	"context"
	"path/filepath"
	"testing"

	"github.com/containerd/log"
	"github.com/sirupsen/logrus"

	"mirrorgen.dev/gen/engines/runtimes"
	"mirrorgen.dev/gen/engines/runtimes/containerd"
	"mirrorgen.dev/gen/engines/runtimes/crio"
	"mirrorgen.dev/gen/engines/runtimes/dockerd"
	"mirrorgen.dev/gen/engines/runtimes/k3s"
	"mirrorgen.dev/gen/engines/runtimes/loopback"
	"mirrorgen.dev/gen/generator/node"
)

// A runtime is one loader under test.
type runtime struct {
	name string
	// renders is the runtime's name in node.Options.
	renders string
	// load reads the folder that gen nodes wrote and returns how an image's
	// endpoints are asked for.
	load func(t *testing.T, dir string) func(image string) ([]runtimes.Endpoint, error)
	// always says that the registry which an image names is asked last whatever
	// the files say: Docker has no setting for it, and k3s has it in a file that
	// its library does not read.
	always bool
}

func all(t *testing.T) []runtime {
	var list []runtime
	for _, v := range containerd.Versions() {
		list = append(list, runtime{name: v.Name, renders: node.Containerd, load: func(t *testing.T, dir string) func(string) ([]runtimes.Endpoint, error) {
			return func(image string) ([]runtimes.Endpoint, error) {
				return v.Endpoints(quiet(t.Context()), filepath.Join(dir, "containerd", "certs.d"), image)
			}
		}})
	}
	list = append(list,
		runtime{name: "crio", renders: node.CRIO, load: func(t *testing.T, dir string) func(string) ([]runtimes.Endpoint, error) {
			loaded, err := crio.Load(dir, `unqualified-search-registries = ["docker.io"]`)
			if err != nil {
				t.Fatal(err)
			}
			return loaded.Endpoints
		}},
		runtime{name: "docker", renders: node.Docker, always: true, load: func(t *testing.T, dir string) func(string) ([]runtimes.Endpoint, error) {
			loaded, err := dockerd.Load(dir)
			if err != nil {
				t.Fatal(err)
			}
			return loaded.Endpoints
		}})
	private, err := loopback.NewAuthority("private")
	if err != nil {
		t.Fatal(err)
	}
	trusted, untrusted := world.ServeEverywhere(t, world.Public), world.ServeEverywhere(t, private)
	return append(list, runtime{name: "k3s", renders: node.K3s, always: true, load: func(t *testing.T, dir string) func(string) ([]runtimes.Endpoint, error) {
		observer, err := k3s.Observe(dir, trusted, untrusted)
		if err != nil {
			t.Fatal(err)
		}
		return func(image string) ([]runtimes.Endpoint, error) { return observer.Endpoints(t.Context(), image) }
	}})
}

// quiet drops what containerd logs.
func quiet(ctx context.Context) context.Context {
	logger := logrus.New()
	logger.SetLevel(logrus.PanicLevel)
	return log.WithLogger(ctx, logrus.NewEntry(logger))
}
