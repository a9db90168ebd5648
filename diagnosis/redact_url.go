package diagnosis

import "strings"

// userinfo finds what stands between "://" and the "@" of an authority. A user
// without a password is taken for a token with HTTP only.
func (r *redactor) userinfo() {
	for _, slashes := range []string{"://", `:\/\/`} {
		for from := 0; ; {
			at := strings.Index(r.low[from:], slashes)
			if at < 0 {
				break
			}
			web := strings.HasSuffix(r.low[:from+at], "http") || strings.HasSuffix(r.low[:from+at], "https")
			from += at + len(slashes)
			user, word := userEnd(r.text[from:min(len(r.text), from+longestWord)])
			if user > 0 && (web || strings.Contains(r.text[from:from+user], ":")) {
				r.add(from, from+user)
			}
			from += max(user, word)
		}
	}
}

// userEnd is how long user and password are at the beginning of a URL's
// authority; 0: there are none. A password may hold a "/", although it should
// not: then what looks like a port is no number. word is how far it is sure that
// there is no other.
func userEnd(text string) (user, word int) {
	if strings.IndexByte(text, '@') < 0 {
		return 0, 0
	}
	authority := text[:indexFunc(text, func(c byte) bool { return endsURL(c) || c == '/' || c == '?' || c == '#' })]
	if user := lastAt(authority); user >= 0 {
		return user, 0
	}
	if _, port, ok := strings.Cut(authority, ":"); !ok || strings.Trim(port, "0123456789") == "" {
		return 0, 0
	}
	run := text[:indexFunc(text, endsURL)]
	if user := lastAt(run); user >= 0 {
		return user, 0
	}
	if len(run) < len(text) {
		return 0, len(run)
	}
	return 0, 0
}

// lastAt is the last "@" that begins no digest; -1: there is none.
func lastAt(text string) int {
	for at := len(text) - 1; at >= 0; at-- {
		if text[at] == '@' && !strings.HasPrefix(text[at:], "@sha256") && !strings.HasPrefix(text[at:], "@sha512") {
			return at
		}
	}
	return -1
}

// pairs finds key=value where the key says that the value is a secret. In a
// query all of it goes, since its other parts belong to the signature.
func (r *redactor) pairs() {
	for at := 0; ; at++ {
		next := strings.IndexByte(r.low[at:], '=')
		if next < 0 {
			return
		}
		at += next
		start := at
		for start > 0 && (isWord(r.low[start-1]) || r.low[start-1] == '-' || r.low[start-1] == '_') {
			start--
		}
		key, inQuery := strings.TrimLeft(r.low[start:at], "-"), false
		if start > 0 {
			switch before := r.low[start-1]; {
			case before == '?', before == '&', before == ';' && strings.HasSuffix(r.low[:start], "&amp;"):
				inQuery = true
			case before == '\\' && strings.HasPrefix(key, "u0026"):
				key, inQuery = key[len("u0026"):], true
			}
		}
		if !secretKey(key) && !(inQuery && signingKey(key)) {
			continue
		}
		from := at + 1
		if question := r.queryStart(start); question > 0 {
			from = question
			at = r.runEnd(from)
		} else {
			at = r.valueEnd(from)
		}
		at = r.wrapped(at)
		r.add(from, at)
		at--
	}
}

// secretKey reports the name of a value that is a secret wherever it stands.
func secretKey(key string) bool {
	switch key {
	case "password", "passwd", "docker-password", "creds", "access_token", "refresh_token", "id_token", "identity_token", "identitytoken", "registrytoken", "registry-token", "client_secret", "secret_key", "secretkey",
		"x-amz-signature", "x-amz-credential", "x-amz-security-token", "x-goog-signature", "x-goog-credential", "x-oss-signature", "x-oss-credential", "x-oss-security-token", "x-tos-signature", "x-tos-credential", "x-tos-security-token", "x-cos-security-token", "x-obs-security-token", "q-signature", "ossaccesskeyid", "awsaccesskeyid", "accesskeyid":
		return true
	}
	return false
}

// signingKey reports the name of what makes a URL a signed one.
func signingKey(key string) bool {
	switch key {
	case "signature", "sig", "sign", "verify", "token", "jwt", "hmac", "auth", "auth_key", "key-pair-id", "googleaccessid", "security-token", "q-ak", "secret", "pwd":
		return true
	}
	return false
}

// queryStart is the place behind the "?" of the query that a place is in, which
// stays within one word; 0: it is in none.
func (r *redactor) queryStart(from int) int {
	at := from
	for at > r.barren && (!endsURL(r.text[at-1]) || r.text[at-1] == '\\' && strings.HasPrefix(r.low[at:], "u0026")) {
		if r.text[at-1] == '?' {
			return at
		}
		at--
	}
	r.barren = from
	return 0
}

// wrapped moves the end of a secret over a line break that a terminal put into
// it: the next line goes on with what only a query or a token has.
func (r *redactor) wrapped(end int) int {
	for {
		rest := strings.TrimLeft(r.text[end:], "\r")
		if !strings.HasPrefix(rest, "\n") {
			return end
		}
		from := len(r.text) - len(strings.TrimLeft(rest[1:], " \t"))
		to := r.runEnd(from)
		word := r.text[from:to]
		const longest = 24 // more than a word of prose
		if word == "" || !strings.ContainsAny(word, "%&=") && (len(word) < longest || strings.ContainsAny(word, "/.")) {
			return end
		}
		end = to
	}
}

// runEnd is where the word that begins at a place ends, and with it a URL.
func (r *redactor) runEnd(from int) int { return r.end(from, "") }

// valueEnd is where a value ends that stands outside of a query.
func (r *redactor) valueEnd(from int) int { return r.end(from, "&;,") }

// end is the first place from one on where no URL can go on, punctuation of the
// sentence aside, or one of some characters stands.
func (r *redactor) end(from int, chars string) int {
	at := from
	for at < len(r.text) {
		if chars == "" && strings.HasPrefix(r.low[at:], `\u0026`) {
			at += len(`\u0026`)
			continue
		}
		c := r.text[at]
		if endsURL(c) || strings.IndexByte(chars, c) >= 0 || strings.IndexByte(":;,.", c) >= 0 && (at+1 == len(r.text) || endsURL(r.text[at+1])) {
			break
		}
		at++
	}
	return at
}
