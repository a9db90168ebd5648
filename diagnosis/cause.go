package diagnosis

import "slices"

// The cause that stands where the message has none: what failed is not said.
const causeGeneric = "generic-no-detail"

// A Cause is one row of the table: one reason why an image was not pulled.
type Cause struct {
	// ID is what scripts compare; it never changes.
	ID string
	// Anchors are the texts by which the cause is known; never empty.
	Anchors []Anchor
	// Summary says what happened, in one sentence.
	Summary Text
	// Remedy is what to do, in order; never empty.
	Remedy []Step
	// Source is where the rule comes from: a URL or the title of a document.
	Source string
}

// An Anchor is a text that names a cause.
type Anchor struct {
	// Text is in lower case; "*" stands for up to 600 bytes, "$" for the end of
	// a statement.
	Text string
	// Rank orders anchors that stand in one message.
	Rank Rank
	// OfPull: the text is too general to count unless the message speaks of
	// pulling an image.
	OfPull bool
}

// A Rank says how close to the reason a text is. The highest wins; of one rank,
// the one that is furthest in.
type Rank int

// The ranks, from the outermost text to the one that leaves no doubt.
const (
	_ Rank = iota
	// Wrapper says that a pull failed, and no more.
	Wrapper
	// GaveUp says that a client stopped waiting, or how it sorts the error.
	GaveUp
	// Outcome says what a request came to, but not yet why.
	Outcome
	// Reason is what a connection met or a server answered.
	Reason
	// Lookup: a name did not resolve. What follows is how the resolver failed.
	Lookup
	// Verdict: whatever else the message says is a symptom of this.
	Verdict
)

// String is the rank as the documentation names it.
func (r Rank) String() string {
	names := []string{"", "wrapper", "gave up", "outcome", "reason", "lookup", "verdict"}
	if r < Wrapper || int(r) >= len(names) {
		return "no rank"
	}
	return names[r]
}

// A Step is one thing to do.
type Step struct {
	// Text may hold {host}, {name} (the host without its port), {endpoint} (host and port), {proxy}, {image} and
	// {repository}: filled in where the message names them in a form that is safe
	// to paste, else written as <host> and so on.
	Text Text
	// Hosts limits the step to registries below these domains. It is shown, too,
	// where the message names no registry or only an address. Empty: always shown.
	Hosts []string
}

// Causes lists every cause, grouped by what has to be mended. The list is the
// caller's own.
func Causes() []Cause {
	return slices.Concat(kubeletCauses(), tlsCauses(), networkCauses(), permissionCauses(), contentCauses())
}

// causeByID finds a row; ok is false where there is none.
func causeByID(id string) (Cause, bool) {
	for _, c := range table().causes {
		if c.ID == id {
			return c, true
		}
	}
	return Cause{}, false
}

// anchors makes one list of several ranks.
func anchors(lists ...[]Anchor) []Anchor { return slices.Concat(lists...) }

func wrapper(texts ...string) []Anchor { return ranked(Wrapper, texts) }
func gaveUp(texts ...string) []Anchor  { return ranked(GaveUp, texts) }
func outcome(texts ...string) []Anchor { return ranked(Outcome, texts) }
func reason(texts ...string) []Anchor  { return ranked(Reason, texts) }
func lookup(texts ...string) []Anchor  { return ranked(Lookup, texts) }
func verdict(texts ...string) []Anchor { return ranked(Verdict, texts) }

// ofPull marks anchors as too general to count by themselves.
func ofPull(list []Anchor) []Anchor {
	for i := range list {
		list[i].OfPull = true
	}
	return list
}

func ranked(rank Rank, texts []string) []Anchor {
	list := make([]Anchor, len(texts))
	for i, text := range texts {
		list[i] = Anchor{Text: text, Rank: rank}
	}
	return list
}

// step is a Step for every registry.
func step(en, zh string) Step { return Step{Text: Text{En: en, Zh: zh}} }

// stepAt is a Step for registries below some domains.
func stepAt(hosts []string, en, zh string) Step {
	return Step{Text: Text{En: en, Zh: zh}, Hosts: hosts}
}

// The domains of registries that have steps of their own.
func tencentHosts() []string   { return []string{"tencentcloudcr.com", "ccs.tencentyun.com"} }
func huaweiHosts() []string    { return []string{"myhuaweicloud.com"} }
func alibabaHosts() []string   { return []string{"aliyuncs.com"} }
func volcanoHosts() []string   { return []string{"volces.com", "ivolces.com"} }
func amazonHosts() []string    { return []string{"amazonaws.com", "amazonaws.com.cn", "public.ecr.aws"} }
func dockerHubHosts() []string { return []string{"docker.io", "docker.com"} }
