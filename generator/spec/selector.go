package spec

import "maps"

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

// NamespaceNameLabel is the label by which an API server tells every namespace's name
// (KEP-2161).
const NamespaceNameLabel = "kubernetes.io/metadata.name"

// MatchesNamespace reports whether the selector takes a namespace with these labels,
// of which its name is always one. known is false where labels are nil, which is
// unknown, and others than the name decide.
func (s *Selector) MatchesNamespace(name string, labels map[string]string) (matches, known bool) {
	if s == nil {
		return true, true
	}
	all := make(map[string]string, len(labels)+1)
	maps.Copy(all, labels)
	all[NamespaceNameLabel] = name
	if labels != nil {
		return s.Matches(all), true
	}
	ofName, others := s.split(NamespaceNameLabel)
	if !ofName.Matches(all) {
		return false, true // whatever the other labels are
	}
	return others.isEmpty(), others.isEmpty()
}

// split takes a selector apart into what it asks of one label, and of the others.
func (s *Selector) split(key string) (of, others *Selector) {
	of, others = &Selector{MatchLabels: map[string]string{}}, &Selector{MatchLabels: map[string]string{}}
	for label, want := range s.MatchLabels {
		if label == key {
			of.MatchLabels[label] = want
		} else {
			others.MatchLabels[label] = want
		}
	}
	for _, r := range s.MatchExpressions {
		if r.Key == key {
			of.MatchExpressions = append(of.MatchExpressions, r)
		} else {
			others.MatchExpressions = append(others.MatchExpressions, r)
		}
	}
	return of, others
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
