package migrate

import (
	"bytes"
	"errors"
	"path"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/spec"
)

// toml reads a file of containerd's: a hosts.toml, or config.toml.
func (r *reader) toml(f File) {
	at := place{Position: spec.Position{File: f.Name}}
	tree, err := readTOML(f.Data)
	if err != nil {
		var p *placed
		if errors.As(err, &p) {
			at.Line, at.Column = p.line, p.column
		}
		message := err.Error() + "; containerd passes over a hosts.toml that it cannot read, and asks the registry itself"
		if bytes.Contains(f.Data, []byte("[plugins")) {
			message = err.Error() + "; containerd does not start with such a config.toml"
		}
		r.refuse(at, message)
		return
	}
	top := root(f.Name, tree)
	if top.get("plugins").written() {
		r.found++
		r.criConfig(top)
		return
	}
	if len(top.entries()) == 0 && path.Base(f.Name) == "hosts.toml" {
		r.passed = append(r.passed, problem(top.place, "is empty, so that containerd asks the registry itself, and is passed over"))
		return
	}
	if !top.get("server").written() && !top.get("host").written() {
		r.refuse(top.place, `is TOML, but no hosts.toml (server, [host."<url>"]) and no configuration of containerd ([plugins...])`)
		return
	}
	source, every, err := folderSource(f)
	if err != nil {
		r.refuse(top.place, err.Error())
		return
	}
	r.found++
	if !every {
		r.noteHubName(top.place, path.Base(path.Dir(f.Name)))
	}
	r.hostsFile(f.Name, top, source, every)
}

// folderSource is the registry that a hosts.toml is about, which the name of its
// folder says: host, host:port, or host_port_; _default is for every one without.
func folderSource(f File) (source string, every bool, err error) {
	folder := f.Folder
	if folder == "" {
		folder = path.Base(path.Dir(f.Name))
	}
	if folder == "_default" {
		return "*", true, nil
	}
	if cut, ok := strings.CutSuffix(folder, "_"); ok {
		if at := strings.LastIndexByte(cut, '_'); at >= 0 {
			folder = cut[:at] + ":" + cut[at+1:]
		}
	}
	source, err = registryName(folder)
	if err != nil || folder == "." || folder == "/" || strings.Trim(folder, ".") == "" {
		return "", false, errors.New("a hosts.toml does not say which registry it is about, the name of its folder does; name it as <folder>/certs.d/<registry>/hosts.toml")
	}
	return source, false, nil
}

// hostsFile reads a hosts.toml (docs/hosts.md of containerd): its hosts are asked
// in the order of the file, then server, which is the registry itself where it is
// not written.
func (r *reader) hostsFile(name string, top field, source string, every bool) {
	rule := &nodeRule{source: source, every: every}
	if !r.checkCapabilities(top) {
		return
	}
	if hosts := top.get("host"); hosts.written() && hosts.Kind != document.Mapping {
		r.leave(hosts.place, "", `is `+hosts.Kind.String()+`, so that containerd passes over the whole file and redirects nothing; write [host."<url>"]`)
		return
	}
	for _, h := range top.get("host").entries() {
		r.hostTable(h, rule)
	}
	upstream := true
	at := top.place
	if server := top.get("server"); server.text() != "" {
		at = server.place
		upstream = r.server(top, server, rule)
	} else if len(rule.endpoints) > 0 && !every {
		r.note(top.place, "", "has no server, so that containerd asks "+source+" itself last; leaving it out does not keep it from that")
	}
	for _, e := range top.others("server", "host", "capabilities", "skip_verify", "ca", "client", "header", "override_path", "dial_timeout") {
		r.leave(e.key, "", "is no field of hosts.toml, and containerd passes over it; remove it")
	}
	if len(rule.endpoints) == 0 {
		if every {
			r.leave(at, "_default", "stands for every registry, and a MirrorSet declares each")
		}
		return
	}
	node := r.nodeOf(name)
	node.rules = append(node.rules, rule)
	sources := []string{source}
	if every {
		sources = r.options.Sources
		if len(sources) == 0 {
			r.leave(rule.at[0], "_default", "stands for every registry without a folder of its own, and a MirrorSet names each; name those that you use with --sources")
		} else {
			r.note(rule.at[0], "_default", "stands for every registry without a folder of its own; carried over for those of --sources")
		}
	}
	for _, source := range sources {
		made := row{source: source, mirror: rule.endpoints[0].address(), at: rule.at[:1], what: "containerd, " + source, upstream: &upstream}
		for _, e := range rule.endpoints[1:] {
			made.fallbacks = append(made.fallbacks, e.address())
		}
		r.rows = append(r.rows, made)
	}
}

// nodeOf is the node whose folder of hosts a file is in.
func (r *reader) nodeOf(name string) *Node {
	folder := path.Dir(path.Dir(name))
	for _, node := range r.nodes {
		if node.Kind == Containerd && node.File == folder {
			return node
		}
	}
	node := &Node{Kind: Containerd, File: folder}
	r.nodes = append(r.nodes, node)
	return node
}

// checkCapabilities refuses a file with a capability that containerd does not know:
// it passes over the whole file.
func (r *reader) checkCapabilities(top field) bool {
	tables := []field{top}
	for _, h := range top.get("host").entries() {
		tables = append(tables, h.value)
	}
	for _, table := range tables {
		for _, c := range table.get("capabilities").items() {
			if !slices.Contains([]string{"pull", "resolve", "push", "referrers"}, strings.ToLower(c.text())) {
				r.leave(c.place, c.text(), "is no capability, so that containerd passes over the whole file and redirects nothing; write pull and resolve")
				return false
			}
		}
	}
	return true
}

// server is what is asked last. It says whether that is the registry itself.
func (r *reader) server(top, server field, rule *nodeRule) (upstream bool) {
	at, ok := r.endpointAt(server.place, server.text(), top.get("override_path").isTrue())
	if !ok {
		return true
	}
	self := !rule.every && at.isSelf(rule.source)
	if self && at.host == image.DockerHub {
		return true
	}
	r.hostFields(top, at)
	if self {
		r.declareItself(at.host)
		return true
	}
	if !r.canPull(top, server.text()) {
		return false
	}
	for _, e := range rule.endpoints {
		if e.address() == at.address() {
			return false
		}
	}
	rule.endpoints = append(rule.endpoints, at)
	rule.at = append(rule.at, server.place)
	return false
}
