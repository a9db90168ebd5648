package process

import (
	"fmt"
	"net"
	"strconv"
)

// Loopback is the only address that anything here listens on.
const Loopback = "127.0.0.1"

// FreePorts finds ports of 127.0.0.1 that nothing listens on. They are not held:
// another program may take one before it is used, which CheckFree then says.
func FreePorts(count int) ([]int, error) {
	var ports []int
	for range count {
		// All stay open until the last is found, so that none comes twice.
		listener, err := net.Listen("tcp4", net.JoinHostPort(Loopback, "0"))
		if err != nil {
			return nil, fmt.Errorf("no free port on %s: %w", Loopback, err)
		}
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports, nil
}

// CheckFree says which program a port was meant for where it is taken.
func CheckFree(name string, port int) error {
	listener, err := net.Listen("tcp4", Address(port))
	if err != nil {
		return fmt.Errorf("%s: port %d of %s is in use; end what listens there, or leave the choice of ports to the test", name, port, Loopback)
	}
	return listener.Close()
}

// Address is a port of 127.0.0.1.
func Address(port int) string { return net.JoinHostPort(Loopback, strconv.Itoa(port)) }
