package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAddressesWhereNoRegistryIsAreRefused(t *testing.T) {
	tests := []struct {
		address, why string
		loopback     bool
		refused      bool
	}{
		{"169.254.169.254", "the metadata service of most clouds", false, true},
		{"169.254.170.2", "that of ECS tasks: link-local all the same", false, true},
		{"169.254.0.1", "the range's beginning", false, true},
		{"169.253.255.255", "right below the range", false, false},
		{"169.255.0.0", "right above it", false, false},
		{"100.100.100.200", "Alibaba Cloud's metadata service", false, true},
		{"100.100.2.136", "Alibaba Cloud's resolver, in the same range: a registry may be there", false, false},
		{"168.63.129.16", "Azure's wire server", false, true},
		{"192.0.0.192", "Oracle Cloud's metadata service", false, true},
		{"fd00:ec2::254", "AWS's over IPv6", false, true},
		{"fd20:ce::254", "Google Cloud's over IPv6", false, true},
		{"fd00:ec2::253", "its neighbour", false, false},
		{"fe80::1", "link-local", false, true},
		{"fe80::1%eth0", "with a zone", false, true},
		{"febf:ffff::1", "the end of fe80::/10", false, true},
		{"fec0::1", "right above it", false, false},
		{"::ffff:169.254.169.254", "IPv4 in IPv6: what is dialled is the IPv4 address", false, true},
		{"::169.254.169.254", "the deprecated form", false, true},
		{"64:ff9b::a9fe:a9fe", "through NAT64", false, true},
		{"64:ff9b::a00:1", "10.0.0.1 through NAT64: a registry may be there", false, false},
		{"2002:a9fe:a9fe::1", "through 6to4", false, true},
		{"2002:808:808::1", "8.8.8.8 through 6to4", false, false},
		{"224.0.0.1", "link-local multicast", false, true},
		{"239.1.2.3", "multicast", false, true},
		{"ff02::1", "multicast over IPv6", false, true},
		{"ff05::2", "site-local multicast", false, true},
		{"0.0.0.0", "Linux takes it for this machine", true, true},
		{"0.1.2.3", "the rest of that network", true, true},
		{"::", "likewise over IPv6", true, true},
		{"255.255.255.255", "everybody", false, true},
		{"127.0.0.1", "this machine, not named", false, true},
		{"127.0.0.1", "this machine, named", true, false},
		{"127.8.8.8", "the same machine", false, true},
		{"::1", "this machine over IPv6, not named", false, true},
		{"::1", "named", true, false},
		{"::ffff:127.0.0.1", "IPv4 in IPv6", false, true},
		{"64:ff9b::7f00:1", "loopback behind NAT64", false, true},
		{"169.254.169.254", "that this machine was named is no licence for more", true, true},
		{"10.0.0.1", "private: registries are", false, false},
		{"192.168.1.1", "private", false, false},
		{"172.16.0.1", "private", false, false},
		{"fd12:3456::1", "private over IPv6", false, false},
		{"8.8.8.8", "public", false, false},
		{"2001:db8::1", "public over IPv6", false, false},
	}
	for _, test := range tests {
		if got := refusedAddress(netip.MustParseAddr(test.address), test.loopback) != nil; got != test.refused {
			t.Errorf("%s (%s): refused %v, want %v", test.address, test.why, got, test.refused)
		}
	}
}

func TestURLsAreRefusedBeforeAProxySeesThem(t *testing.T) {
	named := map[string]bool{"127.0.0.1:5000": true, "[::1]:5000": true}
	tests := []struct {
		url, why string
		refused  bool
	}{
		{"https://registry.example.com/v2/", "a registry", false},
		{"https://10.0.0.1:5000/v2/", "a private one", false},
		{"http://169.254.169.254/latest/meta-data/", "metadata", true},
		{"http://[::ffff:169.254.169.254]/", "in another form", true},
		{"http://[fe80::1%25eth0]/", "with a zone", true},
		{"http://2852039166/", "169.254.169.254 as one number", true},
		{"http://0xa9fea9fe/", "in hexadecimal", true},
		{"http://0251.0376.0251.0376/", "in octal", true},
		{"http://169.254.43518/", "in three parts", true},
		{"http://10.0.0.1.5/", "a host of digits that is nothing", true},
		{"http://metadata.google.internal/", "metadata by name", true},
		{"http://METADATA.google.internal./", "as DNS compares names", true},
		{"http://metadata.tencentyun.com/", "metadata by name", true},
		{"http://127.0.0.1:5000/v2/", "this machine, named", false},
		{"https://[::1]:5000/v2/", "over IPv6", false},
		{"https://[::1]/v2/", "another port", true},
		{"http://127.0.0.1:5001/v2/", "another port of this machine", true},
		{"http://3scale.example.com/", "a name may begin with a digit", false},
		{"http://registry.example.com.1/", "a name ends with letters", true},
		{"ftp://registry.example.com/", "no HTTP", true},
		{"file:///etc/passwd", "no HTTP", true},
	}
	for _, test := range tests {
		u, err := url.Parse(test.url)
		if err != nil {
			t.Fatal(err)
		}
		if got := refusedURL(u, named) != nil; got != test.refused {
			t.Errorf("%s (%s): refused %v, want %v", test.url, test.why, got, test.refused)
		}
	}
}

// resolver answers every question for an A record with an address, another one
// each time while there is one; no address at all is no such host.
func resolver(addresses ...string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		client, server := net.Pipe()
		go func() {
			defer server.Close()
			// Over a stream, a message stands behind its length.
			var length [2]byte
			if _, err := io.ReadFull(server, length[:]); err != nil {
				return
			}
			query := make([]byte, binary.BigEndian.Uint16(length[:]))
			if _, err := io.ReadFull(server, query); err != nil {
				return
			}
			end := 12
			for query[end] != 0 {
				end += int(query[end]) + 1
			}
			question := query[12 : end+5]
			isA := query[end+2] == 1
			answer := append([]byte{query[0], query[1], 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0}, question...)
			switch {
			case len(addresses) == 0:
				answer[3] = 0x83 // NXDOMAIN
			case isA:
				answer[7] = byte(len(addresses))
				for _, a := range addresses {
					ip := netip.MustParseAddr(a).As4()
					answer = append(answer, 0xc0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4)
					answer = append(answer, ip[:]...)
				}
			}
			binary.BigEndian.PutUint16(length[:], uint16(len(answer)))
			server.Write(append(length[:], answer...))
		}()
		return client, nil
	}}
}

// What a name resolves to decides, at the moment of connecting.
func TestANameThatResolvesToARefusedAddressIsNotConnectedTo(t *testing.T) {
	w := &witness{next: answers(200, "{}")}
	port := serve(t, nil, w)
	tests := []struct{ address, why, detail string }{
		{"169.254.169.254", "a rebinding name", "169.254.169.254 is a cloud's metadata service"},
		{"169.254.1.1", "link-local", "169.254.1.1 is link-local"},
		{"100.100.100.200", "Alibaba Cloud's metadata service", "metadata service"},
		{"127.0.0.1", "a name that does not say that it is this machine", "127.0.0.1 is this machine"},
		{"0.0.0.0", "nor does this", "is no address of a host"},
	}
	for _, test := range tests {
		report := runProbe(t, oneMirror(t, "mirror.example.com:"+port, "http"), Options{Resolver: resolver(test.address)})
		a := report.Addresses[0]
		if got := step(t, a.Steps, stepDNS); got.Status != OK || got.Detail != test.address {
			t.Errorf("%s: dns %s %q", test.address, got.Status, got.Detail)
		}
		got := step(t, a.Steps, stepTCP)
		if got.Status != Failed || got.Cause != causeAddressRefused || !strings.Contains(got.Detail, test.detail) {
			t.Errorf("%s (%s): tcp %s %q %q, want %q in it", test.address, test.why, got.Status, got.Cause, got.Detail, test.detail)
		}
		if a.Summary == "" || len(a.Remedy) == 0 {
			t.Errorf("%s: no words for %s", test.address, a.Cause)
		}
	}
	if got := w.asked(); len(got) > 0 {
		t.Errorf("the server on this machine was reached: %v", got)
	}
}

func TestANameThatDoesNotResolveIsADNSFailure(t *testing.T) {
	report := runProbe(t, oneMirror(t, "mirror.example.com", "https"), Options{Resolver: resolver()})
	got := step(t, report.Addresses[0].Steps, stepDNS)
	if got.Status != Failed || got.Cause != causeDNS || !strings.Contains(got.Detail, "lookup mirror.example.com") || !strings.Contains(got.Detail, "no such host") {
		t.Errorf("dns %s %q %q", got.Status, got.Cause, got.Detail)
	}
}

func TestAMirrorThatIsALinkLocalAddressIsRefusedAsWritten(t *testing.T) {
	for _, address := range []string{"169.254.169.254", "100.100.100.200:80", "[fe80::1]:5000"} {
		report := runProbe(t, oneMirror(t, address, "http"), Options{})
		if got := report.Addresses[0]; got.Status != Failed || got.Cause != causeAddressRefused {
			t.Errorf("%s: %s %q, want refused", address, got.Status, got.Cause)
		}
	}
}

// A redirect and a token service are judged like the mirror itself.
func TestARedirectOrARealmAtARefusedAddressIsNotFollowed(t *testing.T) {
	ca := newIssuer(t)
	elsewhere := &witness{next: answers(200, "{}", "Docker-Content-Digest", digestOf([]byte(manifest), "sha256"))}
	internalPort := serve(t, nil, elsewhere)
	internal := "127.0.0.1:" + internalPort
	for _, target := range []string{"http://169.254.169.254/latest/meta-data/", "http://[::ffff:a9fe:a9fe]/", "http://2852039166/", "http://metadata.google.internal/", "http://" + internal + "/", "http://localhost:" + internalPort + "/", "gopher://x/"} {
		port := serve(t, ca.issue(t, nil), behind(http.RedirectHandler(target, http.StatusTemporaryRedirect)))
		report := runProbe(t, oneMirror(t, "localhost:"+port, "https"), Options{Roots: ca.pool(), Images: []string{"quay.io/a/b:1"}})
		got := step(t, report.Images[0].Asked[0].Steps, stepManifest)
		if got.Status != Failed || got.Cause != causeAddressRefused {
			t.Errorf("redirect to %s: %s %q %q, want refused", target, got.Status, got.Cause, got.Detail)
		}
		port = serve(t, ca.issue(t, nil), answers(401, "", "WWW-Authenticate", `Bearer realm="`+strings.Replace(target, "http:", "https:", 1)+`"`))
		report = runProbe(t, oneMirror(t, "localhost:"+port, "https"), Options{Roots: ca.pool(), Images: []string{"quay.io/a/b:1"}})
		if target == "gopher://x/" {
			continue // No realm at all: another test.
		}
		got = step(t, report.Images[0].Asked[0].Steps, stepToken)
		if got.Status != Failed || got.Cause != causeAddressRefused {
			t.Errorf("realm at %s: %s %q %q, want refused", target, got.Status, got.Cause, got.Detail)
		}
	}
	if got := elsewhere.asked(); len(got) > 0 {
		t.Errorf("a server on this machine that nobody named was reached: %v", got)
	}
}

// A proxy would be asked to go where the probe may not.
func TestAProxyIsUsedNamedAndNotAskedForRefusedAddresses(t *testing.T) {
	ca := newIssuer(t)
	backend := serve(t, ca.issue(t, func(c *certificateTemplate) { c.DNSNames = []string{"mirror.example.com"} }), behind(http.RedirectHandler("http://169.254.169.254/", http.StatusFound)))
	var connected witness
	connected.next = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		to, err := net.Dial("tcp", "127.0.0.1:"+backend)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		from, buffered, err := w.(http.Hijacker).Hijack()
		if err != nil {
			to.Close()
			return
		}
		io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n")
		go func() { io.Copy(to, buffered); to.Close() }()
		go func() { io.Copy(from, to); from.Close() }()
	})
	proxy := "127.0.0.1:" + serve(t, nil, &connected)
	through := func(*http.Request) (*url.URL, error) {
		return &url.URL{Scheme: "http", User: url.UserPassword("robot", "proxy-password"), Host: proxy}, nil
	}
	report := runProbe(t, oneMirror(t, "mirror.example.com", "https"), Options{Roots: ca.pool(), Proxy: through, Images: []string{"quay.io/a/b:1"}})
	a := report.Addresses[0]
	if a.Status != OK {
		t.Errorf("the address is %s: %+v", a.Status, a.Steps)
	}
	for _, name := range []string{stepDNS, stepTCP} {
		if got := step(t, a.Steps, name); !strings.Contains(got.Detail, "proxy 127.0.0.1:") || strings.Contains(got.Detail, "password") {
			t.Errorf("%s: %q, want the proxy named without its password", name, got.Detail)
		}
	}
	if got := step(t, report.Images[0].Asked[0].Steps, stepManifest); got.Cause != causeAddressRefused {
		t.Errorf("redirect to metadata through the proxy: %s %q %q", got.Status, got.Cause, got.Detail)
	}
	for _, request := range connected.asked() {
		if strings.HasPrefix(request, "GET") {
			t.Errorf("the proxy was asked for %s", request)
		}
	}
}

func TestAProxyThatFailsIsToldFromTheMirror(t *testing.T) {
	tests := []struct{ name, proxy, detail string }{
		{"nothing listens", "127.0.0.1:" + closedPort(t), "connection refused"},
		{"refuses to connect", "127.0.0.1:" + serve(t, nil, answers(403, "")), "does not connect"},
		{"wants a password", "127.0.0.1:" + serve(t, nil, answers(407, "")), "does not connect"},
	}
	for _, test := range tests {
		through := func(*http.Request) (*url.URL, error) { return &url.URL{Scheme: "http", Host: test.proxy}, nil }
		report := runProbe(t, oneMirror(t, "mirror.example.com", "https"), Options{Proxy: through})
		got := step(t, report.Addresses[0].Steps, stepTCP)
		if got.Status != Failed || got.Cause != causeProxy || !strings.Contains(got.Detail, test.detail) {
			t.Errorf("%s: %s %q %q", test.name, got.Status, got.Cause, got.Detail)
		}
	}
}

// Ctrl-C ends what is under way.
func TestAnInterruptedProbeEndsWithoutAReport(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	set := oneMirror(t, "127.0.0.1:"+serve(t, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	})), "http")
	report, err := Run(ctx, setsOf(set), plansOf(set), Options{Timeout: time.Minute, Proxy: noProxy})
	if !errors.Is(err, context.Canceled) || report != nil {
		t.Errorf("got report %v, error %v; want none, canceled", report, err)
	}
}

// Once a run is interrupted, no further question begins.
func TestNothingBeginsAfterAnInterruption(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	begun := 0
	each(ctx, 1, 1000, func(int) { begun++; cancel() })
	// One may be on its way to the worker while the first ends.
	if begun == 0 || begun > 50 {
		t.Errorf("%d of 1000 began", begun)
	}
}
