package spec

import (
	"strconv"
	"strings"
)

// didYouMean is `; did you mean "x"?` where one of the known words is near, else "".
func didYouMean(text string, known []string) string {
	if near := nearest(text, known); near != "" {
		return "; did you mean " + show(near) + "?"
	}
	return ""
}

// nearest finds the known word that is fewest edits away, where that is few for
// the word's length; the first one wins. Case does not count.
func nearest(text string, known []string) string {
	const longest = 64 // a typing error is short, and the work grows with the square
	if len(text) > longest {
		return ""
	}
	best, distance := "", 0
	for _, word := range known {
		d := edits(strings.ToLower(text), strings.ToLower(word))
		if d <= max(1, min(len(word), len(text))/3) && (best == "" || d < distance) {
			best, distance = word, d
		}
	}
	return best
}

// edits counts the insertions, deletions, replacements and swaps of neighbours
// between two words.
func edits(a, b string) int {
	before, above, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		before, above, row = above, row, before
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(above[j]+1, row[j-1]+1, above[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
	}
	return row[len(b)]
}

// show quotes a value for a message, cut where it is long.
func show(text string) string {
	const most = 80
	if len(text) <= most {
		return strconv.Quote(text)
	}
	return strconv.Quote(strings.ToValidUTF8(text[:most], "")) + "..."
}
