package migrate

import (
	"encoding/json"
	"regexp"
	"strconv"
	"strings"
)

// login matches what may hold a user with a password: a URL with one, or user:password@host.
var login = regexp.MustCompile(`(?i)://[^\s/'"]*@|[^\s:/@"'{}]+:[^\s/@"'{}]+@[^\s@]|\b(basic|bearer)\s+[a-z0-9+/=._~-]{6,}`)

// digested is a digest behind an @, which is no login.
var digested = regexp.MustCompile(`@sha(256|384|512):`)

// show quotes a value for a message: its beginning, without control characters. A
// value that may hold a password is not repeated.
func show(text string) string {
	if holdsLogin(text) {
		return "a value that may hold a password, which is not repeated"
	}
	return abridged(text)
}

func holdsLogin(text string) bool {
	return login.MatchString(digested.ReplaceAllString(text, " "))
}

// abridged quotes the beginning of a text on one line.
func abridged(text string) string {
	const most = 80
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "")), " ")
	if runes := []rune(text); len(runes) > most {
		return strconv.Quote(string(runes[:most])) + "..."
	}
	return strconv.Quote(text)
}

// bare is what needs no quotes in YAML: an address, a path or a word that no
// reader takes for anything else.
var bare = regexp.MustCompile(`^[a-z][a-z0-9._/-]*(:[0-9]+)?(/[a-z0-9._/-]+)?$`)

// words are what some reader of YAML takes for a boolean or nothing.
var words = map[string]bool{"y": true, "n": true, "yes": true, "no": true, "on": true, "off": true, "true": true, "false": true, "null": true}

// quote writes a string in YAML.
func quote(text string) string {
	if bare.MatchString(text) && !words[text] && !strings.HasSuffix(text, ":") {
		return text
	}
	// JSON's strings are YAML's.
	data, _ := json.Marshal(text)
	return string(data)
}

// comment is a text that stands behind "# ", whatever it holds.
func comment(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || 0x80 <= r && r < 0xa0 || r == 0x2028 || r == 0x2029 || r == 0xFEFF {
			return '?'
		}
		return r
	}, strings.ToValidUTF8(text, "?"))
}
