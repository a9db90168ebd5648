package spec

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of what is read, far beyond any honest spec.
const (
	maxFile   = 4 << 20
	maxString = 1024
)

// Generated objects are called "<set>-<suffix>" and "mirrorgen-<set>-<mirror>",
// and must stay within what a DNS label may have.
const (
	maxObjectName = 63
	maxSetName    = 40
	maxMirrorName = 40
)

const (
	alnumPattern = `[a-z0-9]([a-z0-9-]*[a-z0-9])?`
	namePattern  = `[A-Za-z0-9]([A-Za-z0-9_.-]*[A-Za-z0-9])?`
	dnsPattern   = alnumPattern + `(\.` + alnumPattern + `)*`
)

// oneOf accepts some words.
func oneOf(words ...string) *grammar {
	return &grammar{enum: words, check: func(text string) refusal {
		for _, word := range words {
			if text == word {
				return refusal{}
			}
		}
		rule := "must be one of " + strings.Join(words, ", ")
		if len(words) == 1 {
			return refuse("must be " + show(words[0]))
		}
		return refuse(rule + didYouMean(text, words))
	}}
}

// anyText accepts whatever is no credential.
func anyText() *grammar {
	return &grammar{check: func(string) refusal { return refusal{} }}
}

// label accepts a DNS-1123 label, "[a-z0-9]([a-z0-9-]*[a-z0-9])?".
func label(longest int) *grammar {
	return &grammar{pattern: "^" + alnumPattern + "$", maxLength: longest, check: func(text string) refusal {
		if len(text) > longest {
			return refuse(fmt.Sprintf("a name here has at most %d characters, this has %d; shorten it", longest, len(text)))
		}
		if !isLabel(text) {
			return refuse("must be lower-case letters, digits and -, and begin and end with a letter or digit")
		}
		return refusal{}
	}}
}

// namespace accepts a plain name: the engines disagree on what a wildcard means.
func namespace() *grammar {
	plain := label(maxObjectName)
	return &grammar{pattern: plain.pattern, maxLength: plain.maxLength, check: func(text string) refusal {
		if strings.ContainsAny(text, "*?") {
			return refuse("takes no wildcards, which engines read differently; list the namespaces, or use namespaceSelector")
		}
		return plain.check(text)
	}}
}

// subdomain accepts a DNS-1123 subdomain: labels with dots between them.
func subdomain() *grammar {
	return &grammar{pattern: "^" + dnsPattern + "$", maxLength: 253, check: func(text string) refusal {
		if len(text) > 253 {
			return refuse(fmt.Sprintf("a name here has at most 253 characters, this has %d; shorten it", len(text)))
		}
		if !isSubdomain(text) {
			return refuse("must be lower-case letters, digits, - and ., and begin and end with a letter or digit")
		}
		return refusal{}
	}}
}

// qualifiedName accepts the key of a label or an annotation: [subdomain "/"] name.
func qualifiedName() *grammar {
	return &grammar{pattern: "^(" + dnsPattern + "/)?" + namePattern + "$", maxLength: 253 + 1 + 63, check: func(text string) refusal {
		if strings.ContainsAny(text, "*?") {
			return refuse("takes no wildcards; write one label's name")
		}
		name := text
		if prefix, rest, ok := strings.Cut(text, "/"); ok {
			if len(prefix) > 253 || !isSubdomain(prefix) {
				return refuse("the part before / must be a DNS name in lower case")
			}
			name = rest
		}
		if len(name) > 63 || !isName(name) {
			return refuse("must be [DNS name/]name, the name of at most 63 letters, digits, -, _ and ., with a letter or digit at both ends")
		}
		return refusal{}
	}}
}

// labelValue accepts the value of a label; it may be empty.
func labelValue() *grammar {
	return &grammar{pattern: "^(" + namePattern + ")?$", maxLength: 63, check: func(text string) refusal {
		if strings.ContainsAny(text, "*?") {
			return refuse("takes no wildcards; list the values with operator In")
		}
		if text != "" && (len(text) > 63 || !isName(text)) {
			return refuse("must be at most 63 letters, digits, -, _ and ., with a letter or digit at both ends")
		}
		return refusal{}
	}}
}

// relativeFile accepts the path of a file that cannot leave the spec's folder
// by its spelling; symbolic links are ParseFile's to follow. Upper case is
// allowed, since file systems tell it apart.
func relativeFile() *grammar {
	return &grammar{pattern: `^[A-Za-z0-9_][A-Za-z0-9._-]*(/[A-Za-z0-9_][A-Za-z0-9._-]*)*$`, check: func(text string) refusal {
		if at := strings.IndexFunc(text, func(r rune) bool {
			return !isNameByte(r) && r != '/'
		}); at >= 0 {
			return refuse(fmt.Sprintf("holds %s; a file's path has letters, digits and . _ - / here", character(text[at:])))
		}
		if strings.HasPrefix(text, "/") {
			return refuse("must be relative to the spec's folder; copy the file there")
		}
		for _, part := range strings.Split(text, "/") {
			switch {
			case part == "..":
				return refuse(`must stay below the spec's folder; drop ".."`)
			case part == "" || part == ".":
				return refuse(`must be a plain path; drop "./" and doubled or trailing slashes`)
			case part[0] == '.':
				return refuse("names a hidden file or folder; rename it")
			case part[0] == '-':
				return refuse("holds a name that begins with -, which commands take for an option; rename it")
			}
		}
		return refusal{}
	}}
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' }
func isNameByte(r rune) bool {
	return r < utf8.RuneSelf && (isAlnum(byte(r)) || r == '-' || r == '_' || r == '.')
}
func isAlnum(c byte) bool      { return isLower(c) || 'A' <= c && c <= 'Z' }
func isUpper(r rune) bool      { return 'A' <= r && r <= 'Z' }
func lower(text string) string { return strings.ToLower(text) }

// isLabel reports one or more of [a-z0-9-] with no dash at either end.
func isLabel(text string) bool {
	if text == "" || text[0] == '-' || text[len(text)-1] == '-' {
		return false
	}
	for i := 0; i < len(text); i++ {
		if !isLower(text[i]) && text[i] != '-' {
			return false
		}
	}
	return true
}

func isSubdomain(text string) bool {
	for _, part := range strings.Split(text, ".") {
		if !isLabel(part) {
			return false
		}
	}
	return true
}

// isName reports [A-Za-z0-9_.-] with a letter or digit at both ends.
func isName(text string) bool {
	if text == "" || !isAlnum(text[0]) || !isAlnum(text[len(text)-1]) {
		return false
	}
	for _, r := range text {
		if !isNameByte(r) {
			return false
		}
	}
	return true
}

// character names the first character of text for a message.
func character(text string) string {
	r, _ := utf8.DecodeRuneInString(text)
	switch {
	case r == ' ':
		return "a space"
	case r == '\n':
		return "a line break"
	case r == '\t':
		return "a tab"
	case r > unicode.MaxASCII, unicode.IsControl(r):
		return fmt.Sprintf("U+%04X", r)
	}
	return string(r)
}
