// Package target renders plans into the files of each admission engine.
package target

import (
	"fmt"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// A Target is one kind of output, as data.
type Target struct {
	// Name is what --target takes and the folder that the files lie in.
	Name string
	// Doc is one sentence for the help text.
	Doc string
	// Render makes the files of one plan, paths relative to the output folder.
	// Files that do not depend on the plan come out the same for every plan.
	Render func(*mirror.Plan) ([]artifact.File, error)
	// Notice is printed once by gen policies; empty: nothing to say.
	Notice string
}

// All is every target, in the order in which they are listed.
func All() []Target {
	return []Target{Kyverno(), KyvernoCEL(), Kubernetes(), Gatekeeper(), Rego()}
}

// Named picks targets by name; no name means all of them.
func Named(names []string) ([]Target, error) {
	all := All()
	if len(names) == 0 {
		return all, nil
	}
	var picked []Target
	for _, name := range names {
		found := false
		for _, t := range all {
			if t.Name == name {
				picked, found = append(picked, t), true
			}
		}
		if !found {
			var known []string
			for _, t := range all {
				known = append(known, t.Name)
			}
			return nil, fmt.Errorf("target %q: not known; the targets are %s", name, strings.Join(known, ", "))
		}
	}
	return picked, nil
}
