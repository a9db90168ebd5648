package image_test

import (
	"testing"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/image/corpus"
)

func TestCorpusParses(t *testing.T) {
	rows := corpus.Images(t)
	counts := map[string]int{}
	for _, row := range rows {
		counts[row.Kind]++
		ref, err := image.Parse(row.Image)
		switch row.Kind {
		case "invalid":
			if err == nil {
				t.Errorf("%s: %q: parsed as %+v, want an error", row.Source, row.Image, ref)
			}
		case "parse":
			if err != nil {
				t.Errorf("%s: %q: %v", row.Source, row.Image, err)
				continue
			}
			got := corpus.Expect{Registry: ref.Registry, Repository: ref.Repository, Tag: ref.EffectiveTag(), Digest: ref.Digest}
			want := corpus.Expect{Registry: row.Expect.Registry, Repository: row.Expect.Repository, Tag: row.Expect.Tag, Digest: row.Expect.Digest}
			if got.Registry != want.Registry || got.Repository != want.Repository || got.Tag != want.Tag || got.Digest != want.Digest {
				t.Errorf("%s: %q: got %+v, want %+v", row.Source, row.Image, got, want)
			}
			if implicit := ref.Tag == "" && ref.Digest == ""; implicit != row.Expect.TagImplicit {
				t.Errorf("%s: %q: tag implicit %v, want %v", row.Source, row.Image, implicit, row.Expect.TagImplicit)
			}
		}
	}
	for _, kind := range []string{"parse", "invalid", "rewrite"} {
		if counts[kind] == 0 {
			t.Errorf("the corpus holds no row of kind %q: nothing was tested", kind)
		}
	}
}

func TestImagesOfRealManifestsParse(t *testing.T) {
	for _, real := range corpus.RealImages(t) {
		if _, err := image.Parse(real.Image); err != nil {
			t.Errorf("%s: %q: %v", real.Source, real.Image, err)
		}
	}
}
