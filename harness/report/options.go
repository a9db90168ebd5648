package report

// Options are how a report is shown.
type Options struct {
	// Color allows terminal colours on the console; unset: plain text. No other
	// format has any.
	Color bool
}

// casesOf counts the folders that the results are of.
func casesOf(r *Report) int {
	folders := map[string]bool{}
	for _, result := range r.Results {
		folders[caseKey(result)] = true
	}
	return len(folders)
}

// caseKey tells cases apart: two folders may have the same name.
func caseKey(result Result) string { return result.Folder + "\x00" + result.Case }

// caseName is what a case is called where it is shown.
func caseName(result Result) string {
	if result.Case == "" {
		return result.Folder
	}
	return result.Case
}
