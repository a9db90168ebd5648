package kubeapi

import (
	"encoding/pem"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

// serve is a server that gives every call the same answer.
func serve(t *testing.T, code int, header http.Header, body string) *Client {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer tok" {
			code, body = http.StatusUnauthorized, "{}"
		}
		for name, values := range header {
			w.Header()[name] = values
		}
		w.WriteHeader(code)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	client, err := New(strings.TrimPrefix(server.URL, "https://"), "tok", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	if err != nil {
		t.Fatal(err)
	}
	return client
}

func TestARefusalIsAnAnswerWithItsWords(t *testing.T) {
	client := serve(t, http.StatusForbidden, http.Header{"Warning": {`299 - "say \"no\" \\ then"`, "odd"}, "Audit-Id": {"a1"}},
		`{"kind":"Status","message":"no","reason":"Forbidden","code":403}`)
	answer, err := client.Do(t.Context(), Request{Method: http.MethodGet, Path: "/x"})
	if err != nil {
		t.Fatal(err)
	}
	if answer.OK() || answer.Message() != "no" || answer.Reason() != "Forbidden" || answer.AuditID != "a1" {
		t.Errorf("got %+v", answer)
	}
	if want := []string{`say "no" \ then`, "odd"}; !reflect.DeepEqual(answer.Warnings, want) {
		t.Errorf("got %q, wanted %q", answer.Warnings, want)
	}
	if _, err := client.Must(t.Context(), Request{Method: http.MethodGet, Path: "/x"}); err == nil || err.Error() != "GET /x: 403 Forbidden: no" {
		t.Errorf("got %v", err)
	}
}

func TestWholeNumbersStayWhole(t *testing.T) {
	answer, err := serve(t, http.StatusOK, nil, `{"a":9007199254740993,"b":[1.5,{"c":2}],"d":null}`).Do(t.Context(), Request{Method: http.MethodGet, Path: "/"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"a": int64(9007199254740993), "b": []any{1.5, map[string]any{"c": int64(2)}}, "d": nil}
	if !reflect.DeepEqual(answer.Body, want) || answer.Err() != nil || answer.Message() != "" || answer.Reason() != "" {
		t.Errorf("got %#v", answer)
	}
}

func TestAnAnswerThatIsNoObjectIsKeptAsText(t *testing.T) {
	answer, err := serve(t, http.StatusNotFound, nil, "404 page not found").Do(t.Context(), Request{Method: http.MethodGet, Path: "/"})
	if err != nil || answer.Body != nil || answer.Message() != "404 page not found" {
		t.Errorf("got %+v, %v", answer, err)
	}
}

func TestWhoIsNotTrustedIsNotSpokenTo(t *testing.T) {
	client := serve(t, http.StatusOK, nil, "{}")
	if _, err := New("127.0.0.1:1", "tok", []byte("no certificate")); err == nil {
		t.Error("an authority that is no certificate is taken")
	}
	if _, err := client.As("other").Must(t.Context(), Request{Method: http.MethodGet, Path: "/"}); err == nil || !strings.Contains(err.Error(), "401") {
		t.Errorf("another user: got %v", err)
	}
	client.http = &http.Client{}
	if _, err := client.Do(t.Context(), Request{Method: http.MethodGet, Path: "/"}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("another authority: got %v", err)
	}
}

func TestPathsAreThoseOfTheAPI(t *testing.T) {
	for _, row := range []struct {
		why             string
		of              Resource
		namespace, name string
		want            string
	}{
		{"the core group", Resource{"v1", "pods", true}, "shop", "web", "/api/v1/namespaces/shop/pods/web"},
		{"a collection", Resource{"apps/v1", "deployments", true}, "shop", "", "/apis/apps/v1/namespaces/shop/deployments"},
		{"no namespace", Resource{"v1", "namespaces", false}, "shop", "shop", "/api/v1/namespaces/shop"},
		{"a name that is no path", Resource{"v1", "pods", true}, "shop", "a/b", "/api/v1/namespaces/shop/pods/a%2Fb"},
	} {
		if got := row.of.Path(row.namespace, row.name); got != row.want {
			t.Errorf("%s: got %s, wanted %s", row.why, got, row.want)
		}
	}
}

func TestAKindThatTheServerLacksIsNamed(t *testing.T) {
	client := serve(t, http.StatusOK, nil, `{"resources":[{"name":"pods","kind":"Pod","namespaced":true},{"name":"pods/log","kind":"Pod","namespaced":true}]}`)
	found, err := client.Resource(t.Context(), "v1", "Pod")
	if err != nil || found != (Resource{"v1", "pods", true}) {
		t.Errorf("got %+v, %v", found, err)
	}
	if _, err := client.Resource(t.Context(), "v1", "Poodle"); err == nil || err.Error() != "v1 Poodle: the API server has no such kind" {
		t.Errorf("got %v", err)
	}
}
