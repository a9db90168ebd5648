package spec

import (
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"mirrorgen.dev/gen/generator/image"
)

// The schema's patterns of semantics.md §2, in lower case:
//
//	address   = host [ ":" port ] *( "/" component )
//	host      = "localhost" / a name with "." / a name before a port / "[" ipv6 "]"
//	component = alnum *( ( "." / "_" / "__" / 1*"-" ) alnum )
const (
	portPattern      = `[1-9][0-9]{0,4}`
	componentPattern = `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`
	hostPattern      = `(localhost(:` + portPattern + `)?` +
		`|` + alnumPattern + `(\.` + alnumPattern + `)+(:` + portPattern + `)?` +
		`|` + alnumPattern + `:` + portPattern +
		`|` + componentPattern + `\.` + componentPattern +
		`|\[[0-9a-f:.]+\](:` + portPattern + `)?)`
)

// CheckAddress says what keeps text from being an address, host[:port][/path],
// as "value: rule; remedy"; nil where it is one.
func CheckAddress(text string) error {
	if r := checkAddress(text); r.rule != "" {
		if r.hidden {
			return errors.New(r.rule)
		}
		return errors.New(show(text) + ": " + r.rule)
	}
	return nil
}

// address accepts host[:port][/path].
func address() *grammar {
	return &grammar{pattern: "^" + hostPattern + "(/" + componentPattern + ")*$", check: checkAddress}
}

// host accepts host[:port].
func host() *grammar {
	return &grammar{pattern: "^" + hostPattern + "$", check: func(text string) refusal {
		if r := checkSpelling(text, "a host"); r.rule != "" {
			return r
		}
		if name, _, ok := strings.Cut(text, "/"); ok {
			return refuse("must be a host without a path; write " + show(name))
		}
		return checkHost(text)
	}}
}

// repository accepts one or more components.
func repository() *grammar {
	return &grammar{pattern: "^" + componentPattern + "(/" + componentPattern + ")*$", maxLength: image.MaxPathLength, check: func(text string) refusal {
		if r := checkSpelling(text, "a repository"); r.rule != "" {
			return r
		}
		if strings.IndexFunc(text, isUpper) >= 0 {
			return refuse("a repository is lower case; write " + show(lower(text)))
		}
		return checkPath(text)
	}}
}

func checkAddress(text string) refusal {
	if r := checkSpelling(text, "an address"); r.rule != "" {
		return r
	}
	name, path, hasPath := strings.Cut(text, "/")
	if r := checkHost(name); r.rule != "" {
		if hasPath && r.rule == notAHost {
			return refuse(fmt.Sprintf("%s has no . and no port, so it reads as a user on Docker Hub; begin with a host, such as %s", show(name), show("registry.example.com/"+text)))
		}
		if strings.IndexFunc(name, isUpper) >= 0 {
			return refuse("a host is lower case; write " + show(lower(name)+text[len(name):]))
		}
		return r
	}
	if !hasPath {
		return refusal{}
	}
	if strings.IndexFunc(path, isUpper) >= 0 {
		return refuse("a repository is lower case; write " + show(lower(text)))
	}
	return checkPath(path)
}

// checkSpelling refuses what no host and no path may hold.
func checkSpelling(text, what string) refusal {
	if text == "" {
		return refuse("is empty; write " + what)
	}
	if strings.Contains(text, "@") {
		return checkAt(text)
	}
	if scheme, rest, ok := strings.Cut(text, "://"); ok {
		if isName(scheme) && strings.Trim(rest, "/") != "" {
			return refuse(fmt.Sprintf("a scheme has no place here; drop %s", show(scheme+"://")))
		}
		return refuse("a scheme has no place here; drop it")
	}
	if strings.ContainsAny(text, "?#") {
		// What follows may be a token.
		return refusal{rule: "holds ? or #; a query has no place here (and is not repeated), write host[:port][/path]", hidden: true}
	}
	for i, r := range text {
		if !isNameByte(r) && !strings.ContainsRune(":/[]", r) {
			return refuse(fmt.Sprintf("holds %s; %s has lower-case letters, digits and . _ - : / here", character(text[i:]), what))
		}
	}
	return refusal{}
}

// checkAt words a refusal without the text: what stands before "@" may be a password.
func checkAt(text string) refusal {
	_, behind, _ := strings.Cut(text, "@")
	for _, algorithm := range []string{"sha256:", "sha384:", "sha512:"} {
		if strings.HasPrefix(behind, algorithm) {
			return refusal{rule: "a digest has no place here; drop it", hidden: true}
		}
	}
	return refusal{rule: "holds @; a user or a password has no place here (and is not repeated), name a Secret in pullSecret", hidden: true}
}

const notAHost = `reads as no host, since it has no . and no port and is not localhost; write it in full, such as "registry.example.com"`

// checkHost accepts host[:port] by the grammar of package image, in lower case.
func checkHost(text string) refusal {
	switch {
	case text == "":
		return refuse("begins with /; begin with a host")
	case strings.IndexFunc(text, isUpper) >= 0:
		return refuse("a host is lower case; write " + show(lower(text)))
	case text != "localhost" && !strings.ContainsAny(text, ".:"):
		return refuse(notAHost)
	}
	name, port, hasPort := text, "", false
	if strings.HasPrefix(text, "[") {
		end := strings.IndexByte(text, ']')
		if end < 0 {
			return refuse("an IPv6 address stands in brackets; add ]")
		}
		address, err := netip.ParseAddr(text[1:end])
		if err != nil || !address.Is6() {
			return refuse("holds no IPv6 address between the brackets")
		}
		name, port = text[:end+1], text[end+1:]
		if port != "" {
			if port, hasPort = strings.CutPrefix(port, ":"); !hasPort {
				return refuse("only a port may follow an IPv6 address; write [address]:port")
			}
		}
	} else if strings.Count(text, ":") > 1 {
		return refuse("holds more than one colon; put an IPv6 address in brackets, and drop a tag")
	} else {
		name, port, hasPort = strings.Cut(text, ":")
	}
	if hasPort {
		if number, err := strconv.Atoi(port); err != nil || number < 1 || number > 65535 || strconv.Itoa(number) != port {
			return refuse("what follows the colon is no port, a number from 1 to 65535; drop a tag")
		}
	}
	if len(name) > 253 {
		return refuse("a host name has at most 253 characters; shorten it")
	}
	for _, part := range strings.Split(name, ".") {
		if len(part) > 63 {
			return refuse("a part of a host name has at most 63 characters; shorten it")
		}
	}
	// The last word is the grammar by which images are read.
	ref, err := image.Parse(text + "/x")
	if err != nil || ref.Registry != text && !image.IsDockerHub(text) {
		return refuse("is no host name: its parts are lower-case letters, digits and -, with . between them and no - at an end")
	}
	return refusal{}
}

// checkPath accepts components with "/" between them.
func checkPath(text string) refusal {
	switch {
	case strings.HasPrefix(text, "/"):
		return refuse("holds an empty component; drop the doubled or leading slash")
	case strings.HasSuffix(text, "/"), text == "":
		return refuse("ends with /; drop the slash")
	case strings.Contains(text, "//"):
		return refuse("holds an empty component; drop the doubled slash")
	case strings.Contains(text, ":"):
		return refuse("carries a tag or a port behind the host; drop what follows the colon")
	case len(text) > image.MaxPathLength:
		return refuse(fmt.Sprintf("a path has at most %d characters, this has %d; shorten it", image.MaxPathLength, len(text)))
	}
	for _, component := range strings.Split(text, "/") {
		if !isComponent(component) {
			return refuse(fmt.Sprintf("%s is no component of a repository: letters and digits with ., _, __ or dashes between them, not at an end", show(component)))
		}
	}
	return refusal{}
}

// isComponent asks the grammar by which images are read. The host before it
// keeps the component from being one.
func isComponent(text string) bool {
	ref, err := image.Parse("localhost/" + text)
	return err == nil && ref.Repository == text && ref.Tag == "" && ref.Digest == ""
}
