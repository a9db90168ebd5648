package probe

import "mirrorgen.dev/gen/diagnosis"

// A Report is what a run found, in an order that depends on the input alone.
type Report struct {
	// Addresses are the mirrors by set and name, each with its fallbacks in their
	// order, then the registries by host, then upstream registries by host.
	Addresses []Address
	// Images are in the order in which they were given.
	Images []Image
}

// An Address is one address and its steps.
type Address struct {
	// Role is mirror, fallback, registry or upstream.
	Role string `json:"kind"`
	// Set is the MirrorSet; empty for an upstream registry. Mirror is the mirror's
	// name; empty for a registry.
	Set       string `json:"set"`
	Mirror    string `json:"mirror"`
	Address   string `json:"address"`
	Transport string `json:"transport"`
	Status    Status `json:"status"`
	Finding
	Steps []Step `json:"steps"`
}

// An Image is one image and what the addresses said about it.
type Image struct {
	// Kind is image.
	Kind  string `json:"kind"`
	Image string `json:"image"`
	// Canonical is the image in full; empty where it is no reference.
	Canonical string `json:"canonical"`
	// Set and Mirror are what serves it; empty where nothing does.
	Set    string `json:"set"`
	Mirror string `json:"mirror"`
	Status Status `json:"status"`
	// Detail says why nobody was asked; empty where somebody was.
	Detail string `json:"detail,omitempty"`
	// Asked are the mirror, its fallbacks in their order and, with Digest, the
	// upstream registry. Never nil.
	Asked []Asked `json:"asked"`
}

// An Asked is one address's answer about one image.
type Asked struct {
	Role      string `json:"kind"`
	Address   string `json:"address"`
	Reference string `json:"reference"`
	Status    Status `json:"status"`
	// Digest is that of the manifest; empty where it is not there.
	Digest string `json:"digest"`
	Finding
	Steps []Step `json:"steps"`
}

// A Finding is what is wrong and what to do, with the fields of gen diagnose; all
// are empty where nothing is wrong.
type Finding struct {
	// Cause is an id of gen diagnose, or address-refused or digest-differs.
	Cause   string `json:"cause"`
	Summary string `json:"summary"`
	// Remedy is in the order in which to try. Never nil.
	Remedy []string `json:"remedy"`
	// Change is what of the MirrorSet mends it. Never nil.
	Change []diagnosis.Change `json:"change"`
}

// Failed reports whether anything was found: a failed address or image, or
// images of which none is served by any mirror.
func (r *Report) Failed() bool {
	for _, a := range r.Addresses {
		if a.Status == Failed {
			return true
		}
	}
	for _, i := range r.Images {
		if i.Status == Failed {
			return true
		}
	}
	return r.NoneServed()
}

// NoneServed reports whether images were given and no mirror serves any of them.
func (r *Report) NoneServed() bool {
	for _, i := range r.Images {
		if len(i.Asked) > 0 {
			return false
		}
	}
	return len(r.Images) > 0
}
