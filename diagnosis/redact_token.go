package diagnosis

import "strings"

// shortestToken tells a token from a word: "authentication" has 14 letters.
const shortestToken = 20

// schemes finds credentials by the scheme before them: Authorization headers of
// any kind, and what follows "Bearer" if it is long enough to be a token.
func (r *redactor) schemes() {
	r.each("authorization", func(from int) {
		const reach = 64
		rest := r.low[from:min(len(r.low), from+reach)]
		trimmed := strings.TrimLeft(rest, " \"':=[\\")
		scheme, credentials, ok := strings.Cut(trimmed, " ")
		if !ok || len(trimmed) == len(rest) {
			return
		}
		from += len(rest) - len(trimmed) + len(scheme) + 1
		end := r.runEnd(from)
		switch {
		case scheme == "basic" && !strings.HasPrefix(credentials, "auth"),
			(scheme == "bearer" || scheme == "negotiate") && !strings.HasPrefix(credentials, "realm") && !strings.HasPrefix(credentials, "token"),
			scheme == "token" && end-from >= shortestToken:
			r.add(from, end)
		case strings.HasPrefix(scheme, "aws4-"), scheme == "digest":
			line := r.text[from:min(len(r.text), from+longestWord)]
			r.add(from, from+indexAnyOr(line, "\"'\n\\]"))
		}
	})
	r.each("bearer ", func(from int) {
		if end := r.runEnd(from); end-from >= shortestToken && !strings.Contains(r.low[from:end], "realm=") {
			r.add(from, end)
		}
	})
	for _, option := range []string{"--password ", "--docker-password ", "--creds ", "--src-creds ", "x-registry-auth: "} {
		r.each(option, func(from int) {
			for from < len(r.text) && strings.IndexByte(" \"'", r.text[from]) >= 0 {
				from++
			}
			r.add(from, r.runEnd(from))
		})
	}
}

// tokens finds JSON Web Tokens: three parts with dots between, of which the
// first is an object in base64, and so begins with eyJ.
func (r *redactor) tokens() {
	for from := 0; ; {
		at := strings.Index(r.text[from:], "eyJ")
		if at < 0 {
			return
		}
		at += from
		end := at
		for end < len(r.text) && (isWord(r.text[end]) || strings.IndexByte("-_.=", r.text[end]) >= 0) {
			end++
		}
		from = end
		if strings.Count(r.text[at:end], ".") >= 2 && (at == 0 || !isWord(r.text[at-1])) {
			r.add(at, end)
		}
	}
}

// fields finds secrets in JSON, with or without backslashes before the quotes.
func (r *redactor) fields() {
	for _, name := range []string{"auth", "password", "token", "access_token", "refresh_token", "identitytoken", "registrytoken"} {
		r.each(`"`+name, func(from int) {
			rest := strings.TrimLeft(r.text[from:], `\`)
			if !strings.HasPrefix(rest, `"`) {
				return
			}
			rest = strings.TrimLeft(rest[1:], " ")
			if !strings.HasPrefix(rest, ":") {
				return
			}
			rest = strings.TrimLeft(rest[1:], ` \`)
			if !strings.HasPrefix(rest, `"`) {
				return
			}
			from = len(r.text) - len(rest) + 1
			r.add(from, from+indexAnyOr(r.text[from:], "\"\\\n"))
		})
	}
}
