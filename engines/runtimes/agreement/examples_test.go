package agreement

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/docker/docker/registry"
	"go.podman.io/image/v5/pkg/tlsclientconfig"

	"mirrorgen.dev/gen/engines/runtimes"
	"mirrorgen.dev/gen/engines/runtimes/k3s"
	"mirrorgen.dev/gen/generator/node"
)

// One image of an example, and where its node asks for it, in order. That k3s and
// Docker ask the registry itself in the end, whatever they are told, is left out.
type asked struct {
	image, transport string
	at               []string
}

// committed is what the nodes of each example are to do, for the first mirror of
// its MirrorSet and for all hosts of which it says how they are reached.
var committed = map[string]struct {
	runtimes []string
	asked    []asked
	// trusts are the hosts that have a certificate.
	trusts []string
}{
	"harbor": {
		runtimes: []string{node.Containerd, node.CRIO, node.K3s},
		asked: []asked{
			{"docker.io/library/nginx", runtimes.HTTPS, []string{"harbor.corp.example/dockerhub/library/nginx"}},
			{"registry.k8s.io/pause:3.10", runtimes.HTTPS, []string{"harbor.corp.example/k8s/pause"}},
			{"ghcr.io/acme/web", runtimes.HTTPS, []string{"harbor.corp.example/ghcr/acme/web"}},
			{"harbor.corp.example/dockerhub/library/nginx", runtimes.HTTPS, []string{"harbor.corp.example/dockerhub/library/nginx"}},
			{"quay.io/acme/web", runtimes.HTTPS, []string{"quay.io/acme/web"}},
		},
		trusts: []string{"harbor.corp.example"},
	},
	"huawei-cce": {
		runtimes: []string{node.Containerd, node.Docker},
		asked: []asked{
			// Its first mirror holds some namespaces alone, so that the node only learns
			// how it is reached.
			{"www.3rdregistry.com/library/nginx", runtimes.HTTPS, []string{"www.3rdregistry.com/library/nginx"}},
			{"docker.io/library/nginx", runtimes.HTTPS, []string{"registry-1.docker.io/library/nginx"}},
			{"10.10.10.10:443/acme/web", runtimes.HTTPSSkipVerify, []string{"10.10.10.10:443/acme/web"}},
			{"10.10.10.11:5000/acme/web", runtimes.HTTP, []string{"10.10.10.11:5000/acme/web"}},
		},
		trusts: []string{"www.3rdregistry.com"},
	},
	"volcengine-vke": {
		runtimes: []string{node.Containerd},
		asked: []asked{
			{"docker.io/library/nginx", runtimes.HTTPS, []string{"acme-cn-beijing.cr.volces.example/library/nginx", "registry-1.docker.io/library/nginx"}},
			{"registry-1.docker.io/bitnami/redis", runtimes.HTTPS, []string{"acme-cn-beijing.cr.volces.example/bitnami/redis", "registry-1.docker.io/bitnami/redis"}},
			{"quay.io/acme/web", runtimes.HTTPS, []string{"quay.io/acme/web"}},
		},
	},
}

func TestTheExamplesNodesAskWhereTheyAreMeantTo(t *testing.T) {
	folders, err := filepath.Glob(filepath.Join("..", "..", "..", "examples", "*", "nodes"))
	if err != nil || len(folders) != len(committed) {
		t.Fatalf("%d examples have nodes, wanted are %d: %v", len(folders), len(committed), err)
	}
	list := all(t)
	for _, folder := range folders {
		name := filepath.Base(filepath.Dir(folder))
		example, known := committed[name]
		if !known {
			t.Errorf("%s: nobody says what its nodes do", name)
			continue
		}
		t.Run(name, func(t *testing.T) {
			if got := rendered(t, folder); !slices.Equal(got, example.runtimes) {
				t.Errorf("the runtimes are %v, wanted are %v", got, example.runtimes)
			}
			for _, rt := range list {
				if !slices.Contains(example.runtimes, rt.renders) {
					continue
				}
				t.Run(rt.name, func(t *testing.T) {
					// The loaders want files of their own beside those that are committed.
					dir := t.TempDir()
					if err := os.CopyFS(dir, os.DirFS(folder)); err != nil {
						t.Fatal(err)
					}
					endpoints := rt.load(t, dir)
					for _, a := range example.asked {
						var places want
						for _, location := range a.at {
							places.asked = append(places.asked, place{location, a.transport})
						}
						if got, err := endpoints(a.image); err != nil || !rt.agrees(got, places) {
							t.Errorf("%s is asked for at %v %v, wanted is %v by %s", a.image, got, err, a.at, a.transport)
						}
					}
					for _, host := range example.trusts {
						rt.trusts(t, dir, host, authority(t, filepath.Dir(folder)))
					}
				})
			}
		})
	}
}

// rendered lists the runtimes that a folder has files for.
func rendered(t *testing.T, folder string) []string {
	var found []string
	for _, name := range node.Runtimes() {
		if _, err := os.Stat(filepath.Join(folder, name)); err == nil {
			found = append(found, name)
		} else if !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	return found
}

// trusts holds the certificates that a runtime finds for a host to the example's
// own. containerd reads its whenever it is asked for an endpoint.
func (rt runtime) trusts(t *testing.T, dir, host string, ca *x509.Certificate) {
	t.Helper()
	var config tls.Config
	var err error
	switch rt.renders {
	case node.CRIO:
		err = tlsclientconfig.SetupCertificates(filepath.Join(dir, "crio", "certs.d", host), &config)
	case node.Docker:
		err = registry.ReadCertsDirectory(&config, filepath.Join(dir, "docker", "certs.d", host))
	case node.K3s:
		var loaded *k3s.Node
		if loaded, err = k3s.Load(dir); err == nil {
			var data []byte
			data, err = os.ReadFile(loaded.CAFile(host))
			config.RootCAs = x509.NewCertPool()
			config.RootCAs.AppendCertsFromPEM(data)
		}
	default:
		return
	}
	if err != nil || config.RootCAs == nil {
		t.Errorf("%s: no certificate is found: %v", host, err)
		return
	}
	if _, err := ca.Verify(x509.VerifyOptions{Roots: config.RootCAs, CurrentTime: ca.NotBefore.Add(1), KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}}); err != nil {
		t.Errorf("%s: %v", host, err)
	}
}

// authority is the one certificate of an example.
func authority(t *testing.T, example string) *x509.Certificate {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(example, "certs", "*.crt"))
	if err != nil || len(names) != 1 {
		t.Fatalf("%v, %v", names, err)
	}
	data, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(data)
	if block == nil {
		t.Fatalf("%s: holds no PEM", names[0])
	}
	certificate, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return certificate
}
