package image_test

import (
	"testing"

	"github.com/distribution/reference"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/image/corpus"
)

// FuzzParseAgreesWithTheLibrary states that Parse accepts what the library
// accepts and takes it apart in the same places, Docker Hub's spellings aside.
func FuzzParseAgreesWithTheLibrary(f *testing.F) {
	for _, row := range corpus.Images(f) {
		f.Add(row.Image)
	}
	for _, seed := range []string{
		"my_registry.local/x", "a__b.c/d/e:1", "foo_bar.com:8080", "[::1]:5000/x", "[::1]/x", "[]/x",
		"registry-1.docker.io/nginx", "DOCKER.IO/nginx", "localhost/a", "Localhost/a", "x:1/y:2@sha256:z",
		"a.-b/c", "a-.b/c", "-a.b/c", "a.b./c", ".a/b", "a:/b", "a@b.c/d", "nginx:1.25@sha256:", "a/:b",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := image.Parse(text)
		named, libraryErr := reference.ParseNormalizedNamed(text)
		if libraryErr != nil {
			if err == nil {
				t.Fatalf("%q: read as %+v, the library says %v", text, got, libraryErr)
			}
			return
		}
		host, path := reference.Domain(named), reference.Path(named)
		if host == "" {
			// A host with "_" is a part of the path to the library.
			host, path, _ = cut(path)
		}
		if image.IsDockerHub(host) {
			host = image.DockerHub
			if !containsSlash(path) {
				path = "library/" + path
			}
			if len(path) > image.MaxPathLength {
				if err == nil {
					t.Fatalf("%q: accepted a path of %d bytes", text, len(path))
				}
				return
			}
		}
		if err != nil {
			if len(text) > 4096 {
				return
			}
			t.Fatalf("%q: %v, the library reads %s %s", text, err, host, path)
		}
		want := image.Reference{Registry: host, Repository: path}
		if tagged, ok := named.(reference.Tagged); ok {
			want.Tag = tagged.Tag()
		}
		if digested, ok := named.(reference.Digested); ok {
			want.Digest = digested.Digest().String()
		}
		if got != want {
			t.Fatalf("%q: got %+v, want %+v", text, got, want)
		}
	})
}

// FuzzCanonicalFormIsAFixedPoint states that the canonical form parses to the
// same parts, the implicit tag now written, and is its own canonical form.
func FuzzCanonicalFormIsAFixedPoint(f *testing.F) {
	for _, row := range corpus.Images(f) {
		f.Add(row.Image)
	}
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := image.Parse(text)
		if err != nil {
			return
		}
		again, err := image.Parse(ref.String())
		if err != nil {
			t.Fatalf("%q: canonical form %q: %v", text, ref, err)
		}
		ref.Tag = ref.EffectiveTag()
		if again != ref || again.String() != ref.String() {
			t.Fatalf("%q: %+v, its canonical form reads %+v", text, ref, again)
		}
	})
}

func cut(path string) (host, rest string, ok bool) {
	for i := range path {
		if path[i] == '/' {
			return path[:i], path[i+1:], true
		}
	}
	return "", path, false
}

func containsSlash(path string) bool {
	_, _, ok := cut(path)
	return ok
}
