// Package protocol is what gen and an engine program say to each other: JSON
// lines over the program's stdin and stdout. The program first writes a Hello;
// then it answers every Request with one Response of the same id, in any order.
// End of input ends the program.
//
// A line that is no JSON, is longer than MaxLine, or bears an id that was not
// asked for ends the conversation on the side that reads it: whatever follows
// cannot be trusted. A request that can be read but not answered is a Response
// with an Error.
package protocol

// Version is the protocol's version. Both sides refuse another.
const Version = 1

// MaxLine is the length in bytes that a line may have, the newline excluded.
const MaxLine = 64 << 20

// Hello is the first line that an engine program writes.
type Hello struct {
	Protocol int    `json:"protocol"`
	Engine   string `json:"engine"`
	// Version is the engine's own, such as v1.19.1.
	Version string `json:"version"`
	// Phases are the phases that the engine runs: mutate, validate, background.
	Phases []string `json:"phases"`
}

// A Request asks for one thing: exactly one of Load, Admit and Unload is set.
type Request struct {
	// ID is chosen by gen and repeated in the Response.
	ID     int64   `json:"id"`
	Load   *Load   `json:"load,omitempty"`
	Admit  *Admit  `json:"admit,omitempty"`
	Unload *Unload `json:"unload,omitempty"`
}

// Load asks for policies to be compiled.
type Load struct {
	// Files hold YAML streams of policies.
	Files []File `json:"files"`
}

// A File is a named YAML stream.
type File struct {
	Path string `json:"path"`
	Data string `json:"data"`
}

// Unload gives a session's memory back.
type Unload struct {
	Session int64 `json:"session"`
}

// Admit asks for a decision on one object.
type Admit struct {
	Session     int64          `json:"session"`
	Object      map[string]any `json:"object,omitempty"`
	OldObject   map[string]any `json:"oldObject,omitempty"`
	Operation   string         `json:"operation"`
	SubResource string         `json:"subResource,omitempty"`
	// NamespaceLabels: null is unknown, and an error where a policy selects by them;
	// {} is none. kubernetes.io/metadata.name is filled in by the engine.
	NamespaceLabels map[string]string `json:"namespaceLabels"`
	// Phases is never empty.
	Phases         []string `json:"phases"`
	RegistryImages []string `json:"registryImages,omitempty"`
	// Cluster are the objects that stand in the cluster; the background phase reads
	// and changes them. null: none are known, and the phase cannot be run.
	Cluster []map[string]any `json:"cluster"`
}

// A Response answers the Request with the same id: Error or the matching field is set.
type Response struct {
	ID int64 `json:"id"`
	// Error says why there is no answer: the policies cannot be used, or the
	// engine could not evaluate. It is never a verdict.
	Error string   `json:"error,omitempty"`
	Load  *Loaded  `json:"load,omitempty"`
	Admit *Outcome `json:"admit,omitempty"`
	// Unloaded answers an Unload.
	Unloaded bool `json:"unloaded,omitempty"`
}

// Loaded answers a Load.
type Loaded struct {
	Session int64 `json:"session"`
	// Rules are "policy/rule", sorted.
	Rules []string `json:"rules"`
	// Warnings are what a cluster would print when the policies are applied.
	Warnings []string `json:"warnings,omitempty"`
}

// An Outcome answers an Admit; its fields are those of engine.Outcome.
type Outcome struct {
	Allowed bool `json:"allowed"`
	// Object is absent where nothing changed.
	Object   map[string]any `json:"object,omitempty"`
	Messages []string       `json:"messages,omitempty"`
	// Warnings that begin with "engine: " are the engine's: a rule that could not be
	// evaluated, which a cluster may let pass ("engine: policy/rule: error: text").
	Warnings []string `json:"warnings,omitempty"`
	Recorded []string `json:"recorded,omitempty"`
	// Cluster is Admit.Cluster after the background phase, without the engine's own
	// bookkeeping; null where the phase was not run.
	Cluster []map[string]any `json:"cluster"`
	Matched []string         `json:"matched,omitempty"`
	Fired   []string         `json:"fired,omitempty"`
}
