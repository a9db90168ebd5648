package diagnosis

import (
	"strings"

	"mirrorgen.dev/gen/generator/image"
)

// longestImage bounds the text that is shown as an image: beyond that it is none.
const longestImage = 512

// quotedImage and plainImage are the words behind which a message names an
// image, in quotes or up to the next blank.
func quotedImage() []string {
	return []string{"pull image", "pulling image", "pullimage", "pull and unpack image", "sandbox image", "inspect image", "get image", "container image", "image tag", "parse image reference", "parse image name", "image reference", "image name", "resolve reference", "image", "image:", "short-name", "with image", "imagename", "imagestatus", "pull"}
}

func plainImage() []string {
	return []string{"pull access denied for ", "manifest for ", "failed to pull image ", "image pull failed for ", "pulling image ", "pulling repository ", "✘ image ", "docker://", "unable to pull ", "trying to pull ", "image name ", "failed to resolve ref ", "source metadata for ", "failed to pull ", "no such image: ", "reading image ", "suggest the author of ", "failed to solve: ", "crictl pull ", "image=", "pull image error ", "pull "}
}

// imageOf finds the image that a message names first, which is the one that was
// asked for: what stands behind it is the same image as the runtime writes it.
// strict refuses what is no reference.
func imageOf(n normal, strict bool) string {
	best, at := "", len(n.low)
	take := func(text string, from int) {
		text = strings.TrimRight(text, ".,;:")
		if from >= at || text == "" || len(text) > longestImage || strings.ContainsAny(text, " {}$") {
			return
		}
		if !image.Valid(text) && (strict || !strings.ContainsAny(text, "/:.<") && strings.IndexFunc(text, isUpper) < 0) {
			return
		}
		best, at = text, from
	}
	for _, words := range quotedImage() {
		eachAfter(n, words, func(from int) bool {
			rest := strings.TrimLeft(n.text[from:], " :=(")
			if isOutput(n.low[:from-len(words)]) {
				return true
			}
			if rest == "" || rest[0] != '"' && rest[0] != '\'' {
				return true
			}
			if end := strings.IndexByte(rest[1:], rest[0]); end > 0 {
				take(rest[1:end+1], from)
				return best == ""
			}
			return true
		})
	}
	for _, words := range plainImage() {
		eachAfter(n, words, func(from int) bool {
			word, _, _ := strings.Cut(n.text[from:], " ")
			word = strings.TrimRight(word, "\"'),:;.")
			if !image.Valid(word) || isPlatform(word) || !strings.ContainsAny(word, "/:") && !strings.HasSuffix(words, "denied for ") {
				return true
			}
			take(word, from)
			return best == ""
		})
	}
	eachAfter(n, "pulling image (", func(from int) bool {
		// Docker before 1.6: "Error pulling image (TAG) from REPOSITORY, why".
		if _, rest, ok := strings.Cut(n.text[from:], ") from "); ok {
			word, _, _ := strings.Cut(rest, " ")
			take(word, from)
		}
		return false
	})
	if best == "" {
		best = requestedImage(n)
	}
	if best == "" {
		best = loneImage(n)
	}
	return best
}

// isPlatform reports a text such as linux/arm64/v8, which reads as an image.
func isPlatform(text string) bool {
	os, rest, _ := strings.Cut(text, "/")
	architecture, _, _ := strings.Cut(rest, "/")
	switch os {
	case "linux", "windows", "darwin", "freebsd":
	default:
		return false
	}
	switch architecture {
	case "amd64", "arm64", "arm", "386", "ppc64le", "s390x", "riscv64", "loong64", "mips64le":
		return true
	}
	return false
}

// isOutput reports that what is named next is written rather than pulled.
func isOutput(before string) bool {
	for _, verb := range []string{"writing ", "saving ", "exporting ", "pushing "} {
		if strings.HasSuffix(before, verb) {
			return true
		}
	}
	return false
}

// eachAfter calls do with the places behind words until do returns false or
// enough were seen.
func eachAfter(n normal, words string, do func(int) bool) {
	const enough = 8
	for from, seen := 0, 0; seen < enough; seen++ {
		at := strings.Index(n.low[from:], words)
		if at < 0 {
			return
		}
		at += from
		from = at + len(words)
		if at > 0 && isWord(n.low[at-1]) && isWord(words[0]) {
			continue
		}
		if !do(from) {
			return
		}
	}
}

// requestedImage puts an image together from the URL of its manifest.
func requestedImage(n normal) string {
	for i := len(n.requests) - 1; i >= 0; i-- {
		r := n.requests[i]
		path, ok := strings.CutPrefix(r.path, "/v2/")
		if !ok {
			continue
		}
		repository, reference, ok := strings.Cut(path, "/manifests/")
		if !ok {
			continue
		}
		host := r.host
		if r.ns != "" {
			host = r.ns
		}
		separator := ":"
		if strings.Contains(reference, ":") {
			separator = "@"
		}
		if image.IsDockerHub(host) {
			host = image.DockerHub
		}
		if ref := host + "/" + repository + separator + reference; image.Valid(ref) {
			return ref
		}
	}
	return ""
}

// loneImage is the first word that can be nothing but an image: a host with a
// dot or a port, a path, and a tag or a digest.
func loneImage(n normal) string {
	const enough = 400
	for i, word := range strings.SplitN(n.text, " ", enough) {
		word = strings.Trim(word, "\"'(),;:.[]")
		host, path, ok := strings.Cut(word, "/")
		if i == enough-1 || !ok || !strings.ContainsAny(host, ".:") || !strings.ContainsAny(path, ":@") || strings.Contains(path, ".go:") || len(word) > longestImage {
			continue
		}
		if image.Valid(word) {
			return word
		}
	}
	return ""
}

// normalName is an image in its canonical form, so that spellings of one image
// compare equal; text that is no reference is left as it is.
func normalName(ref string) string {
	parsed, err := image.Parse(ref)
	if err != nil {
		return ref
	}
	return parsed.Name() + parsed.Suffix()
}

func isUpper(r rune) bool { return 'A' <= r && r <= 'Z' }
