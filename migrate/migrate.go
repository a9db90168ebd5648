// Package migrate reads what clusters and nodes use today and writes the MirrorSet
// that means the same:
//
//	policy       Kyverno's ClusterPolicy and Policy (kyverno.io) and MutatingPolicy
//	             (policies.kyverno.io), and Kubernetes' MutatingAdmissionPolicy, that
//	             replace the registry of images
//	k3s          registries.yaml of k3s and RKE2
//	containerd   hosts.toml below certs.d, and the mirrors of config.toml
//	openshift    ImageDigestMirrorSet, ImageTagMirrorSet, ImageContentSourcePolicy
//
// A policy is no list of mirrors but a program. It is not read as a free one: its
// texts have to be expressions of package expression, in the places where this
// family of policies has them. What a policy does to an image is then a function
// that can be evaluated. The prefixes that it may be about are those that it names,
// the beginnings of its regular expressions among them; each is tried with many
// images, and is a mirror where all that lies below it goes to one place. What
// such a mirror does otherwise than the policy is judged by Compare: where the
// policy is wrong by rule (a reference that is none, a lost digest) the MirrorSet
// says what was meant, and a note says so; where it is not, it is left out by name.
//
// Nothing is dropped in silence: whatever a MirrorSet has no word for is in
// Result.LeftOut with its place. Credentials are neither read nor repeated.
package migrate

import (
	"fmt"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/spec"
)

// The formats that are read.
const (
	Policy     = "policy"
	K3s        = "k3s"
	Containerd = "containerd"
	OpenShift  = "openshift"
)

// Formats lists what Options.From may say.
func Formats() []string { return []string{Policy, K3s, Containerd, OpenShift} }

// MaxFile is the number of bytes that one file may have: a cluster's policies in
// one list have less.
const MaxFile = 16 << 20

// A File is one input.
type File struct {
	// Name is shown with every finding.
	Name string
	// Folder is the name of the folder that the file is in, which says of a hosts.toml
	// which registry it is about; unset: what Name says.
	Folder string
	Data   []byte
}

// Options say how inputs are read.
type Options struct {
	// Name is metadata.name of what is written; unset: migrated.
	Name string
	// From is the format of every file; unset: each file's content says.
	From string
	// Sources are the registries that are used, for rules about every registry;
	// unset: Docker Hub alone.
	Sources []string
}

// DefaultName is the MirrorSet's where none was asked for.
const DefaultName = "migrated"

// A Result is what came of the inputs.
type Result struct {
	// Text is the MirrorSets as a YAML stream with comments; nil where nothing
	// could be carried over.
	Text []byte
	// Sets are what Text reads as; generator.Plans accepts them together.
	Sets []*spec.MirrorSet
	// LeftOut is what was not carried over, each with what to do about it, by place.
	LeftOut []spec.Problem
	// Notes are where the MirrorSet says what was meant rather than what was done.
	Notes []spec.Problem
	// PassedOver are documents of other kinds, which hold nothing of this.
	PassedOver []spec.Problem
	// Policies are the policies that rewrite images, for whoever runs them.
	Policies []OldPolicy
	// Nodes are the node configurations, which can be asked where they pull from.
	Nodes []*Node
}

// An OldPolicy is a policy as it was read.
type OldPolicy struct {
	// Kind is ClusterPolicy, Policy, MutatingPolicy, NamespacedMutatingPolicy,
	// MutatingAdmissionPolicy or MutatingAdmissionPolicyBinding.
	Kind, Name string
	// File is where it stands, Data the object as YAML.
	File string
	Data []byte
}

// Read reads inputs. The error is a spec.Problems, all of them at once: a file
// that cannot be read as what it is, or that holds nothing of what is read here.
func Read(files []File, o Options) (*Result, error) {
	if o.Name == "" {
		o.Name = DefaultName
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	r := &reader{options: o, hosts: map[string]*hostSetting{}}
	for _, f := range files {
		r.file(f)
	}
	if err := r.broken.Err(); err != nil {
		return nil, err
	}
	if r.found == 0 {
		return nil, append(spec.Problems(sorted(r.passed)), spec.Problem{Message: "the inputs hold nothing that is read here: no policy that rewrites images (" +
			"ClusterPolicy, Policy, MutatingPolicy, MutatingAdmissionPolicy), no registries.yaml, no hosts.toml, no ImageDigestMirrorSet, ImageTagMirrorSet or ImageContentSourcePolicy"})
	}
	return r.result(), nil
}

func (o Options) check() error {
	if o.From != "" && !slices.Contains(Formats(), o.From) {
		return fmt.Errorf("--from %q: not known; the formats are %s", o.From, strings.Join(Formats(), ", "))
	}
	for _, source := range o.Sources {
		if err := spec.CheckAddress(source); err != nil {
			return fmt.Errorf("--sources: %w", err)
		}
	}
	if _, err := spec.Parse("--name", []byte("apiVersion: "+spec.APIVersion+"\nkind: "+spec.Kind+"\nmetadata: {name: "+quote(o.Name)+"}\nspec: {mirrors: [{source: a.example, mirror: b.example}]}\n")); err != nil {
		return fmt.Errorf("--name %q: is no name of a MirrorSet: lower-case letters, digits and -, at most 40", o.Name)
	}
	return nil
}
