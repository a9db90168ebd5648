// Package generator turns MirrorSets into files: the one door for the command
// line, for tests, and for whatever else embeds it. It touches no disk and
// links no engine.
package generator

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"sort"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/generator/target"
)

// Plans compiles MirrorSets that are used together and refuses, all at once,
// what would make them work against each other. The plans are sorted by name.
func Plans(sets []*spec.MirrorSet) ([]*mirror.Plan, error) {
	var problems spec.Problems
	first := map[string]*spec.MirrorSet{}
	plans := make([]*mirror.Plan, 0, len(sets))
	for _, set := range sets {
		if other, taken := first[set.Name]; taken {
			problems = append(problems, spec.Problem{Position: set.Position("metadata.name"), Path: "metadata.name", Message: fmt.Sprintf(
				"%q: is the name of the MirrorSet at %s already; generated objects are named after it: choose another",
				set.Name, place(other.Position("metadata.name")))})
			continue
		}
		first[set.Name] = set
		plans = append(plans, mirror.Compile(set))
		problems = append(problems, mirror.CheckEntries(set)...)
	}
	for _, set := range sets {
		problems = append(problems, checkObjectNames(set, first)...)
	}
	sort.Slice(plans, func(i, j int) bool { return plans[i].Name < plans[j].Name })
	problems = append(problems, mirror.Check(plans)...)
	return plans, problems.Err()
}

// checkObjectNames refuses a set whose objects, or itself, would be called what
// an object of another is called.
func checkObjectNames(set *spec.MirrorSet, byName map[string]*spec.MirrorSet) spec.Problems {
	var problems spec.Problems
	for _, suffix := range suffixes {
		for _, own := range append([]string{""}, suffixes...) {
			base, ok := strings.CutSuffix(set.Name+own, suffix)
			other := byName[base]
			// Of two sets the one with the longer name is complained of.
			if !ok || other == nil || len(base) >= len(set.Name) {
				continue
			}
			which := ""
			if own != "" {
				which = fmt.Sprintf("%q would be generated from it, which ", set.Name+own)
			}
			problems = append(problems, spec.Problem{Position: set.Position("metadata.name"), Path: "metadata.name", Message: fmt.Sprintf(
				"%q: %sis what an object generated from MirrorSet %q at %s is called; choose another name",
				set.Name, which, base, place(other.Position("metadata.name")))})
		}
	}
	return problems
}

// suffixes are what targets put behind a set's name to name objects and files.
var suffixes = []string{
	"-rewrite", "-imagecache", "-constraint", "-warnings", "-templates", "-template-warnings",
	"-pull-secrets", "-pull-secrets-rbac", "-service-accounts", "-existing-accounts",
}

func place(at spec.Position) string {
	if at.Line == 0 {
		return at.File
	}
	return fmt.Sprintf("%s:%d", at.File, at.Line)
}

// Generate renders plans for targets. Files come sorted by path, each once; the
// same input gives the same bytes on any machine. The error is every
// target.LimitError, where sets are more than targets take.
func Generate(plans []*mirror.Plan, targets []target.Target) ([]artifact.File, error) {
	byPath := map[string]artifact.File{}
	var rendered []artifact.File
	add := func(file artifact.File) error {
		if other, ok := byPath[file.Path]; ok {
			if !bytes.Equal(other.Data, file.Data) {
				return fmt.Errorf("%s: rendered twice with different content; this is a bug of gen, not of the MirrorSet", file.Path)
			}
			return nil
		}
		byPath[file.Path] = file
		rendered = append(rendered, file)
		return nil
	}
	var limits []error
	for _, t := range targets {
		for _, plan := range plans {
			files, err := t.Render(plan)
			var limit *target.LimitError
			if errors.As(err, &limit) {
				limits = append(limits, limit)
				continue
			}
			if err != nil {
				return nil, fmt.Errorf("target %s: MirrorSet %q: %w; this is a bug of gen, not of the MirrorSet", t.Name, plan.Name, err)
			}
			if len(files) == 0 {
				return nil, fmt.Errorf("target %s: MirrorSet %q: rendered nothing; this is a bug of gen, not of the MirrorSet", t.Name, plan.Name)
			}
			for _, file := range files {
				if path.IsAbs(file.Path) || path.Clean(file.Path) != file.Path || file.Path[0] == '.' {
					return nil, fmt.Errorf("target %s: %q: not a path below the output folder; this is a bug of gen, not of the MirrorSet", t.Name, file.Path)
				}
				if err := add(file); err != nil {
					return nil, err
				}
			}
		}
	}
	if err := errors.Join(limits...); err != nil {
		return nil, err
	}
	rendered = append(rendered, kustomizations(rendered)...)
	sort.Slice(rendered, func(i, j int) bool { return rendered[i].Path < rendered[j].Path })
	return rendered, nil
}
