// Package node turns MirrorSets into the files that a node's container runtime
// reads: redirections of the sources, and the transport and certificates of
// mirrors and registries that are not reached by plain HTTPS. It says what a
// runtime cannot express, and touches no disk.
//
// The output folder, and where each part belongs on a node:
//
//	containerd/certs.d/<host>/hosts.toml, ca.crt   /etc/containerd/certs.d/
//	containerd/config-1.x.toml, config-2.x.toml    parts of /etc/containerd/config.toml
//	crio/registries.conf.d/50-mirrorgen.conf       /etc/containers/registries.conf.d/
//	crio/certs.d/<host[:port]>/ca.crt              /etc/containers/certs.d/
//	docker/daemon.json                             part of /etc/docker/daemon.json
//	docker/certs.d/<host[:port]>/ca.crt            /etc/docker/certs.d/
//	k3s/registries.yaml                            /etc/rancher/k3s/, or /etc/rancher/rke2/
//	k3s/config.yaml.d/50-mirrorgen.yaml            config.yaml.d/ in the same folder
//	k3s/certs/<host>.crt                           K3sCertificates
//	trust/<host>.crt                               the system's trust store
//	install.sh, daemonset/                         with Options.Installer
//
// In containerd/certs.d, k3s/certs and trust a host's colons are written as
// FolderName does.
package node

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/spec"
)

// The runtimes that Render knows. Podman reads what crio does, RKE2 what k3s does.
const (
	Containerd = "containerd"
	CRIO       = "crio"
	Docker     = "docker"
	K3s        = "k3s"
)

// Runtimes lists what Options.Runtimes may hold.
func Runtimes() []string { return []string{Containerd, CRIO, Docker, K3s} }

// Options say what is rendered.
type Options struct {
	// Runtimes are names of Runtimes, at least one; their order has no meaning.
	Runtimes []string
	// Installer is empty, "script" (install.sh) or "daemonset" (install.sh, and
	// manifests that run it on every node).
	Installer string
	// InstallerImage is what the DaemonSet runs, an image below a mirror's
	// address; empty without the DaemonSet.
	InstallerImage string
}

// Render makes the files below the output folder, sorted by path: the same for
// the same input. It assumes sets that package spec read and generator.Plans
// accepted together.
//
// What a runtime cannot express is an error, a spec.Problems with every such
// place, unless the set's nodes.onUnsupported is skip. skipped lists what was
// left out then, and what no setting of a runtime can prevent.
func Render(sets []*spec.MirrorSet, o Options) (files []artifact.File, skipped []spec.Problem, err error) {
	runtimes, err := o.check()
	if err != nil {
		return nil, nil, err
	}
	in := input{source: sources(sets)}
	var problems spec.Problems
	in.hosts, problems = readHosts(sets)
	for _, set := range sets {
		redirects, refused := readRedirects(set)
		in.redirects = append(in.redirects, redirects...)
		problems, skipped = settle(refused, problems, skipped)
	}
	for _, name := range runtimes {
		rendered, refused, err := renderer(name)(in)
		if err != nil {
			return nil, nil, fmt.Errorf("runtime %s: %w; this is a bug of gen, not of the MirrorSet", name, err)
		}
		files = append(files, rendered...)
		problems, skipped = settle(refused, problems, skipped)
	}
	if err := problems.Err(); err != nil {
		return nil, nil, err
	}
	if len(files) > 0 {
		files = append(files, in.trust()...)
	}
	if files, skipped, err = install(sets, in, o, files, skipped); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(files, func(a, b artifact.File) int { return strings.Compare(a.Path, b.Path) })
	slices.SortStableFunc(skipped, func(a, b spec.Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, a.Column-b.Column)
	})
	return files, skipped, nil
}

// check returns the runtimes, each once, sorted.
func (o Options) check() ([]string, error) {
	if len(o.Runtimes) == 0 {
		return nil, fmt.Errorf("no runtime; name some of %s", strings.Join(Runtimes(), ", "))
	}
	for _, name := range o.Runtimes {
		if !slices.Contains(Runtimes(), name) {
			return nil, fmt.Errorf("runtime %q: not known; the runtimes are %s", name, strings.Join(Runtimes(), ", "))
		}
	}
	switch o.Installer {
	case "", "script":
		if o.InstallerImage != "" {
			return nil, fmt.Errorf("an installer image is for the installer daemonset alone; drop it, or ask for that installer")
		}
	case "daemonset":
		if o.InstallerImage == "" {
			return nil, fmt.Errorf("the installer daemonset has to run an image; name one that a mirror serves")
		}
	default:
		return nil, fmt.Errorf("installer %q: not known; it is script or daemonset", o.Installer)
	}
	return slices.Compact(slices.Sorted(slices.Values(o.Runtimes))), nil
}

// An input is what every runtime is rendered from.
type input struct {
	// source names the MirrorSets' files for the headers.
	source    string
	hosts     hosts
	redirects []redirect
}

// renderer is how a runtime is rendered: its files, and what it cannot express
// of the redirections. What it refuses is not in the files.
func renderer(runtime string) func(input) ([]artifact.File, []refusal, error) {
	switch runtime {
	case Containerd:
		return containerd
	case CRIO:
		return crio
	case Docker:
		return docker
	}
	return k3s
}

// file makes a file with its header.
func (in input) file(name, text string) artifact.File {
	return artifact.File{Path: name, Data: []byte(artifact.Nodes.Header(in.source) + text)}
}

// sources names the files that sets came from, without their folders, so that
// no path of a machine is in a generated file.
func sources(sets []*spec.MirrorSet) string {
	var names []string
	for _, set := range sets {
		if file := set.Position("").File; file != "" {
			names = append(names, path.Base(file))
		}
	}
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(names))), ", ")
}
