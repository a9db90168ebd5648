package spec

// A Selector is a standard Kubernetes label selector: every label and every
// expression must match. The zero value matches everything.
type Selector struct {
	MatchLabels      map[string]string `json:"matchLabels,omitempty"`
	MatchExpressions []Requirement     `json:"matchExpressions,omitempty"`
}

// A Requirement is one expression of a Selector.
type Requirement struct {
	Key string `json:"key"`
	// Operator is In, NotIn, Exists or DoesNotExist.
	Operator string `json:"operator"`
	// Values is set for In and NotIn alone.
	Values []string `json:"values,omitempty"`
}

// Matches reports whether labels satisfy the selector; a nil selector matches
// everything. As in Kubernetes, NotIn holds where the key is absent.
func (s *Selector) Matches(labels map[string]string) bool {
	if s == nil {
		return true
	}
	for key, want := range s.MatchLabels {
		if got, ok := labels[key]; !ok || got != want {
			return false
		}
	}
	for _, r := range s.MatchExpressions {
		if !r.matches(labels) {
			return false
		}
	}
	return true
}

func (r Requirement) matches(labels map[string]string) bool {
	value, present := labels[r.Key]
	among := false
	for _, v := range r.Values {
		among = among || v == value
	}
	switch r.Operator {
	case "In":
		return present && among
	case "NotIn":
		return !present || !among
	case "Exists":
		return present
	case "DoesNotExist":
		return !present
	}
	return false
}
