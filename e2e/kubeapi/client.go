// Package kubeapi speaks to an API server as kubectl does: HTTPS, JSON, a bearer
// token. What is refused is an answer, with its words and warnings.
package kubeapi

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// The content types that are sent.
const (
	JSON  = "application/json"
	YAML  = "application/yaml"
	Apply = "application/apply-patch+yaml"
)

// A Client speaks to one API server as one user. It may be used by several
// goroutines at once.
type Client struct {
	base, token string
	http        *http.Client

	mu        sync.Mutex
	resources map[string]map[string]Resource
}

// New makes a client of the server at an address, which proves itself by the
// authority's certificate, PEM.
func New(address, token string, authority []byte) (*Client, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(authority) {
		return nil, errors.New("the authority is no PEM certificate")
	}
	return &Client{
		base:  "https://" + address,
		token: token,
		http: &http.Client{
			Timeout: time.Minute,
			// Proxies are not asked: the server is on this machine.
			Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 32},
		},
		resources: map[string]map[string]Resource{},
	}, nil
}

// As is the same server for another user, by token.
func (c *Client) As(token string) *Client {
	return &Client{base: c.base, token: token, http: c.http, resources: map[string]map[string]Resource{}}
}

// Base is the server's URL.
func (c *Client) Base() string { return c.base }

// A Request is one call.
type Request struct {
	Method, Path string
	Query        url.Values
	// ContentType: unset reads as JSON.
	ContentType string
	// Body is bytes as they are, or a value that is sent as JSON; nil: none.
	Body any
}

// An Answer is what the server said, be it yes or no.
type Answer struct {
	Code int
	// Body is the answer's object: a Status where something was refused.
	Body map[string]any
	// Text is the body where it is no JSON object.
	Text     string
	Warnings []string
	// AuditID names the call in the server's audit log.
	AuditID string
}

// OK reports whether the server did what it was asked.
func (a *Answer) OK() bool { return a.Code >= 200 && a.Code < 300 }

// Message is why it did not; empty where it did.
func (a *Answer) Message() string {
	if a.OK() {
		return ""
	}
	if message, ok := a.Body["message"].(string); ok {
		return message
	}
	return a.Text
}

// Reason is the machine's word for why it did not, as AlreadyExists; empty where
// the server gave none.
func (a *Answer) Reason() string {
	if a.OK() {
		return ""
	}
	reason, _ := a.Body["reason"].(string)
	return reason
}

// Err is Message as an error; nil where the server did what it was asked.
func (a *Answer) Err() error {
	if a.OK() {
		return nil
	}
	return fmt.Errorf("%d %s: %s", a.Code, a.Reason(), a.Message())
}

// Do makes a call. An error means that there was no answer.
func (c *Client) Do(ctx context.Context, r Request) (*Answer, error) {
	var body io.Reader
	switch content := r.Body.(type) {
	case nil:
	case []byte:
		body = bytes.NewReader(content)
	default:
		data, err := json.Marshal(content)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(data)
	}
	address := c.base + r.Path
	if len(r.Query) > 0 {
		address += "?" + r.Query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, r.Method, address, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+c.token)
	request.Header.Set("Accept", JSON)
	if body != nil {
		contentType := r.ContentType
		if contentType == "" {
			contentType = JSON
		}
		request.Header.Set("Content-Type", contentType)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	answer := &Answer{Code: response.StatusCode, AuditID: response.Header.Get("Audit-Id")}
	if answer.Body, err = object(data); err != nil {
		answer.Text = string(data)
	}
	for _, header := range response.Header.Values("Warning") {
		answer.Warnings = append(answer.Warnings, warningText(header))
	}
	return answer, nil
}

// Must is Do for what has to succeed: a refusal is an error too.
func (c *Client) Must(ctx context.Context, r Request) (*Answer, error) {
	answer, err := c.Do(ctx, r)
	if err == nil {
		err = answer.Err()
	}
	if err != nil {
		return answer, fmt.Errorf("%s %s: %w", r.Method, r.Path, err)
	}
	return answer, nil
}
