package probe

import (
	"strings"

	"mirrorgen.dev/gen/diagnosis"
	"mirrorgen.dev/gen/generator/spec"
)

// change says what of the MirrorSet mends a cause. The probe asked as the
// MirrorSet says, so that of transport and CA it knows more than a node's message
// does; the rest is what gen diagnose advises. Empty, never nil: no change mends
// it, or what was asked is no entry of a MirrorSet.
func (p *prober) change(cause string, t target, reference string) []diagnosis.Change {
	none := []diagnosis.Change{}
	if t.set == nil {
		return none
	}
	switch cause {
	case causeServerIsHTTP:
		return []diagnosis.Change{p.setTransport(t, "http")}
	case causeServerIsTLS:
		return []diagnosis.Change{p.setTransport(t, "https")}
	case causeUnknownAuthority:
		return []diagnosis.Change{p.setCAFile(t)}
	case causeNoCredentials, causeUnauthorized:
		// A secret that is named is in the cluster, where the probe does not look.
		if t.pullSecret {
			return none
		}
	case causeHTML, causeNameMismatch, causeNoIPSAN:
	case causeNotFound, causeNotAllowlisted, causeProxyRepository, causeAccessDenied, causeForbidden, causeSchema1:
		if reference == "" {
			return none
		}
	default:
		return none
	}
	if t.role == roleRegistry {
		return none
	}
	if reference == "" {
		// Of several mirrors at one host, the one whose address the image has is meant.
		reference = t.address + "/x"
	}
	if changes := diagnosis.Advise(diagnosis.Finding{Cause: cause, Host: t.host, Image: reference}, "", []*spec.MirrorSet{t.set}, p.plans, p.lang); changes != nil {
		return changes
	}
	return none
}

func (p *prober) setTransport(t target, transport string) diagnosis.Change {
	why := textSpeaksTLS
	if transport == "http" {
		why = textSpeaksHTTP
	}
	if t.undeclared {
		return p.declare(t, "transport: "+transport, why)
	}
	return p.changeAt(t, "transport", "transport: "+transport, why.in(p.lang))
}

func (p *prober) setCAFile(t target) diagnosis.Change {
	switch {
	case t.caFile == "" && t.undeclared:
		return p.declare(t, "caFile: "+certificateFile(t.host), textSetCAFile)
	case t.caFile == "":
		return p.changeAt(t, "caFile", "caFile: "+certificateFile(t.host), textSetCAFile.in(p.lang))
	case t.ca == nil:
		return p.changeAt(t, "caFile", "", textCANotRead.in(p.lang, t.caFile))
	}
	return p.changeAt(t, "caFile", "", textWrongCA.in(p.lang, t.caFile))
}

// certificateFile is a name for a host's CA file, the one that gen diagnose
// suggests: with the port, as another port may be another registry.
func certificateFile(host string) string {
	return "certs/" + strings.Trim(strings.NewReplacer("[", "", "]", "", ":", "_").Replace(host), "._") + ".crt"
}

// declare is a new entry of registries for a fallback's host, which has none yet.
func (p *prober) declare(t target, field string, why text) diagnosis.Change {
	at := t.set.Position("spec.registries")
	return diagnosis.Change{File: at.File, Line: at.Line, Path: "spec.registries",
		YAML: "registries: [{host: \"" + t.host + "\", " + field + "}]", Why: why.in(p.lang)}
}

// changeAt is a change of a field of the target's entry.
func (p *prober) changeAt(t target, field, yaml, why string) diagnosis.Change {
	path := t.entry + "." + field
	at := t.set.Position(path)
	return diagnosis.Change{File: at.File, Line: at.Line, Path: path, YAML: yaml, Why: why}
}
