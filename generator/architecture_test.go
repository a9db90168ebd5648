package generator_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// aRow is a line of the table of packages: names, what they hold, what they may import.
var aRow = regexp.MustCompile("(?m)^\\| (`[^|]+`) \\|[^|]*\\| ([^|]*) \\|$")

var inBackticks = regexp.MustCompile("`([^`]+)`")

// The page shortens generator/image to image. Rows of other modules are not fenced
// here, and cmd/gen's names what it may not import.
func TestTheArchitecturePageSaysWhatTheFenceSays(t *testing.T) {
	page, err := os.ReadFile("../docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	stated := map[string]bool{}
	for _, row := range aRow.FindAllStringSubmatch(string(page), -1) {
		imports := named(row[2])
		for _, pkg := range named(row[1]) {
			allowed, fenced := mayImport[pkg]
			if !fenced {
				continue
			}
			stated[pkg] = true
			if strings.HasPrefix(row[2], "all below but ") {
				for _, forbidden := range imports {
					if slices.Contains(allowed, forbidden) {
						t.Errorf("%s may import %s, and the page says that it may not", pkg, forbidden)
					}
				}
				for other := range mayImport {
					if other != pkg && !slices.Contains(allowed, other) && !slices.Contains(imports, other) && !strings.HasPrefix(other, "hack/") {
						t.Errorf("%s may not import %s, and the page does not say so", pkg, other)
					}
				}
				continue
			}
			want := slices.Sorted(slices.Values(allowed))
			if got := slices.Sorted(slices.Values(imports)); !slices.Equal(got, want) {
				t.Errorf("%s: the page allows %v, the fence %v", pkg, got, want)
			}
		}
	}
	for pkg := range mayImport {
		if !stated[pkg] {
			t.Errorf("docs/architecture.md does not say what %s may import", pkg)
		}
	}
}

// named lists the packages that a cell names in backticks, written out.
func named(cell string) []string {
	var names []string
	for _, found := range inBackticks.FindAllStringSubmatch(cell, -1) {
		name := found[1]
		if _, short := mayImport["generator/"+name]; short {
			name = "generator/" + name
		}
		names = append(names, name)
	}
	return names
}
