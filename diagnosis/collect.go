package diagnosis

// A Report is one failure of an input: a finding, what it is about, and how
// often it was seen.
type Report struct {
	Finding
	// Object is "namespace/name" of what failed; empty: not said.
	Object string `json:"object,omitempty"`
	// Count is how often the input has it, repeats of an event included; at least 1.
	Count int `json:"count"`
	// Change are the changes to the MirrorSets that mend it; empty: none is known.
	Change []Change `json:"change,omitempty"`

	namespace string
}

// Namespace is the namespace of Object; empty where it is not said.
func (r Report) Namespace() string { return r.namespace }

// mostKept bounds what a Collector holds, in bytes of messages and remedies.
const mostKept = 8 << 20

// A Collector brings the same failure of the same object together, and drops
// what says no more than that a pull failed where the object has an event that
// says why. It holds some megabytes at most: beyond that it hands over what it
// has and begins anew, so that a failure may come twice.
type Collector struct {
	// Emit takes the reports, in the order in which they were first seen.
	Emit func(Report) error

	order []string
	held  map[string]*Report
	size  int
}

// Add takes the finding of an item. One that is no pull failure is dropped.
func (c *Collector) Add(item Item, f Finding) error {
	if f.Cause == NotAPullFailure {
		return nil
	}
	key := item.Object + "\x00" + f.Cause + "\x00" + f.Host + "\x00" + f.Image
	if r, ok := c.held[key]; ok {
		r.Count += item.Count
		return nil
	}
	if c.held == nil {
		c.held = map[string]*Report{}
	}
	c.held[key] = &Report{Finding: f, Object: item.Object, Count: item.Count, namespace: item.Namespace}
	c.order = append(c.order, key)
	c.size += len(key) + len(f.Message) + len(f.Summary) + 512
	for _, step := range f.Remedy {
		c.size += len(step)
	}
	if c.size > mostKept {
		return c.Flush()
	}
	return nil
}

// Flush hands over what is held.
func (c *Collector) Flush() error {
	explained := map[string]bool{}
	for _, key := range c.order {
		// A missing secret is a warning: it does not say why the pull failed.
		if r := c.held[key]; r.Cause != causeGeneric && r.Cause != "pull-secret-missing" {
			explained[r.Object+"\x00"+normalName(r.Image)] = true
			explained[r.Object+"\x00"] = true
		}
	}
	order, held := c.order, c.held
	c.order, c.held, c.size = nil, nil, 0
	for _, key := range order {
		r := held[key]
		if r.Cause == causeGeneric && r.Object != "" && explained[r.Object+"\x00"+normalName(r.Image)] {
			continue
		}
		if err := c.Emit(*r); err != nil {
			return err
		}
	}
	return nil
}
