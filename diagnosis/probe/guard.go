package probe

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// A refusal says that the probe itself did not go somewhere, or did not send
// something there. It is no answer of a server.
type refusal struct {
	// cause is address-refused, or what a refused credential comes to.
	cause string
	// why is the sentence, in each language.
	why text
	// what fills the sentence: hosts and addresses whose form was checked.
	what []any
}

func (r *refusal) Error() string { return r.why.in("en", r.what...) }

// metadataAddresses are where clouds answer with credentials of the machine.
var metadataAddresses = map[netip.Addr]bool{
	netip.MustParseAddr("169.254.169.254"): true, // most of them; the rest of the range is refused too
	netip.MustParseAddr("100.100.100.200"): true, // Alibaba Cloud
	netip.MustParseAddr("168.63.129.16"):   true, // Azure's wire server
	netip.MustParseAddr("192.0.0.192"):     true, // Oracle Cloud
	netip.MustParseAddr("fd00:ec2::254"):   true, // AWS over IPv6
	netip.MustParseAddr("fd20:ce::254"):    true, // Google Cloud over IPv6
}

// metadataNames matter behind a proxy, which resolves them itself; elsewhere the
// resolved address decides.
var metadataNames = map[string]bool{
	"metadata":                   true,
	"metadata.google.internal":   true,
	"metadata.goog":              true,
	"metadata.tencentyun.com":    true,
	"instance-data":              true,
	"instance-data.ec2.internal": true,
}

var (
	thisNetwork   = netip.MustParsePrefix("0.0.0.0/8") // Linux takes 0.0.0.0 for the machine itself
	broadcast     = netip.MustParseAddr("255.255.255.255")
	nat64         = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052: an IPv4 address in the last four bytes
	sixToFour     = netip.MustParsePrefix("2002::/16")    // RFC 3056: an IPv4 address behind the prefix
	ipv4InIPv6    = netip.MustParsePrefix("::/96")        // RFC 4291: the deprecated IPv4-compatible form
	ipv6Loopback  = netip.IPv6Loopback()
	ipv6AnyOrLoop = map[netip.Addr]bool{netip.IPv6Unspecified(): true, ipv6Loopback: true}
)

// refusedAddress says why no connection goes to an address; nil where it may.
func refusedAddress(address netip.Addr, loopback bool) *refusal {
	plain := innermost(address.WithZone("").Unmap())
	var why text
	switch {
	case metadataAddresses[plain]:
		why = textMetadata
	case plain.IsLinkLocalUnicast(), plain.IsLinkLocalMulticast(), plain.IsInterfaceLocalMulticast():
		why = textLinkLocal
	case plain.IsMulticast():
		why = textMulticast
	case plain.IsUnspecified(), plain == broadcast, plain.Is4() && thisNetwork.Contains(plain):
		why = textUnspecified
	case plain.IsLoopback() && !loopback:
		why = textLoopback
	default:
		return nil
	}
	return &refusal{cause: causeAddressRefused, why: why, what: []any{plain.String()}}
}

// innermost is the IPv4 address that an IPv6 one stands for, or the address itself.
func innermost(a netip.Addr) netip.Addr {
	if !a.Is6() || ipv6AnyOrLoop[a] {
		return a
	}
	b := a.As16()
	switch {
	case nat64.Contains(a), ipv4InIPv6.Contains(a):
		return netip.AddrFrom4([4]byte(b[12:16]))
	case sixToFour.Contains(a):
		return netip.AddrFrom4([4]byte(b[2:6]))
	}
	return a
}

// refusedURL looks at a URL before anything is dialled, as a proxy would
// otherwise be asked to go where the probe may not.
func refusedURL(u *url.URL, loopback map[string]bool) *refusal {
	if u.Scheme != "https" && u.Scheme != "http" {
		return &refusal{cause: causeAddressRefused, why: textScheme}
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if metadataNames[host] {
		return &refusal{cause: causeAddressRefused, why: textMetadata, what: []any{host}}
	}
	if address, err := netip.ParseAddr(host); err == nil {
		return refusedAddress(address, loopback[authority(u)])
	}
	// The forms of inet_aton ("2852039166", "0xa9.254.43518") are no host names, and
	// resolvers differ on them.
	last := host[strings.LastIndexByte(host, '.')+1:]
	if last == "" || '0' <= last[0] && last[0] <= '9' {
		return &refusal{cause: causeAddressRefused, why: textNumericHost}
	}
	return nil
}

// isLoopbackName reports whether a host is literally this machine.
func isLoopbackName(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// A dialer connects to what the guard lets it.
type dialer struct {
	resolver *net.Resolver
	timeout  time.Duration
	// loopback holds each host:port that is literally this machine and was named
	// by the user; any other way to this machine is refused.
	loopback map[string]bool
}

// dial looks at each resolved address right before the connection to it, so that
// a name that resolves to something else the second time gets nowhere.
func (d *dialer) dial(ctx context.Context, network, address string) (net.Conn, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	loopback := d.loopback[address] && isLoopbackName(host)
	inner := net.Dialer{
		Timeout:  d.timeout,
		Resolver: d.resolver,
		// One address after the other, so that the answer does not depend on a race.
		FallbackDelay: -1,
		ControlContext: func(_ context.Context, _, resolved string, _ syscall.RawConn) error {
			to, err := netip.ParseAddrPort(resolved)
			if err != nil {
				return fmt.Errorf("an address that cannot be judged: %w", err)
			}
			if r := refusedAddress(to.Addr(), loopback); r != nil {
				return r
			}
			return nil
		},
	}
	return inner.DialContext(ctx, network, address)
}

// defaultPorts are those of net/http, proxies included.
var defaultPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// authority is host:port of a URL, the port filled in.
func authority(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = defaultPorts[u.Scheme]
	}
	return net.JoinHostPort(strings.ToLower(strings.TrimSuffix(u.Hostname(), ".")), port)
}
