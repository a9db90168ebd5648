package node

import (
	"fmt"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/node/installer"
)

// ContainerdCertsFolder is the one folder that config_path names. A list with a
// colon, the default of 2.2 and later, is not split where 2.x pulls by its
// transfer service, and every mirror is then passed over (containerd issues
// 12415, 12636).
const ContainerdCertsFolder = installer.CertsFolder

// A containerdConfig is the part of config.toml that is written.
type containerdConfig struct {
	Version int `toml:"version"`
	Plugins map[string]struct {
		Registry struct {
			ConfigPath string `toml:"config_path"`
		} `toml:"registry"`
	} `toml:"plugins"`
}

// configs are the fragments for both major versions. They hold no credentials:
// registry.configs.*.auth is deprecated, ignored for a Pod with a pull secret,
// and would put a password on every node.
func (in input) configs() ([]artifact.File, error) {
	var files []artifact.File
	for _, c := range []struct {
		name, plugin, comment string
		version               int
	}{
		{"containerd/config-1.x.toml", "io.containerd.grpc.v1.cri", config1, 2},
		{"containerd/config-2.x.toml", "io.containerd.cri.v1.images", config2, 3},
	} {
		text := fmt.Sprintf("%sversion = %d\n\n[plugins.%s.registry]\n  config_path = %s\n", c.comment, c.version, quote(c.plugin), quote(ContainerdCertsFolder))
		var back containerdConfig
		if err := strict([]byte(text), &back); err != nil {
			return nil, err
		}
		if back.Version != c.version || back.Plugins[c.plugin].Registry.ConfigPath != ContainerdCertsFolder {
			return nil, fmt.Errorf("%s reads back as %v", c.name, back)
		}
		files = append(files, in.file(c.name, text))
	}
	return files, nil
}

const config1 = `# For containerd 1.6 and 1.7: merge this into /etc/containerd/config.toml, then restart containerd.
# It must not be one of the files that "imports" names: 1.x replaces the whole section of a plugin
# by an imported one, and every other setting of CRI, such as SystemdCgroup, would be lost.
# config_path excludes registry.mirrors and registry.configs."<host>".tls: with one of them CRI does not start.
# Credentials belong in a Pod's pull secret or the kubelet's credential provider; the table
# registry.configs."<host>".auth still works, but is deprecated and holds a password on every node.
`

const config2 = `# For containerd 2.x: merge this into /etc/containerd/config.toml, or put it beside it as
# conf.d/50-mirrorgen.toml where config.toml has imports = ["/etc/containerd/conf.d/*.toml"];
# then restart containerd. 2.x merges the tables of imported files.
# config_path is one folder on purpose: a list with a colon is not split where 2.x pulls by its
# transfer service, and mirrors are then passed over.
# Credentials belong in a Pod's pull secret or the kubelet's credential provider; the table
# registry.configs."<host>".auth is deprecated, and its mere presence changes how 2.x pulls.
`
