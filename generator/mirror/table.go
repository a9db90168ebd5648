package mirror

import (
	"sort"
	"strings"
)

// A Table maps prefixes of image names to what becomes of the images below
// them. One image is decided by the longest prefix of its name that ends at a
// "/" boundary, so the cost of a look-up depends on the name, not on the table.
type Table map[string]Row

// A Row is what becomes of the images below one prefix.
type Row struct {
	// To replaces the prefix. Empty: the image is left alone.
	To string `json:"to,omitempty"`
	// Mirror names the mirror that serves the images, or, where To is empty, the
	// one whose "only" does not hold them. Empty with an empty To: "except"
	// leaves the images alone.
	Mirror string `json:"mirror,omitempty"`
}

// Lookup finds the row for an image name (registry/repository, host in lower
// case) and the prefix it stands under; ok is false where no prefix matches.
func (t Table) Lookup(name string) (prefix string, row Row, ok bool) {
	for prefix = name; ; {
		if row, ok := t[prefix]; ok {
			return prefix, row, true
		}
		cut := strings.LastIndexByte(prefix, '/')
		if cut < 0 {
			return "", Row{}, false
		}
		prefix = prefix[:cut]
	}
}

// Prefixes returns the table's prefixes, sorted.
func (t Table) Prefixes() []string {
	prefixes := make([]string, 0, len(t))
	for prefix := range t {
		prefixes = append(prefixes, prefix)
	}
	sort.Strings(prefixes)
	return prefixes
}

// Rewriting is the table without the rows that say no more than that an image
// is left alone where nothing shorter would rewrite it: what a rewriting policy
// has to carry.
func (t Table) Rewriting() Table {
	lean := make(Table, len(t))
	for prefix, row := range t {
		if row.To == "" {
			if _, above, ok := t.above(prefix); !ok || above.To == "" {
				continue
			}
		}
		lean[prefix] = row
	}
	return lean
}

// Depth is the number of components of the deepest prefix, host included; 0
// for an empty table.
func (t Table) Depth() int {
	depth := 0
	for prefix := range t {
		depth = max(depth, 1+strings.Count(prefix, "/"))
	}
	return depth
}

// above finds the row that would decide the images below prefix if prefix had none.
func (t Table) above(prefix string) (string, Row, bool) {
	cut := strings.LastIndexByte(prefix, '/')
	if cut < 0 {
		return "", Row{}, false
	}
	return t.Lookup(prefix[:cut])
}

// Below reports whether name equals prefix or lies below it at a "/" boundary.
func Below(name, prefix string) bool {
	return strings.HasPrefix(name, prefix) && (len(name) == len(prefix) || name[len(prefix)] == '/')
}
