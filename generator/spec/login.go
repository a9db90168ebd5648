package spec

import (
	"encoding/base64"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// shortestLogin is how many bytes a user, a colon and a password have at least
// where nothing else says that a text is a credential. Shorter ones are too
// often words that happen to decode.
const shortestLogin = 8

var (
	// encoded is what base64 may be, in either alphabet, with or without its padding.
	encoded = regexp.MustCompile(`[A-Za-z0-9+/_-]+={0,2}`)
	// basic is the scheme of an HTTP Authorization header and its credentials (RFC 7617).
	basic = regexp.MustCompile(`(?i)\bbasic\s+([a-z0-9+/_-]+)(={0,2})`)
	// basicHeader is the whole of the header, in which the scheme is no word of a sentence.
	basicHeader = regexp.MustCompile(`(?i)\bauthorization["']?\s*[:=]\s*["']?basic\s+[a-z0-9+/_-]`)
	// login is a user and a password, and neither a URL, nor a digest, nor words
	// with a colon, nor JSON.
	login    = regexp.MustCompile(`^[^\s:"'<>{}\[\]]+:[^\s/].*$`)
	notLogin = regexp.MustCompile(`^sha(256|384|512):`)
)

// holdsLogin finds user:password in base64, which is what stands behind "auth" in
// a Docker configuration and behind "Basic" in a header.
func holdsLogin(text string) bool {
	if basicHeader.MatchString(text) {
		return true
	}
	for _, found := range basic.FindAllStringSubmatch(text, -1) {
		// A word of a sentence has no padding.
		if found[2] != "" || isLogin(found[1], len("u:p")) {
			return true
		}
	}
	for _, run := range encoded.FindAllString(text, -1) {
		run = strings.TrimRight(run, "=")
		if isLogin(run, shortestLogin) {
			return true
		}
		// Something else may stand before it, or behind it.
		for _, part := range strings.FieldsFunc(run, func(r rune) bool { return strings.ContainsRune("+/_-", r) }) {
			if isLogin(part, shortestLogin) {
				return true
			}
		}
	}
	return false
}

// isLogin decodes base64 without its padding. A newline at the end is that of
// echo user:password | base64.
func isLogin(text string, shortest int) bool {
	text = strings.NewReplacer("-", "+", "_", "/").Replace(text)
	decoded, err := base64.RawStdEncoding.DecodeString(text)
	if err != nil || !utf8.Valid(decoded) {
		return false
	}
	plain := strings.TrimRight(string(decoded), "\r\n")
	if strings.ContainsFunc(plain, func(r rune) bool { return r > unicode.MaxASCII }) {
		// Words decode to letters of some script more easily than to ASCII.
		shortest *= 2
	}
	isPrintable := !strings.ContainsFunc(plain, func(r rune) bool { return !unicode.IsPrint(r) })
	return len(plain) >= shortest && isPrintable && login.MatchString(plain) && !notLogin.MatchString(plain)
}
