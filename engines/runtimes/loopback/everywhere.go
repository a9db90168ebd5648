package loopback

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// Everywhere is a registry at every address that no other registry serves, over
// TLS and plain HTTP alike. It holds no image, so that a client asks each of
// its endpoints in turn.
type Everywhere struct {
	network     *Network
	authority   *Authority
	connections chan net.Conn
	stopped     chan struct{}

	mu    sync.Mutex
	asked []Asked
}

// Asked is one request for a manifest, or for the root of the API.
type Asked struct {
	// Address is the host:port that was dialled, Path that of the URL.
	Address, Path string
	TLS           bool
}

// A place is the key of the address that a connection was dialled to.
type place struct{}

// ServeEverywhere starts a registry for every address, with certificates of
// authority. It is reached from Answer on, and stops with the test.
func (n *Network) ServeEverywhere(t testing.TB, authority *Authority) *Everywhere {
	e := &Everywhere{network: n, authority: authority, connections: make(chan net.Conn), stopped: make(chan struct{})}
	server := &http.Server{
		Handler:  e,
		ErrorLog: log.New(io.Discard, "", 0),
		ConnContext: func(ctx context.Context, c net.Conn) context.Context {
			return context.WithValue(ctx, place{}, addressOf(c))
		},
	}
	go func() {
		_ = server.Serve(&listener{e.connections, e.stopped}) // always an error: that it was closed
	}()
	t.Cleanup(func() {
		close(e.stopped)
		server.Close()
	})
	return e
}

// Answer puts this registry at every address, in place of another such one, and
// forgets what it was asked.
func (e *Everywhere) Answer() {
	e.Asked()
	e.network.mu.Lock()
	defer e.network.mu.Unlock()
	e.network.other = func(address string) net.Conn {
		here, there := net.Pipe()
		go e.accept(&conn{Conn: there, address: address})
		return here
	}
}

// accept finds out whether the client speaks TLS and hands it to the server.
func (e *Everywhere) accept(c *conn) {
	c.reader = bufio.NewReader(c.Conn)
	var served net.Conn = c
	const handshake = 0x16 // the first byte of a TLS record that opens a connection
	if first, err := c.reader.Peek(1); err != nil {
		c.Close()
		return
	} else if first[0] == handshake {
		served = tls.Server(c, e.authority.config(hostOf(c.address)))
	}
	select {
	case e.connections <- served:
	case <-e.stopped:
		c.Close()
	}
}

// ServeHTTP takes down what was asked and has nothing.
func (e *Everywhere) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	address, _ := r.Context().Value(place{}).(string)
	e.mu.Lock()
	asked := Asked{Address: address, Path: r.URL.Path, TLS: r.TLS != nil}
	if !slices.Contains(e.asked, asked) {
		e.asked = append(e.asked, asked)
	}
	e.mu.Unlock()
	if strings.Contains(r.URL.Path, "/manifests/") {
		w.WriteHeader(http.StatusNotFound)
	}
}

// Asked lists what was asked since the last call, each once, in the order of
// the first time.
func (e *Everywhere) Asked() []Asked {
	e.mu.Lock()
	defer e.mu.Unlock()
	asked := e.asked
	e.asked = nil
	return asked
}

// A conn is a connection that knows where its client meant to go.
type conn struct {
	net.Conn
	reader  *bufio.Reader
	address string
}

func (c *conn) Read(b []byte) (int, error) { return c.reader.Read(b) }

func addressOf(c net.Conn) string {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	if ours, ok := c.(*conn); ok {
		return ours.address
	}
	return ""
}

// A listener hands out connections that were made in this process.
type listener struct {
	connections chan net.Conn
	stopped     chan struct{}
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.connections:
		return c, nil
	case <-l.stopped:
		return nil, errors.New("stopped")
	}
}

func (l *listener) Close() error   { return nil }
func (l *listener) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
