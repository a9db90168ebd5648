package probe

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// TestMain silences what net/http logs about servers that speak out of turn.
func TestMain(m *testing.M) {
	log.SetOutput(io.Discard)
	m.Run()
}

// clock is what time it is in every test.
var clock = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// hanging is how long a step waits where a server is meant not to answer. It is
// far more than a loopback server needs to answer where it is meant to.
const hanging = 3 * time.Second

// A certificateTemplate is what issue fills in.
type certificateTemplate = x509.Certificate

// An issuer is a certificate authority.
type issuer struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newIssuer(t *testing.T) *issuer {
	t.Helper()
	i := &issuer{}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Test CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: clock.AddDate(-10, 0, 0), NotAfter: clock.AddDate(10, 0, 0), KeyUsage: x509.KeyUsageCertSign,
	}
	i.certificate, i.key = sign(t, template, nil)
	return i
}

func sign(t *testing.T, template *x509.Certificate, by *issuer) (*x509.Certificate, *ecdsa.PrivateKey) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	parent, signer := template, key
	if by != nil {
		parent, signer = by.certificate, by.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return certificate, key
}

// issue makes a server certificate for 127.0.0.1 and localhost that is good for
// another 90 days; with changes it.
func (i *issuer) issue(t *testing.T, with func(*x509.Certificate)) *tls.Certificate {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "server"},
		NotBefore: clock.AddDate(0, 0, -10), NotAfter: clock.AddDate(0, 0, 90),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames: []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if with != nil {
		with(template)
	}
	certificate, key := sign(t, template, i)
	return &tls.Certificate{Certificate: [][]byte{certificate.Raw}, PrivateKey: key}
}

func (i *issuer) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: i.certificate.Raw})
}

func (i *issuer) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(i.certificate)
	return pool
}

// serve runs a server on loopback until the test ends and returns its port; a nil
// certificate means plain HTTP.
func serve(t *testing.T, certificate *tls.Certificate, handler http.Handler) string {
	t.Helper()
	return start(t, httptest.NewUnstartedServer(handler), certificate)
}

func serveHTTP2(t *testing.T, certificate *tls.Certificate, handler http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.EnableHTTP2 = true
	return start(t, server, certificate)
}

func start(t *testing.T, server *httptest.Server, certificate *tls.Certificate) string {
	t.Helper()
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	if certificate == nil {
		server.Start()
	} else {
		server.TLS = &tls.Config{Certificates: []tls.Certificate{*certificate}}
		server.StartTLS()
	}
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return portOf(t, server.Listener.Addr())
}

func portOf(t *testing.T, address net.Addr) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address.String())
	if err != nil {
		t.Fatal(err)
	}
	return port
}

// listen runs a server of raw connections.
func listen(t *testing.T, handle func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			t.Cleanup(func() { conn.Close() })
			handle(conn)
		}
	}()
	return portOf(t, listener.Addr())
}

// hang answers nothing, not even when the client has given up: on a busy machine a
// handler's end would be read as an answer before the client has closed.
func hang(_ http.ResponseWriter, r *http.Request) {
	<-r.Context().Done()
	panic(http.ErrAbortHandler)
}

// answers makes a handler of a status, headers in pairs, and a body.
func answers(status int, body string, headers ...string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	})
}

const (
	manifestType = "application/vnd.oci.image.manifest.v1+json"
	manifest     = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{},"layers":[]}`
)

// holds is a registry that holds a manifest under each of the names: repository:tag.
func holds(t *testing.T, text string, names ...string) http.Handler {
	t.Helper()
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	for _, name := range names {
		repository, tag, _ := strings.Cut(name, ":")
		put := httptest.NewRequest(http.MethodPut, "/v2/"+repository+"/manifests/"+tag, strings.NewReader(text))
		put.Header.Set("Content-Type", manifestType)
		recorder := httptest.NewRecorder()
		handler.ServeHTTP(recorder, put)
		if recorder.Code != http.StatusCreated {
			t.Fatalf("PUT %s: %d %s", name, recorder.Code, recorder.Body)
		}
	}
	return handler
}

// A witness remembers what a server was sent.
type witness struct {
	next http.Handler

	mu       sync.Mutex
	requests []string
	received []string
}

func (w *witness) ServeHTTP(out http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	r.Body = io.NopCloser(bytes.NewReader(body))
	w.mu.Lock()
	w.requests = append(w.requests, r.Method+" "+r.URL.Path)
	if header := r.Header.Get("Authorization"); header != "" {
		w.received = append(w.received, header)
	}
	if len(body) > 0 {
		w.received = append(w.received, string(body))
	}
	w.mu.Unlock()
	w.next.ServeHTTP(out, r)
}

// asked lists the requests; got the Authorization headers and bodies.
func (w *witness) asked() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.requests...)
}
func (w *witness) got() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string(nil), w.received...)
}

// setOf reads one MirrorSet; %PORT% and the like are replaced before.
func setOf(t *testing.T, text string, replace ...string) *spec.MirrorSet {
	t.Helper()
	text = strings.NewReplacer(replace...).Replace(text)
	sets, err := spec.Parse("mirrors.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return sets[0]
}

// oneMirror is a MirrorSet with one mirror of quay.io.
func oneMirror(t *testing.T, address, transport string) *spec.MirrorSet {
	t.Helper()
	return setOf(t, `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: cn}
spec:
  mirrors:
  - name: quay
    source: quay.io
    mirror: "ADDRESS"
    transport: TRANSPORT
`, "ADDRESS", address, "TRANSPORT", transport)
}

// runProbe probes with the fixed clock, no proxy and no root but those of the options.
func runProbe(t *testing.T, set *spec.MirrorSet, o Options) *Report {
	t.Helper()
	report, err := tryProbe(t, set, o)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func tryProbe(t *testing.T, set *spec.MirrorSet, o Options) (*Report, error) {
	t.Helper()
	o.Now = func() time.Time { return clock }
	if o.Proxy == nil {
		o.Proxy = noProxy
	}
	if o.Roots == nil {
		o.Roots = x509.NewCertPool()
	}
	return Run(context.Background(), setsOf(set), plansOf(set), o)
}

func noProxy(*http.Request) (*url.URL, error) { return nil, nil }

func setsOf(set *spec.MirrorSet) []*spec.MirrorSet { return []*spec.MirrorSet{set} }

func plansOf(set *spec.MirrorSet) []*mirror.Plan { return []*mirror.Plan{mirror.Compile(set)} }

// step finds a step by its name.
func step(t *testing.T, steps []Step, name string) Step {
	t.Helper()
	for _, s := range steps {
		if s.Step == name {
			return s
		}
	}
	t.Fatalf("no step %s in %+v", name, steps)
	return Step{}
}
