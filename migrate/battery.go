package migrate

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// tryOut runs the policy and its mirrors on images of every kind, and says where
// they differ: as a note where the policy is wrong by rule, else as left out.
func (r *reader) tryOut(w *rewriter, lists []string, rows []row) {
	plan := planOf(rows)
	told := map[string]bool{}
	for _, list := range lists {
		f := w.on(list)
		for _, text := range battery(rows) {
			was, err := f(text)
			old := Answer{Image: was}
			if err != nil {
				old = Answer{Image: text, Failed: err.Error()}
			}
			now := plan.Rewrite(text).Image
			verdict := Compare([]*mirror.Plan{plan}, "", text, old, Answer{Image: now})
			if verdict.Right == Same || told[verdict.Why] {
				continue
			}
			if verdict.Right == Undecided && now == text && everywhere(f) {
				// Said already, of all registries at once.
				continue
			}
			told[verdict.Why] = true
			became := fmt.Sprintf("%s becomes %s", brief(text), brief(was))
			if err != nil {
				became = brief(text) + " fails"
			} else if was == text {
				became = brief(text) + " stays"
			}
			became += fmt.Sprintf(", with the MirrorSet %s (%s)", brief(now), verdict.Why)
			if verdict.Right == New {
				r.note(w.placeOf(list), "", became)
			} else {
				r.leave(w.placeOf(list), "", became)
			}
		}
	}
}

// manyDigits are the digits of a digest.
var manyDigits = regexp.MustCompile(`(:[0-9a-f]{12})[0-9a-f]{20,}`)

// brief quotes an image for a message, its digest cut.
func brief(text string) string {
	return strconv.Quote(manyDigits.ReplaceAllString(shorten(text), "$1..."))
}

// planOf compiles rows for a comparison; what is wrong with them is found later.
func planOf(rows []row) *mirror.Plan {
	set := &spec.MirrorSet{Name: DefaultName}
	for i, row := range rows {
		set.Spec.Mirrors = append(set.Spec.Mirrors, spec.Mirror{
			Name: fmt.Sprintf("m%d", i), Source: row.source, Mirror: row.mirror, Except: row.except,
		})
	}
	return mirror.Compile(set)
}

// battery are images of every kind below the sources of rows, and beside them.
func battery(rows []row) []string {
	digest := "@sha256:" + strings.Repeat("a", 64)
	var images []string
	for _, row := range rows {
		rest := rests(row.source)[0]
		for _, written := range spellings(row.source, rest) {
			images = append(images, written+":1.2")
		}
		usual := spellings(row.source, rest)[0]
		images = append(images, usual, usual+digest, usual+":1.2"+digest)
		if row.source == image.DockerHub {
			images = append(images, "nginx:1.2", "nginx", "library/nginx:1.2", "docker.io/nginx:1.2", "docker.io/library/nginx:1.2", "x:1.2")
		}
		images = append(images, row.source+"/x:1.2")
		// Look-alikes, and what is at the mirror already.
		images = append(images, row.source+"x.example/"+rest+":1.2", row.mirror+"/"+rest+":1.2")
	}
	return images
}
