package testcase

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"mirrorgen.dev/gen/harness/engine"
)

// minVersion is the annotation in which a policy of Kyverno says what it needs.
var minVersion = regexp.MustCompile(`(?m)^ *policies\.kyverno\.io/minversion: *['"]?v?([0-9]+\.[0-9]+)[0-9.]*['"]? *$`)

// needs is what the policies of the set say that they need, where it is a later
// version of Kyverno than the one that was asked for: Kyverno 1.19. Kyverno itself does
// not read the annotation: it refuses a field that it does not know, or passes it over.
// The error names each policy; both empty: nothing keeps the set from being run.
func (s *PolicySet) needs(of engine.Ref) (needs string, err error) {
	if of.Version == "" || of.Name != "kyverno" && of.Name != "kyverno-cel" {
		return "", nil
	}
	needed := of.Version
	var later []string
	for _, file := range s.Files[of.Name] {
		latest := of.Version
		for _, found := range minVersion.FindAllSubmatch(file.Data, -1) {
			if version := string(found[1]); before(latest, version) {
				latest = version
			}
		}
		if latest == of.Version {
			continue
		}
		later = append(later, fmt.Sprintf("%s: %s: needs Kyverno %s, as its policies.kyverno.io/minversion says", of, file.Path, latest))
		if before(needed, latest) {
			needed = latest
		}
	}
	if later == nil {
		return "", nil
	}
	return "Kyverno " + needed, errors.New(strings.Join(later, "\n"))
}

// before compares minor versions: 1.9 is before 1.10.
func before(a, b string) bool {
	number := func(version string) (major, minor int) {
		first, second, _ := strings.Cut(version, ".")
		major, _ = strconv.Atoi(first)
		minor, _ = strconv.Atoi(second)
		return major, minor
	}
	aMajor, aMinor := number(a)
	bMajor, bMinor := number(b)
	return aMajor < bMajor || aMajor == bMajor && aMinor < bMinor
}
