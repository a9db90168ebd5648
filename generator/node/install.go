package node

import (
	"fmt"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/node/installer"
	"mirrorgen.dev/gen/generator/spec"
)

// install adds the installer that the options ask for. The DaemonSet carries the
// files that are there.
func install(sets []*spec.MirrorSet, in input, o Options, files []artifact.File, skipped []spec.Problem) ([]artifact.File, []spec.Problem, error) {
	if o.Installer == "" || len(files) == 0 {
		return files, skipped, nil
	}
	var manifests []artifact.File
	if o.Installer == "daemonset" {
		note, err := checkInstallerImage(sets, in.hosts, o.InstallerImage)
		if err != nil {
			return nil, nil, err
		}
		if note != "" {
			skipped = append(skipped, spec.Problem{Message: note})
		}
		if manifests, err = installer.DaemonSet(files, o.InstallerImage); err != nil {
			return nil, nil, err
		}
	}
	script, err := installer.Script()
	if err != nil {
		return nil, nil, err
	}
	files = append(files, artifact.File{Path: "install.sh", Data: script})
	return append(files, manifests...), skipped, nil
}

// checkInstallerImage wants an image below a mirror's address: the source may be
// out of the nodes' reach, which is what they are being set up for. note says
// that the nodes may need what the installer brings in order to pull it.
func checkInstallerImage(sets []*spec.MirrorSet, hs hosts, text string) (note string, err error) {
	ref, err := image.Parse(text)
	if err != nil {
		return "", fmt.Errorf("installer image %q: %w", text, err)
	}
	var addresses []string
	instead, fallback := "", ""
	for _, set := range sets {
		p := mirror.Compile(set)
		for _, name := range p.MirrorNames() {
			address := p.Mirrors[name].Address
			if mirror.Below(ref.Name(), address) && ref.Name() != address {
				if host, _ := split(address); hs.insecure(host) || hs[host].ca != nil {
					note = fmt.Sprintf("installer image %q: %s is not reached by plain HTTPS, so that a node can pull it only after its installation; preload it", text, host)
				}
				return note, nil
			}
			addresses = append(addresses, address)
		}
		if r := p.Rewrite(text); r.Status == mirror.Rewritten {
			instead = r.Image
		}
		if fallback == "" {
			fallback = besideFallback(set, ref)
		}
	}
	switch {
	case instead != "":
		return "", fmt.Errorf("installer image %q: comes from no mirror, and the nodes may not reach its registry; write %q", text, instead)
	case fallback != "":
		return "", fmt.Errorf("installer image %q: comes from a fallback, which admission does not count as a mirror; write %q", text, fallback)
	}
	return "", fmt.Errorf("installer image %q: comes from no mirror, and the nodes may not reach its registry; name an image below %s", text, strings.Join(addresses, " or "))
}

// besideFallback is an image below a fallback as the fallback's mirror has it, ""
// for any other image. A fallback is asked by nodes in the place of its mirror;
// to the generated policies it is a registry like any other, which they may refuse.
func besideFallback(set *spec.MirrorSet, ref image.Reference) string {
	for _, m := range set.Spec.Mirrors {
		for _, fallback := range m.Fallbacks {
			host, path := split(fallback)
			if path != "" {
				host += "/" + path
			}
			if rest, below := strings.CutPrefix(ref.Name(), host+"/"); below {
				return m.Mirror + "/" + rest + ref.Suffix()
			}
		}
	}
	return ""
}
