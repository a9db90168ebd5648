package migrate

import (
	"fmt"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/migrate/expression"
)

// maxTried bounds the work on one policy's conditions: images, times the steps and
// conditions that each goes through.
const maxTried = 2_000_000

// pieces are the texts that the conditions of a list's steps speak of, and the
// pieces of their patterns; weight is how many conditions and steps there are.
func (w *rewriter) pieces(list string) (found []string, weight int) {
	read := func(literals []expression.Literal) {
		for _, l := range literals {
			if l.Pattern {
				found = append(found, expression.Pieces(l.Text)...)
			} else {
				found = append(found, l.Text)
			}
		}
	}
	for _, s := range w.steps {
		if s.list != list {
			continue
		}
		weight += 1 + len(s.when)
		for _, c := range s.when {
			read(c.literals())
		}
		if expression.IsConditional(s.image) {
			read(expression.Literals(s.image))
		}
	}
	slices.Sort(found)
	return slices.Compact(found), weight
}

// tryConditions tries images that the policy's own texts speak of: one that it
// leaves alone because of such a text, and no except says so, is named.
func (r *reader) tryConditions(w *rewriter, lists []string, rows []row) {
	plan := planOf(rows)
	told := map[string]bool{}
	for _, list := range lists {
		f := w.on(list)
		moves := func(text string) bool {
			out, err := f(text)
			return err == nil && !sameImage(out, text)
		}
		pieces, weight := w.pieces(list)
		like := movedForms(rows, moves)
		left := maxTried
		for _, piece := range pieces {
			images := spokenOf(like, piece)
			if left -= len(images) * weight; left < 0 {
				r.leave(w.placeOf(list), "", "the policy's conditions speak of more texts than are tried here; run it and the MirrorSet on Pods with --verify")
				break
			}
			for _, text := range images {
				if told[piece] || plan.Rewrite(text).Status != mirror.Rewritten || moves(text) {
					continue
				}
				if _, err := f(text); err != nil {
					continue
				}
				told[piece] = true
				r.leave(w.placeOf(list), piece, fmt.Sprintf("the policy leaves %s alone because of this text, and the MirrorSet makes %s of it; say in except or in scope what is to be left alone",
					brief(text), brief(plan.Rewrite(text).Image)))
			}
		}
	}
}

// formsThatMove are what images that a policy rewrites begin with: with two
// components behind it, and with one.
type formsThatMove struct{ two, one []string }

func movedForms(rows []row, moves func(string) bool) (like formsThatMove) {
	for _, row := range rows {
		for _, before := range forms(row.source) {
			if moves(before + "pa/pb" + probeTag) {
				like.two = append(like.two, before)
			}
			if moves(before + "pb" + probeTag) {
				like.one = append(like.one, before)
			}
		}
	}
	return like
}

// spokenOf are images with a text of the policy in them: as a component, in one, as
// the tag, and as a whole. Each is like one that the policy rewrites but for it.
func spokenOf(like formsThatMove, piece string) []string {
	piece = strings.NewReplacer("*", "w", "?", "q").Replace(piece)
	inner := strings.Trim(piece, "/:@.-_ ")
	var images []string
	for _, before := range like.two {
		images = append(images, before+inner+"/pb"+probeTag, before+"pa/"+inner+probeTag, before+"pa/p-"+inner+probeTag, before+"pa/"+inner+"-p"+probeTag, before+"pa/pb:"+inner)
	}
	for _, before := range like.one {
		images = append(images, before+inner+probeTag, before+"p-"+inner+probeTag, before+"pb:"+inner)
	}
	if strings.ContainsAny(piece, "/:") {
		images = append(images, piece, piece+probeTag)
	}
	return slices.DeleteFunc(images, func(text string) bool { return !image.Valid(text) })
}

// forms are what an image below a source may begin with.
func forms(source string) []string {
	if rest, ok := strings.CutPrefix(source+"/", "docker.io/"); ok {
		return []string{rest, "docker.io/" + rest}
	}
	return []string{source + "/"}
}
