package loopback

import (
	"context"
	"fmt"
	"net"
	"slices"
	"sync"
)

// A Network maps names to listeners on 127.0.0.1. The zero value knows no name.
type Network struct {
	mu     sync.Mutex
	routes map[string]string
	asked  []string
	// other answers where no route leads; nil: nothing does.
	other func(address string) net.Conn
}

// route sends what is dialled as "host:port" to a listener's address.
func (n *Network) route(address, listener string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.routes == nil {
		n.routes = map[string]string{}
	}
	n.routes[address] = listener
}

// unroute forgets an address: from then on it is refused.
func (n *Network) unroute(address string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.routes, address)
}

// DialContext dials "host:port" by the routes, whatever the name would resolve
// to. What no test serves is refused, as a closed port is.
func (n *Network) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	if address == "index.docker.io:443" {
		// Docker Hub answers at both names; k3s asks at this one.
		address = "registry-1.docker.io:443"
	}
	n.mu.Lock()
	n.asked = append(n.asked, address)
	listener, ok := n.routes[address]
	other := n.other
	n.mu.Unlock()
	switch {
	case ok:
	case other != nil:
		return other(address), nil
	default:
		return nil, fmt.Errorf("dial %s %s: connection refused (no registry of this test listens there)", network, address)
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, network, listener)
}

// Dialled lists the addresses that were dialled since the last call, each once,
// in the order of the first time.
func (n *Network) Dialled() []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	var addresses []string
	for _, address := range n.asked {
		if !slices.Contains(addresses, address) {
			addresses = append(addresses, address)
		}
	}
	n.asked = nil
	return addresses
}
