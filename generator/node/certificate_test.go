package node_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

// A maker makes certificates, each signed by the first.
type maker struct {
	t      *testing.T
	issuer *x509.Certificate
	key    *ecdsa.PrivateKey
}

func year(n int) time.Time { return time.Date(n, 1, 1, 0, 0, 0, 0, time.UTC) }

func (m *maker) make(name string, ca bool, from, to time.Time) []byte {
	m.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		m.t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: from, NotAfter: to, BasicConstraintsValid: ca, IsCA: ca}
	if m.issuer == nil {
		m.issuer, m.key = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, m.issuer, &key.PublicKey, m.key)
	if err != nil {
		m.t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func withCA(t *testing.T, ca []byte) *spec.MirrorSet {
	set := mirrors(t, "", "source: docker.io, mirror: m.example.com, caFile: ca.crt")
	set.Spec.Mirrors[0].CA = ca
	return set
}

func TestCertificatesAreHeldAgainstTheClock(t *testing.T) {
	good := (&maker{t: t}).make("root", true, year(2020), year(2040))
	issued := &maker{t: t}
	issued.make("issuer", true, year(2020), year(2040))
	const at = `m.yaml:6:56: spec.mirrors[0].caFile: "ca.crt": `
	for _, row := range []struct {
		why           string
		ca            []byte
		refused, warn string
	}{
		{"a CA", good, "", ""},
		{"expired", (&maker{t: t}).make("old root", true, year(2000), year(2025)),
			at + `the certificate "CN=old root" expired on 2025-01-01; replace it, or remove it from the file`, ""},
		{"expired beside a good one", append(append([]byte{}, good...), (&maker{t: t}).make("old", true, year(2000), year(2001))...),
			at + `certificate 2 of 2 "CN=old" expired on 2001-01-01; replace it, or remove it from the file`, ""},
		{"not valid yet", (&maker{t: t}).make("new", true, year(2030), year(2040)),
			at + `the certificate "CN=new" is not valid before 2030-01-01; replace it, or correct this machine's clock`, ""},
		{"its last second", (&maker{t: t}).make("root", true, year(2020), year(2026)), "", ""},
		{"a leaf that signed itself", (&maker{t: t}).make("leaf", false, year(2020), year(2040)),
			"", at + `the certificate "CN=leaf" is no CA: it vouches for itself alone, until the registry renews it`},
		{"a leaf that a CA issued", issued.make("leaf", false, year(2020), year(2040)),
			"", at + `the certificate "CN=leaf" is no CA: it vouches for itself alone, until the registry renews it; name the CA that issued it`},
		{"a name that drives a terminal", (&maker{t: t}).make("\x1b[31m\n"+`"`, true, year(2000), year(2001)),
			at + `the certificate "CN=\x1b[31m\n\\\"" expired on 2001-01-01; replace it, or remove it from the file`, ""},
		{"a name that is too long", (&maker{t: t}).make(strings.Repeat("n", 100), true, year(2000), year(2001)),
			at + `the certificate expired on 2001-01-01; replace it, or remove it from the file`, ""},
	} {
		t.Run(row.why, func(t *testing.T) {
			warnings, err := node.CheckCertificates([]*spec.MirrorSet{withCA(t, row.ca)}, year(2026))
			if got := message(err); got != row.refused {
				t.Errorf("refused:\n got %s\nwant %s", got, row.refused)
			}
			if got := spec.Problems(warnings).Error(); got != row.warn {
				t.Errorf("warned:\n got %s\nwant %s", got, row.warn)
			}
		})
	}
}

func TestARegistrysCertificatesAreHeldAgainstTheClock(t *testing.T) {
	set := mirrors(t, "registries: [{host: r.example.com, caFile: r.crt}]", "source: docker.io, mirror: m.example.com")
	set.Spec.Registries[0].CA = (&maker{t: t}).make("root", true, year(2000), year(2001))
	_, err := node.CheckCertificates([]*spec.MirrorSet{set}, year(2026))
	if want := `m.yaml:7:46: spec.registries[0].caFile: "r.crt": the certificate "CN=root" expired on 2001-01-01; replace it, or remove it from the file`; message(err) != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// What is rendered depends on no clock.
func TestRenderDoesNotJudgeCertificates(t *testing.T) {
	set := withCA(t, (&maker{t: t}).make("old", true, year(2000), year(2001)))
	has(t, render(t, set, node.Containerd), "trust/m.example.com.crt", "-----BEGIN CERTIFICATE-----")
}

func TestCertificatesNeedAFile(t *testing.T) {
	set := mirrors(t, "registries: [{host: r.example.com, caFile: r.crt}]", "source: docker.io, mirror: m.example.com, caFile: ca.crt")
	_, _, err := node.Render([]*spec.MirrorSet{set}, node.Options{Runtimes: []string{node.CRIO}})
	want := `m.yaml:6:56: spec.mirrors[0].caFile: "ca.crt": cannot be followed, as the MirrorSet was not read from a file of its own; name that file with -f` + "\n" +
		`m.yaml:7:46: spec.registries[0].caFile: "r.crt": cannot be followed, as the MirrorSet was not read from a file of its own; name that file with -f`
	if message(err) != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
}

// Two caFiles of one host are two roots of it, and a certificate in both is one.
func TestAHostTrustsTheCertificatesOfAllItsFiles(t *testing.T) {
	one, two := (&maker{t: t}).make("one", true, year(2020), year(2040)), (&maker{t: t}).make("two", true, year(2020), year(2040))
	set := mirrors(t, "", "source: docker.io, mirror: m.example.com/d, caFile: a.crt", "source: quay.io, mirror: m.example.com/q, caFile: b.crt", "source: gcr.io, mirror: m.example.com/g")
	set.Spec.Mirrors[0].CA, set.Spec.Mirrors[1].CA = one, append(append([]byte{}, two...), one...)
	files := render(t, set, node.Runtimes()[:2]...)
	for _, path := range []string{"containerd/certs.d/m.example.com/ca.crt", "crio/certs.d/m.example.com/ca.crt", "trust/m.example.com.crt"} {
		if got, want := files[path], "# Code generated by gen nodes from m.yaml; DO NOT EDIT.\n"+string(one)+string(two); got != want {
			t.Errorf("%s: got\n%s\nwant\n%s", path, got, want)
		}
	}
	has(t, files, "containerd/certs.d/gcr.io/hosts.toml", `ca = "../m.example.com/ca.crt"`)
}

func TestCertificatesThatNothingChecksAreNowhere(t *testing.T) {
	set := mirrors(t, "", "source: docker.io, mirror: m.example.com, transport: https-skip-verify, caFile: a.crt")
	set.Spec.Mirrors[0].CA = (&maker{t: t}).make("one", true, year(2020), year(2040))
	for path := range render(t, set, node.Containerd, node.CRIO, node.K3s) {
		if strings.HasSuffix(path, ".crt") {
			t.Errorf("%s is rendered", path)
		}
	}
}
