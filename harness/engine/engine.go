// Package engine is what the harness asks of a policy engine: load policies,
// then judge objects as a cluster's admission would.
package engine

import (
	"context"
	"errors"

	"mirrorgen.dev/gen/generator/artifact"
)

// An Engine evaluates policies of the kinds it knows. It may be used by several
// goroutines at once.
type Engine interface {
	// Name is stable and printed: reference, kyverno, rego, gatekeeper.
	Name() string
	// Load compiles policies. An error means that the policies cannot be used:
	// a kind the engine does not know, a field its schema does not have, an
	// expression that does not compile. Files that hold none of the engine's
	// kinds are an error too: nothing to judge by is not a pass.
	Load(ctx context.Context, files []artifact.File) (Session, error)
	// Close ends the engine; sessions may not be used afterwards.
	Close() error
}

// A Session is a set of loaded policies. It may be used by several goroutines at once.
type Session interface {
	// Admit runs one object through the policies. A denial is an Outcome, never
	// an error; an error means that the engine could not evaluate and that there
	// is no verdict.
	Admit(ctx context.Context, request Request) (Outcome, error)
	// Rules lists what the session may report as matched or fired, sorted:
	// "policy/rule" for Kyverno, "constraint" for the others.
	Rules() []string
	Close() error
}

// An Operation is what is done to the object.
type Operation string

// The operations of Kubernetes admission.
const (
	Create  Operation = "CREATE"
	Update  Operation = "UPDATE"
	Delete  Operation = "DELETE"
	Connect Operation = "CONNECT"
	// Existing is no admission: the object stands in the cluster already when the
	// policies are applied, so that only what they do in the background concerns it.
	Existing Operation = "EXISTING"
)

// A Phase is a step of admission.
type Phase string

// The phases, in the order in which a cluster runs them.
const (
	Mutate   Phase = "mutate"
	Validate Phase = "validate"
	// Background is what a policy's controller does after admission: cloning
	// Secrets, and changing objects that exist. It is run only where a Request
	// brings the cluster along.
	Background Phase = "background"
)

// A Request is one object on its way into the cluster.
type Request struct {
	// Object is what is submitted: for a subresource the whole object, as the
	// API server hands it to webhooks. For a DELETE it is nil.
	Object map[string]any
	// OldObject is what is stored; needed for UPDATE and DELETE, nil otherwise.
	OldObject map[string]any
	// Operation: unset reads as Create.
	Operation Operation
	// SubResource is ephemeralcontainers or another; unset: the object itself.
	SubResource string
	// NamespaceLabels are the labels of the object's namespace. nil: unknown, and
	// a policy that selects by them is an error. kubernetes.io/metadata.name is
	// filled in by the engine.
	NamespaceLabels map[string]string
	// Phases limits what is run; nil: every phase that the engine has.
	Phases []Phase
	// RegistryImages are the images that a policy with a live-registry look-up
	// sees; nil: the registry holds nothing.
	RegistryImages []string
	// Cluster are the objects that stand in the cluster beside the one submitted,
	// which the Background phase reads and changes. nil: the phase is not run, and
	// a policy that would do something in it does not.
	Cluster []map[string]any
}

// Validate refuses a request that no cluster could make.
func (r Request) Validate() error {
	switch r.Operation {
	case "", Create, Connect, Existing:
		if r.Object == nil {
			return errors.New("a request needs an object")
		}
	case Update:
		if r.Object == nil || r.OldObject == nil {
			return errors.New("an UPDATE needs the object and the old object")
		}
	case Delete:
		if r.OldObject == nil {
			return errors.New("a DELETE needs the old object")
		}
	default:
		return errors.New("operation " + string(r.Operation) + ": must be CREATE, UPDATE, DELETE, CONNECT or EXISTING")
	}
	return nil
}

// Runs reports whether the request asks for the phase.
func (r Request) Runs(phase Phase) bool {
	switch {
	case phase == Background && r.Cluster == nil, phase != Background && r.Operation == Existing:
		return false
	case r.Phases == nil:
		return true
	}
	for _, p := range r.Phases {
		if p == phase {
			return true
		}
	}
	return false
}

// An Outcome is a decision.
type Outcome struct {
	// Allowed is false where the object is denied.
	Allowed bool
	// Object is the object after mutation: the request's where nothing changed.
	// It is nil for a DELETE.
	Object map[string]any
	// Messages say why the object was denied, in the policy's own words, the
	// engine's wrapper stripped; empty where Allowed.
	Messages []string
	// Warnings are shown to the user and never deny.
	Warnings []string
	// Recorded is what only an audit shows (dryrun).
	Recorded []string
	// Matched lists the rules whose scope covered the object, whether they
	// changed or refused anything or not; sorted. Empty: nothing looked at the object.
	Matched []string
	// Fired lists the rules that changed, refused or warned; sorted.
	Fired []string
	// Cluster is what the Background phase made of the request's: changed objects
	// in their places, new ones behind them by kind, namespace and name. The
	// bookkeeping that an engine writes on objects is not in it. nil: the phase was
	// not run.
	Cluster []map[string]any
}

// ErrAbsent marks an engine that is not installed; the message says how to get it.
var ErrAbsent = errors.New("engine is not installed")

// ErrBroken marks an engine that failed on its own account: crashed, hung, or
// answered rubbish. It is never a verdict.
var ErrBroken = errors.New("engine broke")

// ErrUnsubmittable marks a request that the cluster refuses of itself, before or
// beside every policy, as a Pod without an image. Only an engine that is a real
// API server says so; it is no verdict about the policies, and no fault of theirs.
var ErrUnsubmittable = errors.New("the API server takes this from nobody")
