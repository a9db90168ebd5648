package admission

// deprecation: Kyverno 1.18 says nothing of a kind that is given up.
func deprecation(string) string { return "" }
