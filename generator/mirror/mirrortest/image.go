package mirrortest

import (
	"math/rand"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/image/corpus"
	"mirrorgen.dev/gen/generator/spec"
)

// Hostile are texts that mean something to a policy engine, a template, a patch
// format, a regular expression or a shell, and that no one may act upon.
func Hostile() []string {
	return []string{
		"", " ", "\n", "nginx\n", "\nnginx", "nginx\nbusybox", " nginx", "nginx ", "nginx\t", "nginx\r\n", "a b", "x  docker.io/a  :1",
		"   :1 ", "nginx :1", "nginx:1 @sha256:" + repeat("a", 64), "docker.io/a :1 ",
		`nginx"`, `nginx'`, "nginx`", `nginx\`, `\n`, `\\"`, `"`, `\"`, "`[]`", `x","y`, `x"]}`, `{"a":1}`, `[]`, `null`, `true`, `0`,
		"{{ request.object }}", "{{request.object.metadata.name}}", "\\{{ x }}", "{{- x }}", "{{ random('[a-z]') }}", "{{", "}}", "{{ element }}",
		"nginx:{{ x }}", "$(x)", "nginx$(./../name)", "\\$(x)", "${1}", "$1", "${IMAGE}", "%s%d%%", "%!s", "nginx%0a", "<script>", "a&b", "é", "nginx:ü",
		"x\n- op: add\n  path: /metadata/labels\n  value: {a: b}", "x\"\n- op: remove", "---", "*", "?", "!*", "nginx|busybox", ">1", "<0",
		"a//b", "/a", "a/", "nginx:", "nginx@", "nginx:@", "nginx@sha256:", "nginx@sha256:abc", "https://x/y", "http://docker.io/nginx", "user:pw@docker.io/x",
		"NGINX", "docker.io/NGINX", "Docker.io/nginx", "DOCKER.IO/nginx", "Library/nginx", "UPPER/a", "lower/A", ".a/b", "a./b", "-a/b", "a-/b", "a.-b/c",
		"my_registry.local/x", "my_registry.local:5000/x", "a_b.c/d:1", "a__b.c/d", "a___b.c/d", "A_b.c/d", "my_user/x",
		"[::1]/x", "[ab]/x", "[AB]/x", "[ab]:1/x", "[]/x", "[::1]:443/x", "[::443]:443/x", "[::1/x", "::1/x", "[::1]:/x", "localhost", "localhost/x", "Localhost/x", "localhost:5000",
		"docker.io", "docker.io/", "docker.io:443/nginx", "docker.io:443/a/b:1", "registry-1.docker.io:443/nginx", "DOCKER.IO:443/x", "docker.io:0443/x", "docker.io:1443/x",
		"a:443/b:443", "a:443/443", "docker.io.evil.com/x", "quay.io.evil.com/acme/x", "quay.io:443/acme/x", "QUAY.io:443/acme/base@sha256:" + repeat("0", 64),
		repeat("a", 64), repeat("a", 63), repeat("a", 65), repeat("a", 63) + "g", repeat("a", 64) + ":1",
		"quay.io:0443/a/b", "registry-1.docker.io:00443/nginx", "docker.io:443/a/b", "gcr.io:000/a", "[::1]:0443/x", "[::0443]/x",
		"ſ.io/x", "K/x", "docker.io/K", // characters that lower-case to ASCII letters
		"nginx\u2028", "nginx\x00", "nginx\v", "nginx\f", "\ufeffnginx", "nginx\u00a0",
	}
}

// Seeds are the images of the shared corpus and the hostile ones.
func Seeds(t testing.TB) []string {
	t.Helper()
	var seeds []string
	for _, row := range corpus.Images(t) {
		seeds = append(seeds, row.Image)
	}
	for _, real := range corpus.RealImages(t) {
		seeds = append(seeds, real.Image)
	}
	return append(seeds, Hostile()...)
}

// RandomImage makes an image that the set may have something to say about: in
// most cases a valid one near a source or a mirror, else a near miss, one at a
// limit of the grammar, or a hostile one.
func RandomImage(r *rand.Rand, set *spec.MirrorSet) string {
	switch r.Intn(12) {
	case 0:
		return pick(r, Hostile())
	case 1:
		return mangle(r, randomReference(r, set))
	case 2:
		return randomLong(r, set)
	}
	return randomReference(r, set)
}

func randomReference(r *rand.Rand, set *spec.MirrorSet) string {
	return randomName(r, set) + randomSuffix(r)
}

func randomName(r *rand.Rand, set *spec.MirrorSet) string {
	m := pick(r, set.Spec.Mirrors)
	var base string
	switch r.Intn(8) {
	case 0:
		base = m.Mirror
	case 1:
		base = pick(r, sourceHosts)
	case 2:
		base = ""
	case 3:
		base = pick(r, mirrorHosts)
	case 4:
		if len(set.Spec.Constraint.AllowRegistries) > 0 {
			base = pick(r, set.Spec.Constraint.AllowRegistries)
			break
		}
		base = m.Source
	default:
		base = m.Source
		if len(m.Aliases) > 0 && r.Intn(2) == 0 {
			_, rest, _ := strings.Cut(m.Source, "/")
			base = below(pick(r, m.Aliases), rest)
		}
	}
	rest := randomPath(r, 0, 3)
	if entries := append(append([]string(nil), m.Only...), m.Except...); len(entries) > 0 && r.Intn(2) == 0 {
		rest = below(pick(r, entries), randomPath(r, 0, 1))
	}
	if r.Intn(5) == 0 {
		rest = below(rest, pick(r, nearWords))
	}
	name := below(base, rest)
	if name == "" {
		name = pick(r, pathWords)
	}
	return respell(r, name)
}

// respell writes the same host, or a look-alike, another way.
func respell(r *rand.Rand, name string) string {
	host, rest, ok := strings.Cut(name, "/")
	if !ok {
		return name
	}
	if host == "docker.io" && r.Intn(2) == 0 {
		return below(pick(r, []string{"", "index.docker.io", "registry-1.docker.io", "Docker.IO", "INDEX.docker.io", "docker.io"}), rest)
	}
	switch r.Intn(12) {
	case 0:
		host = strings.ToUpper(host)
	case 1:
		host += ":443"
	case 2:
		host += "2"
	case 3:
		host = "x" + host
	case 4:
		host += ".evil.com"
	case 5:
		host = strings.TrimSuffix(host, ":5000")
	}
	return below(host, rest)
}

func randomSuffix(r *rand.Rand) string {
	suffix := ""
	if r.Intn(2) == 0 {
		suffix = ":" + pick(r, []string{"1", "latest", "v1.2.3-rc.1", "_x", "A", "443", repeat("t", 127), repeat("t", 128), repeat("t", 129)})
	}
	switch r.Intn(6) {
	case 0:
		algorithm := pick(r, []struct {
			name   string
			length int
		}{{"sha256", 64}, {"sha384", 96}, {"sha512", 128}, {"sha1", 40}, {"sha256", 63}, {"sha256", 96}, {"sha512", 127}})
		suffix += "@" + algorithm.name + ":" + repeat(pick(r, []string{"0", "a", "f"}), algorithm.length)
	}
	return suffix
}

// randomLong has a path about as long as a path may be.
func randomLong(r *rand.Rand, set *spec.MirrorSet) string {
	host, path, ok := strings.Cut(randomName(r, set), "/")
	if !ok {
		host, path = "", host
	}
	if missing := 253 - len(path) - 1 + r.Intn(5); missing > 0 {
		path = below(path, repeat("l", missing))
	}
	return below(host, path) + randomSuffix(r)
}

// mangle changes one place of an image.
func mangle(r *rand.Rand, image string) string {
	at := r.Intn(len(image) + 1)
	return image[:at] + pick(r, []string{
		"", " ", "\n", `"`, `'`, "`", "{{", "}}", "$(", "\\", "/", "//", ":", "@", ".", "..", "_", "__", "___", "-", "--", "A", "é", "[", "]", ",", "*",
	}) + image[min(len(image), at+r.Intn(2)):]
}

func repeat(text string, n int) string { return strings.Repeat(text, n) }
