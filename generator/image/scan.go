package image

import "strings"

// MaxReferenceLength is the length in bytes that a reference may have; it bounds
// the work on hostile input. A host has no limit in
// the grammar, but no resolvable one exceeds 253 characters and a port; the
// bound is generous beyond that: 4,096 for the host, then "/" and the rest.
const MaxReferenceLength = 4096 + 1 + MaxPathLength + 1 + MaxTagLength + 1 + len("sha512:") + 128

// scan takes a reference apart; ok is false where the grammar refuses it.
func scan(text string) (ref Reference, ok bool) {
	if text == "" || len(text) > MaxReferenceLength || isIdentifier(text) {
		return ref, false
	}
	rest := text

	// The digest: everything behind the first "@". Neither a host, a
	// component nor a tag can hold one.
	if at := strings.IndexByte(rest, '@'); at >= 0 {
		ref.Digest = rest[at+1:]
		if !isDigest(ref.Digest) {
			return ref, false
		}
		rest = rest[:at]
	}

	host, path, hasHost := splitHost(rest)
	if hasHost {
		rest = path
	}
	if colon := strings.IndexByte(rest, ':'); colon >= 0 {
		ref.Tag = rest[colon+1:]
		if !isTag(ref.Tag) {
			return ref, false
		}
		rest = rest[:colon]
	}
	if !isPath(rest) {
		return ref, false
	}

	length := len(rest)
	switch {
	case !hasHost || IsDockerHub(host):
		ref.Registry = DockerHub
		if strings.IndexByte(rest, '/') < 0 {
			rest = library + rest
			length = len(rest)
		}
	case isHost(host):
		ref.Registry = host
	case isUnderscoreHost(host):
		// The library reads such a host as a part of the path.
		ref.Registry = host
		length += len(host) + 1
	default:
		return ref, false
	}
	if length > MaxPathLength {
		return ref, false
	}
	ref.Repository = rest
	return ref, true
}

// splitHost cuts a host off, where the first component is one.
func splitHost(name string) (host, rest string, ok bool) {
	host, rest, ok = strings.Cut(name, "/")
	if !ok || !looksLikeHost(host) {
		return "", name, false
	}
	return host, rest, true
}

// looksLikeHost is the rule by which a first component is a host rather than a
// Docker Hub user.
func looksLikeHost(component string) bool {
	if component == "localhost" {
		return true
	}
	for i := 0; i < len(component); i++ {
		if c := component[i]; c == '.' || c == ':' || 'A' <= c && c <= 'Z' {
			return true
		}
	}
	return false
}

// isIdentifier reports 64 hexadecimal digits alone, which name an image by its
// id and no repository.
func isIdentifier(text string) bool {
	return len(text) == 64 && isLowerHex(text)
}

func isLowerHex(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; !isDigit(c) && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

// isDigest accepts the algorithms that a kubelet registers, at their lengths.
func isDigest(text string) bool {
	algorithm, hex, _ := strings.Cut(text, ":")
	switch algorithm {
	case "sha256":
		return len(hex) == 64 && isLowerHex(hex)
	case "sha384":
		return len(hex) == 96 && isLowerHex(hex)
	case "sha512":
		return len(hex) == 128 && isLowerHex(hex)
	}
	return false
}

func isTag(text string) bool {
	if text == "" || len(text) > MaxTagLength || text[0] == '.' || text[0] == '-' {
		return false
	}
	for i := 0; i < len(text); i++ {
		if c := text[i]; !isAlphanumeric(c) && c != '_' && c != '.' && c != '-' {
			return false
		}
	}
	return true
}

// isPath accepts one or more components with "/" between them.
func isPath(path string) bool {
	for {
		component, rest, more := strings.Cut(path, "/")
		if !isComponent(component) {
			return false
		}
		if !more {
			return true
		}
		path = rest
	}
}

// isComponent accepts lower-case letters and digits in groups, with one
// separator between two groups: ".", "_", "__" or any number of "-".
func isComponent(text string) bool {
	for i := 0; ; {
		start := i
		for i < len(text) && isLowerAlphanumeric(text[i]) {
			i++
		}
		if i == start {
			return false
		}
		if i == len(text) {
			return true
		}
		switch text[i] {
		case '.':
			i++
		case '_':
			i++
			if i < len(text) && text[i] == '_' {
				i++
			}
		case '-':
			for i < len(text) && text[i] == '-' {
				i++
			}
		default:
			return false
		}
	}
}

// isHost accepts a domain name, an IPv4 address or a bracketed IPv6 address,
// with or without a port. Labels take either case; the library checks no more.
func isHost(text string) bool {
	name := text
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 2 {
			return false
		}
		for i := 1; i < end; i++ {
			if c := text[i]; !isDigit(c) && c != ':' && (c|0x20 < 'a' || c|0x20 > 'f') {
				return false
			}
		}
		return end+1 == len(text) || text[end+1] == ':' && isPort(text[end+2:])
	}
	if colon := strings.IndexByte(text, ':'); colon >= 0 {
		if !isPort(text[colon+1:]) {
			return false
		}
		name = text[:colon]
	}
	for {
		label, rest, more := strings.Cut(name, ".")
		if !isLabel(label) {
			return false
		}
		if !more {
			return true
		}
		name = rest
	}
}

func isLabel(text string) bool {
	if text == "" || text[0] == '-' || text[len(text)-1] == '-' {
		return false
	}
	for i := 0; i < len(text); i++ {
		if c := text[i]; !isAlphanumeric(c) && c != '-' {
			return false
		}
	}
	return true
}

// isUnderscoreHost accepts a dotted name that is a component of a path but no
// host by the grammar, such as "my_registry.local": a kubelet accepts it and
// the runtime connects to it.
func isUnderscoreHost(text string) bool {
	return strings.IndexByte(text, '.') >= 0 && isComponent(text)
}

func isPort(text string) bool {
	if text == "" {
		return false
	}
	for i := 0; i < len(text); i++ {
		if !isDigit(text[i]) {
			return false
		}
	}
	return true
}

func isDigit(c byte) bool             { return '0' <= c && c <= '9' }
func isLowerAlphanumeric(c byte) bool { return isDigit(c) || 'a' <= c && c <= 'z' }
func isAlphanumeric(c byte) bool      { return isLowerAlphanumeric(c) || 'A' <= c && c <= 'Z' }
