package loopback

import (
	"io"
	"net"
	"net/http"
)

// Proxy is the Network as an HTTP proxy, for clients whose dialling cannot be
// replaced. Where nothing listens it refuses a tunnel, and closes the connection
// of a plain request, so that no client takes its answer for a registry's.
func (n *Network) Proxy() http.Handler {
	plain := &http.Transport{DialContext: n.DialContext, DisableKeepAlives: true}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			n.tunnel(w, r)
			return
		}
		out := r.Clone(r.Context())
		out.RequestURI = ""
		answer, err := plain.RoundTrip(out)
		if err != nil {
			hangUp(w)
			return
		}
		defer answer.Body.Close()
		for key, values := range answer.Header {
			w.Header()[key] = values
		}
		w.WriteHeader(answer.StatusCode)
		_, _ = io.Copy(w, answer.Body) // the client sees a body cut short as such
	})
}

// tunnel joins the client to what it wants to speak TLS with.
func (n *Network) tunnel(w http.ResponseWriter, r *http.Request) {
	there, err := n.DialContext(r.Context(), "tcp", r.Host)
	if err != nil {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	defer there.Close()
	w.WriteHeader(http.StatusOK)
	here, buffered, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	done := make(chan struct{}, 2)
	pipe := func(to net.Conn, from io.Reader) {
		_, _ = io.Copy(to, from) // either end may close first
		done <- struct{}{}
	}
	go pipe(there, buffered)
	go pipe(here, there)
	<-done
}

func hangUp(w http.ResponseWriter) {
	if connection, _, err := http.NewResponseController(w).Hijack(); err == nil {
		connection.Close()
	}
}
