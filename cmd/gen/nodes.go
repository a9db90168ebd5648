package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

func newNodes() *cobra.Command {
	var from specFlag
	var out string
	var check bool
	var options node.Options
	cmd := &cobra.Command{
		Use:   "nodes",
		Short: "generate the configuration of container runtimes from a MirrorSet",
		Long: `nodes renders MirrorSets into the files that a node's container runtime reads:
where the images of a source come from, and how mirrors and registries are
reached that plain HTTPS does not reach. Files that an earlier run generated and
this one would not are deleted; a file without the generated header is never
touched. What a runtime cannot express is an error, unless the MirrorSet says
nodes.onUnsupported: skip.

runtimes:
  containerd   certs.d/<host>/hosts.toml, and config_path for 1.x and 2.x
  crio         registries.conf.d, which Podman, Buildah and Skopeo read too
  docker       daemon.json and certs.d
  k3s          registries.yaml, which RKE2 reads too`,
		Example: `  gen nodes
  gen nodes -f mirrors.yaml --runtime containerd,crio --out nodes
  gen nodes --installer script
  gen nodes --check`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if out == "" || out == "-" {
				return errors.New("--out names a folder; what a node reads is several files")
			}
			sets, err := from.checked(cmd)
			if err != nil {
				return err
			}
			warnings, err := node.CheckCertificates(sets, time.Now())
			if err != nil {
				return err
			}
			files, skipped, err := node.Render(sets, options)
			if err != nil {
				return err
			}
			sayProblems(cmd.ErrOrStderr(), "warning", warnings)
			sayProblems(cmd.ErrOrStderr(), "skipped", skipped)
			if len(files) == 0 {
				return fmt.Errorf("the MirrorSets say nothing that a node with %s could be told", strings.Join(options.Runtimes, ", "))
			}
			if err := checkOut(out); err != nil {
				return err
			}
			changes, err := artifact.Nodes.Compare(out, files)
			if err != nil {
				return err
			}
			if check {
				sayBroken(cmd.ErrOrStderr(), changes)
				return reportDrift(cmd, changes, out, nodesCommand(from.orDefault(), out, options))
			}
			if err := artifact.Write(out, changes); err != nil {
				return err
			}
			saySummary(cmd.ErrOrStderr(), out, files, changes)
			return nil
		},
	}
	from.register(cmd)
	cmd.Flags().StringVar(&out, "out", "nodes", "folder to write")
	cmd.Flags().StringSliceVar(&options.Runtimes, "runtime", []string{node.Containerd}, "the nodes' container runtimes, comma-separated: "+strings.Join(node.Runtimes(), ", "))
	cmd.Flags().BoolVar(&check, "check", false, "write nothing; print what would change and exit 1 if anything would")
	cmd.Flags().StringVar(&options.Installer, "installer", "", "also write install.sh (script), and manifests that run it on every node (daemonset)")
	cmd.Flags().StringVar(&options.InstallerImage, "installer-image", "", "the image that the daemonset runs, below a mirror's address")
	return cmd
}

func sayProblems(w io.Writer, what string, problems []spec.Problem) {
	for _, p := range problems {
		fmt.Fprintf(w, "%s: %s\n", what, printable(p.String()))
	}
}

// sayBroken names the files that a runtime could not read as they are: some
// pass over such a file, and ask the registry itself.
func sayBroken(w io.Writer, changes []artifact.Change) {
	for _, c := range changes {
		if c.Kind != artifact.Stale {
			continue
		}
		if err := node.Verify(c.Path, c.Before); err != nil {
			fmt.Fprintln(w, printable(err.Error()))
		}
	}
}

func nodesCommand(specs []string, out string, o node.Options) string {
	command := "gen nodes" + fileFlags(specs) + " --out " + shellQuote(out) + " --runtime " + shellQuote(strings.Join(o.Runtimes, ","))
	if o.Installer != "" {
		command += " --installer " + shellQuote(o.Installer)
	}
	if o.InstallerImage != "" {
		command += " --installer-image " + shellQuote(o.InstallerImage)
	}
	return command
}
