package spec

import "regexp"

// A detector finds text that looks like a credential. It may be wrong: refusing
// an honest annotation costs its author a word, a password in a repository
// costs more. What it finds is never printed.
type detector struct{ signs []sign }

type sign struct {
	what    string
	pattern *regexp.Regexp
	// not matches what only looks like it.
	not *regexp.Regexp
}

func newDetector() *detector {
	return &detector{signs: []sign{
		{what: "a private key", pattern: regexp.MustCompile(`PRIVATE KEY-----`)},
		{what: "a user with a password", pattern: regexp.MustCompile(`[^\s:/@"'<>]+:[^\s/@]+@\S`), not: regexp.MustCompile(`^(\S*@sha(256|384|512):[0-9a-fA-F]*|mailto:\S+)$`)},
		{what: "a user in a URL", pattern: regexp.MustCompile(`://[^\s/@]+@`)},
		{what: "a Docker configuration", pattern: regexp.MustCompile(`"auths?"\s*:|eyJhdXRo|eyAiYXV0a|ewogICJhdXRo|ewogICAgImF1dGh|ewoJImF1dGh|ew0KCSJhdXRo`)},
		{what: "a bearer token", pattern: regexp.MustCompile(`(?i)\bbearer\s+[a-z0-9._~+/=-]{8,}`)},
		{what: "a token", pattern: regexp.MustCompile(`\b(gh[pousr]_[A-Za-z0-9]{8,}|github_pat_[A-Za-z0-9_]{8,}|glpat-[A-Za-z0-9_-]{8,}|dckr_(pat|oat)_[A-Za-z0-9_-]{8,}|xox[abprs]-[A-Za-z0-9-]{8,})`)},
		{what: "a cloud's access key", pattern: regexp.MustCompile(`\b((AKIA|ASIA)[0-9A-Z]{12,}|LTAI[0-9A-Za-z]{12,}|AKID[0-9A-Za-z]{12,}|AIza[0-9A-Za-z_-]{30,})`)},
		{what: "a token", pattern: regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.`)},
	}}
}

// looksLike says what credential the text looks like; "" for none.
func (d *detector) looksLike(text string) string {
	for _, s := range d.signs {
		if s.pattern.MatchString(text) && (s.not == nil || !s.not.MatchString(text)) {
			return s.what
		}
	}
	if holdsLogin(text) {
		return "a user with a password in base64"
	}
	return ""
}
