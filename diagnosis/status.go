package diagnosis

import (
	"net/http"
	"strconv"
	"strings"
	"sync"

	"mirrorgen.dev/gen/generator/image"
)

// statusReach is how many bytes before a number a word such as "status" may stand.
const statusReach = 64

// statusSignals finds HTTP statuses by their structure: a number from 400 to
// 599 with the status' own words behind it ("403 Forbidden", "502 (Bad
// Gateway)") or a word such as "status" or "HTTP" before it ("StatusCode: 403",
// "HTTP code: 502", "error parsing HTTP 429 response").
func statusSignals(n normal) []signal {
	var found []signal
	for at := 0; at+3 <= len(n.low); at++ {
		if c := n.low[at]; c != '4' && c != '5' || !isNumberAlone(n.low, at) {
			continue
		}
		code, _ := strconv.Atoi(n.low[at : at+3])
		end := at + 3
		words, spoken := hasStatusText(n.low[end:], code)
		before := n.low[max(0, at-statusReach):at]
		if !spoken && !hasStatusWord(before) || code == http.StatusUnauthorized && inAccessLog(before) {
			continue
		}
		if words > 0 {
			end += words
		}
		if cause, rank := causeOfStatus(code, n, at); cause != "" {
			found = append(found, signal{cause: cause, rank: rank, at: span{From: at, To: end}})
		}
	}
	return append(found, namedStatuses(n)...)
}

// namedStatuses finds statuses that are written as Go names them:
// "response was http.StatusNotFound".
func namedStatuses(n normal) []signal {
	const prefix = "http.status"
	var found []signal
	for from := 0; ; {
		at := strings.Index(n.low[from:], prefix)
		if at < 0 {
			return found
		}
		at += from
		from = at + len(prefix)
		end := from
		for end < len(n.low) && isWord(n.low[end]) {
			end++
		}
		if cause, rank := causeOfStatus(statusNames()[n.low[from:end]], n, at); cause != "" {
			found = append(found, signal{cause: cause, rank: rank, at: span{From: at, To: end}})
		}
	}
}

// statusNames are Go's names of the statuses from 400 to 599, in lower case and
// without "Status".
var statusNames = sync.OnceValue(func() map[string]int {
	names := map[string]int{}
	for code := 400; code < 600; code++ {
		if text := image.LowerASCII(http.StatusText(code)); text != "" {
			names[strings.NewReplacer(" ", "", "-", "", "'", "").Replace(text)] = code
		}
	}
	return names
})

// inAccessLog reports that a server's log says how it answered: `"GET /v2/
// HTTP/1.1" 401`. Every pull begins with such a challenge, which is no failure.
func inAccessLog(before string) bool {
	protocol, ok := strings.CutSuffix(before, `" `)
	return ok && strings.HasPrefix(protocol[strings.LastIndexByte(protocol, ' ')+1:], "http/")
}

// isNumberAlone reports three digits that belong to no longer number, port,
// address, digest or path.
func isNumberAlone(text string, at int) bool {
	for _, c := range []byte(text[at : at+3]) {
		if c < '0' || '9' < c {
			return false
		}
	}
	if at > 0 {
		switch text[at-1] {
		case ' ', '(', '[', '"', '\'', '=', '>':
		case ':':
			// "StatusCode:403", but not "host:443".
			if !strings.HasSuffix(text[:at-1], "status") && !strings.HasSuffix(text[:at-1], "code") && !strings.HasSuffix(text[:at-1], `"`) {
				return false
			}
		default:
			return false
		}
	}
	if at+3 == len(text) {
		return true
	}
	switch c := text[at+3]; c {
	case ' ', ')', ']', '"', '\'', ',', ';', ':', '<', '}':
		return true
	case '.':
		return at+4 == len(text) || text[at+4] == ' '
	}
	return false
}

// hasStatusText reports the standard words behind a status, and how far they reach.
func hasStatusText(rest string, code int) (length int, ok bool) {
	words := image.LowerASCII(http.StatusText(code))
	if words == "" {
		return 0, false
	}
	skipped := strings.TrimLeft(rest, " (:-\"")
	if strings.HasPrefix(skipped, words) {
		return len(rest) - len(skipped) + len(words), true
	}
	return 0, false
}

// hasStatusWord reports a word that makes the number behind it an HTTP status.
// What Docker's and podman's own API says of itself is none: "API error (500)".
func hasStatusWord(before string) bool {
	for _, own := range []string{"api error (", "(http code ", "exit status", "exit code", `response":`} {
		if strings.HasSuffix(strings.TrimRight(before, " "), strings.TrimRight(own, " ")) {
			return false
		}
	}
	for _, word := range []string{"status", "http code", "http ", "http/1", "http/2", "http error", "error code", "server error", "response code", "code: ", "code=", "returned"} {
		if strings.Contains(before, word) {
			return true
		}
	}
	return false
}

// causeOfStatus says what a status means for a pull.
func causeOfStatus(code int, n normal, at int) (cause string, rank Rank) {
	switch {
	case code == http.StatusBadRequest:
		// A TLS server answers 400 to a plain request; Go's says so in the body,
		// which runtimes do not print.
		if url, ok := lastRequest(n, at); ok && url.scheme == "http" {
			return "http-request-to-https-port", Reason
		}
	case code == http.StatusUnauthorized:
		return "unauthorized", Reason
	case code == http.StatusForbidden, code == http.StatusUnavailableForLegalReasons, code == http.StatusPreconditionFailed:
		return "forbidden", Reason
	case code == http.StatusNotFound, code == http.StatusGone:
		return "not-found", Outcome
	case code == http.StatusProxyAuthRequired:
		return "http-proxy-failure", Verdict
	case code == http.StatusRequestTimeout:
		return "network-timeout", Reason
	case code == http.StatusTooManyRequests:
		return "rate-limited", Reason
	case code >= 500:
		return "registry-server-error", Reason
	}
	return "", 0
}

// connectRefusal finds the answer of an HTTP proxy to CONNECT: Go's client
// returns the words of the status without its number as the error of the
// request, `Get "https://host/v2/": Forbidden`. A registry's status never stands
// so bare. Not among the words are those of 401 and 404, which a registry's own
// error codes resemble, and those of 429 and of 500 and above, whose causes have
// the remedy. Some gateways write "authenticationrequired" instead.
func connectRefusal(n normal) signal {
	var found signal
	for _, url := range n.requests {
		rest := strings.TrimLeft(n.low[url.at.To:], "\"' ")
		if !strings.HasPrefix(rest, ": ") {
			continue
		}
		from := len(n.low) - len(rest) + 2
		for _, words := range []string{"forbidden", "bad request", "proxy authentication required", "authenticationrequired", "method not allowed", "not acceptable", "moved permanently", "found", "see other", "temporary redirect", "permanent redirect"} {
			if strings.HasPrefix(n.low[from:], words) && endsStatement(n.low[from+len(words):]) {
				found = signal{cause: "http-proxy-failure", rank: Verdict, at: span{From: from, To: from + len(words)}}
			}
		}
	}
	return found
}
