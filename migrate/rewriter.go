package migrate

import (
	"fmt"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/migrate/expression"
)

// maxSteps bounds how many places of one policy are read.
const maxSteps = 300

// on is what the steps make of the images of one list, in their order: a later one
// sees what an earlier one made.
func (w *rewriter) on(list string) imageFunc {
	return func(text string) (string, error) {
		now := text
		for _, s := range w.steps {
			if s.list != list {
				continue
			}
			e := expression.Env{Image: now, Submitted: text}
			holds := true
			for _, c := range s.when {
				held, err := c.holds(e)
				if err != nil {
					return text, err
				}
				if !held {
					holds = false
					break
				}
			}
			if !holds {
				continue
			}
			made, err := expression.Text(s.image, e)
			if err != nil {
				return text, err
			}
			now = made
		}
		return now, nil
	}
}

// lists are those that the steps are about, in a Pod's order.
func (w *rewriter) lists() []string {
	var lists []string
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		if slices.ContainsFunc(w.steps, func(s step) bool { return s.list == list }) {
			lists = append(lists, list)
		}
	}
	return lists
}

// rewriter makes mirrors of what a policy does, and says whether there are any.
func (r *reader) rewriter(w *rewriter) bool {
	at := w.steps[0].at
	if len(w.steps) > maxSteps {
		r.leave(at, "", fmt.Sprintf("the policy changes images in %d places, and at most %d are read; part it", len(w.steps), maxSteps))
		return false
	}
	candidates, guessed := w.candidates()
	lists := w.lists()
	all := slices.ContainsFunc(lists, func(list string) bool { return everywhere(w.on(list)) })
	if all {
		candidates = append(candidates, r.options.Sources...)
	}
	byList := map[string][]derived{}
	said := map[underived]bool{}
	for _, list := range lists {
		found, wrong := derive(w.on(list), candidates, guessed...)
		byList[list] = found
		for _, u := range wrong {
			if !said[u] {
				said[u] = true
				r.leave(w.placeOf(list), u.source, u.why)
			}
		}
	}
	rows := r.agree(w, lists, byList)
	if all {
		// Such a policy rewrites what it rewrote before, too.
		rows = slices.DeleteFunc(rows, func(of row) bool {
			return slices.ContainsFunc(rows, func(other row) bool { return below(other.mirror, of.source) })
		})
	}
	if all {
		r.sayEveryRegistry(at, rows)
	}
	if len(rows) == 0 {
		if len(said) == 0 && !all {
			r.leave(at, "", w.whyNone(lists, candidates))
		}
		return false
	}
	r.rows = append(r.rows, rows...)
	r.missingLists(w, lists)
	r.systemNamespaces(w)
	r.tryOut(w, lists, rows)
	r.tryConditions(w, lists, rows)
	return true
}

// whyNone says why a policy comes to no mirror.
func (w *rewriter) whyNone(lists, candidates []string) string {
	for _, list := range lists {
		for _, source := range sourcesOf(candidates) {
			if !leaves(w.on(list), source, rests(source)...) {
				return "what the policy makes of an image is no prefix in the place of another, as far as it is read here; write the mirrors by hand"
			}
		}
	}
	return "leaves every image alone that was tried, those of each registry that it names among them, so that there is nothing to carry over; see whether its conditions and expressions say what was meant"
}

// sayEveryRegistry says what becomes of a policy that is about every registry.
func (r *reader) sayEveryRegistry(at place, rows []row) {
	message := "rewrites the images of every registry, and a MirrorSet names each"
	if len(r.options.Sources) > 0 {
		r.note(at, "", message+"; carried over for those of --sources")
		return
	}
	if slices.ContainsFunc(rows, func(of row) bool { return of.source == image.DockerHub }) {
		message += ": Docker Hub is carried over"
	}
	r.leave(at, "", message+"; name those that you use with --sources, such as --sources docker.io,quay.io,ghcr.io")
}

// placeOf is where the policy says what becomes of a list's images.
func (w *rewriter) placeOf(list string) place {
	for _, s := range w.steps {
		if s.list == list {
			return s.at
		}
	}
	return w.at
}

// agree puts the mirrors of the lists together.
func (r *reader) agree(w *rewriter, lists []string, byList map[string][]derived) []row {
	var rows []row
	for _, list := range lists {
		for _, d := range byList[list] {
			at := slices.IndexFunc(rows, func(have row) bool { return have.source == d.source })
			if at < 0 {
				rows = append(rows, row{source: d.source, mirror: d.mirror, except: d.except, what: w.what, scope: w.scope, at: w.places(list, d.source)})
				continue
			}
			have := &rows[at]
			if have.mirror != d.mirror || !slices.Equal(have.except, d.except) {
				r.leave(w.placeOf(list), d.source, fmt.Sprintf("goes to %s for %s and to %s for %s; a MirrorSet has one mirror for all of a Pod's images, and takes the latter", d.mirror, list, have.mirror, lists[0]))
				continue
			}
			have.at = append(have.at, w.places(list, d.source)...)
		}
	}
	return rows
}

// places are those of the steps that change an image of the source.
func (w *rewriter) places(list, source string) []place {
	var at []place
	rest := rests(source)[0]
	for _, s := range w.steps {
		if s.list != list {
			continue
		}
		one := &rewriter{steps: []step{s}}
		for _, written := range spellings(source, rest) {
			if out, err := one.on(list)(written + probeTag); err != nil || !sameImage(out, written+probeTag) {
				at = append(at, s.at)
				break
			}
		}
	}
	if len(at) == 0 {
		at = []place{w.placeOf(list)}
	}
	return at
}

// systemNamespaces says which namespaces a MirrorSet leaves alone that the policy
// does not leave out. One that names its namespaces is about those.
func (r *reader) systemNamespaces(w *rewriter) {
	if w.scope.NamespaceSelector != nil {
		return
	}
	missing := slices.DeleteFunc(spec.SystemNamespaces(), func(name string) bool { return slices.Contains(w.scope.ExcludeNamespaces, name) })
	if len(missing) > 0 {
		r.note(w.at, "", w.what+" does not leave out "+enumerate(missing)+", which a MirrorSet leaves alone where scope.includeSystemNamespaces does not say otherwise")
	}
}

// missingLists says which images of a Pod the policy never looked at.
func (r *reader) missingLists(w *rewriter, lists []string) {
	var missing []string
	for _, list := range []string{"containers", "initContainers", "ephemeralContainers"} {
		if !slices.Contains(lists, list) {
			missing = append(missing, list)
		}
	}
	missing = append(missing, "image volumes")
	r.note(w.at, "", w.what+" leaves "+enumerate(missing)+" alone; a MirrorSet rewrites every image of a Pod")
}

func enumerate(list []string) string {
	if len(list) < 2 {
		return strings.Join(list, "")
	}
	return strings.Join(list[:len(list)-1], ", ") + " and " + list[len(list)-1]
}
