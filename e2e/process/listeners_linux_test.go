package process_test

import (
	"net"
	"os"
	"slices"
	"testing"

	"mirrorgen.dev/gen/e2e/process"
)

func TestListenersAreThoseOfTheProcess(t *testing.T) {
	for _, row := range []struct{ why, network, address string }{
		{"loopback", "tcp4", "127.0.0.1:0"},
		{"an address beyond loopback is what the guard is for", "tcp4", "0.0.0.0:0"},
		{"the other table", "tcp6", "[::1]:0"},
	} {
		t.Run(row.why, func(t *testing.T) {
			listener, err := net.Listen(row.network, row.address)
			if err != nil {
				if row.network == "tcp6" {
					t.Logf("this machine has no IPv6: %v", err)
					return
				}
				t.Fatal(err)
			}
			defer listener.Close()
			want := listener.Addr().(*net.TCPAddr).AddrPort()
			got, err := process.Listeners(os.Getpid())
			if err != nil || !slices.Contains(got, want) {
				t.Errorf("got %v, %v; wanted %v among them", got, err, want)
			}
		})
	}
}

func TestAProcessThatIsGoneHasNoListenersToTell(t *testing.T) {
	p := shell(t, "exit 0")
	<-p.Done()
	if got, err := process.Listeners(p.ID()); err == nil {
		t.Errorf("got %v, wanted an error", got)
	}
}
