package migrate

// criConfig reads the mirrors of config.toml, which containerd 1.x has (deprecated)
// beside config_path.
func (r *reader) criConfig(top field) {
	node := &Node{Kind: Containerd, File: top.File}
	said := false
	for _, plugin := range top.get("plugins").entries() {
		registry := plugin.value.get("registry")
		if !registry.written() {
			continue
		}
		if folder := registry.get("config_path"); folder.text() != "" {
			said = true
			r.note(folder.place, folder.text(), "names the folder of the mirrors; give that folder too")
			if mirrors := registry.get("mirrors"); len(mirrors.entries()) > 0 {
				r.note(mirrors.place, "", "containerd does not start with mirrors beside a config_path; see which of both is in use")
			}
		}
		for _, m := range registry.get("mirrors").entries() {
			said = true
			if rewrite := m.value.get("rewrite"); rewrite.written() {
				r.note(rewrite.place, "", "only the containerd of k3s and RKE2 rewrites repositories; where this file is read by another, remove it here before it is migrated")
			}
			before := len(r.rows)
			r.k3sMirror(m, node)
			for i := before; i < len(r.rows); i++ {
				upstream := true
				r.rows[i].what, r.rows[i].upstream = "containerd, "+r.rows[i].source, &upstream
			}
		}
		for _, c := range registry.get("configs").entries() {
			said = true
			r.k3sConfig(c)
		}
		for _, name := range []string{"auths", "headers"} {
			if e := registry.get(name); e.written() {
				r.leave(e.place, "", credentials)
			}
		}
	}
	if !said {
		r.note(top.place, "", "says nothing of registries: containerd asks each itself")
	}
	if len(node.rules) > 0 {
		r.nodes = append(r.nodes, node)
	}
}
