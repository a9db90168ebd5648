package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"mirrorgen.dev/gen/diagnosis"
	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

func newDiagnose() *cobra.Command {
	d := &diagnose{}
	cmd := &cobra.Command{
		Use:   "diagnose [INPUT]",
		Short: "say why an image was not pulled, and what to do about it",
		Long: `diagnose reads an error text, the events or Pods of a cluster, or a description
of a Pod, and prints for each failed image pull its cause, the host and the
image concerned, and what to do, in order. With -f it also names the change to
the MirrorSet that mends it. It asks no cluster and no registry.

INPUT is a file, - for stdin (the default), or the error text itself. Plain text
is one message a line; --whole takes it as one message.

exit status: 0 a failure was found and explained; 1 nothing in the input is a
failed image pull; 2 the input could not be read to its end. With -o json it is
0 whenever everything was answered.`,
		Example: `  kubectl get events -A -o json | gen diagnose
  kubectl describe pod web-1 | gen diagnose -f mirrors.yaml
  gen diagnose 'dial tcp 10.0.0.5:443: i/o timeout'
  journalctl -u containerd --since today | gen diagnose -o json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 {
				return errors.New("one INPUT is read at a time; put quotes around an error text")
			}
			return nil
		},
		RunE: d.run,
	}
	d.from.register(cmd)
	cmd.Flags().Lookup("file").Usage = "MirrorSet file, kustomization folder or - for stdin: name the change that mends a failure; may be repeated"
	cmd.Flags().StringVarP(&d.format, "output", "o", "console", "console, or json: one line per failure, or per line of plain text")
	cmd.Flags().BoolVar(&d.whole, "whole", false, "take plain text as one message, line breaks included")
	cmd.Flags().StringVar(&d.lang, "lang", "", "en or zh (default from LC_ALL, LC_MESSAGES, LANG)")
	return cmd
}

// A diagnose is one run of the command.
type diagnose struct {
	from         specFlag
	format, lang string
	whole        bool

	language diagnosis.Language
	sets     []*spec.MirrorSet
	plans    []*mirror.Plan

	out                *bufio.Writer
	messages, failures int
	// cut: a message was longer than is read. picked: the input is one out of
	// which failures are picked, so that none is an answer too.
	cut, picked bool
}

func (d *diagnose) run(cmd *cobra.Command, args []string) error {
	if d.format != "console" && d.format != "json" {
		return fmt.Errorf("-o %q: must be console or json", d.format)
	}
	var err error
	if d.language, err = languageOf(d.lang); err != nil {
		return err
	}
	in, name, err := d.open(cmd, args)
	if err != nil {
		return err
	}
	defer in.Close() // it was only read
	if err := d.readSets(cmd, name); err != nil {
		return err
	}
	d.out = bufio.NewWriter(cmd.OutOrStdout())
	err = d.read(in, name)
	if flushErr := d.out.Flush(); flushErr != nil {
		return flushErr
	}
	if d.cut {
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: a message of more than 1 MiB was cut\n", printable(name))
	}
	switch {
	case err != nil:
		return err
	case d.messages == 0 && !d.picked:
		return fmt.Errorf("%s: holds no message; nothing was diagnosed", name)
	case d.format == "json":
		return nil
	case d.failures == 0:
		fmt.Fprintf(cmd.ErrOrStderr(), "%s: none of %d messages speaks of a failed image pull\n", printable(name), d.messages)
		return errFindings
	}
	return nil
}

// open opens INPUT. What is the name of no file and has blanks in it is the text.
func (d *diagnose) open(cmd *cobra.Command, args []string) (in io.ReadCloser, name string, err error) {
	if len(args) == 0 || args[0] == "-" {
		stdin := cmd.InOrStdin()
		if file, ok := stdin.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
			fmt.Fprintln(cmd.ErrOrStderr(), "paste the error, then press Ctrl-D")
		}
		return io.NopCloser(stdin), "stdin", nil
	}
	if args[0] == "" {
		return nil, "", errors.New("the error text is empty; give it in quotes, or name a file, or - for stdin")
	}
	file, err := os.Open(args[0])
	if err == nil {
		info, err := file.Stat()
		if err != nil {
			return nil, "", errors.Join(err, file.Close())
		}
		if info.IsDir() {
			return nil, "", errors.Join(fmt.Errorf("%s: is a folder; name a file", args[0]), file.Close())
		}
		return file, args[0], nil
	}
	if strings.ContainsAny(args[0], " \n") || strings.Contains(args[0], "://") || diagnosis.Diagnose(args[0], "").Cause != "" || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
		return io.NopCloser(strings.NewReader(args[0])), "argument", nil
	}
	if _, lookErr := look(args[0], "name a file, - for stdin, or give the error text in quotes"); lookErr != nil {
		return nil, "", lookErr
	}
	return nil, "", err
}

// readSets reads the MirrorSets, where -f names any.
func (d *diagnose) readSets(cmd *cobra.Command, input string) error {
	if len(d.from.paths) == 0 {
		return nil
	}
	for _, name := range d.from.paths {
		if name == "-" && input == "stdin" {
			return errors.New("-f - and INPUT -: stdin can be read once")
		}
	}
	var err error
	if d.sets, err = d.from.sets(cmd.InOrStdin()); err != nil {
		return err
	}
	d.plans, err = generator.Plans(d.sets)
	return err
}

// read goes through the input. Lines of plain text are answered one by one in
// JSON; everything else is brought together first.
func (d *diagnose) read(in io.Reader, name string) error {
	input, err := diagnosis.NewReader(in, diagnosis.Options{Name: name, Whole: d.whole})
	if err != nil {
		return err
	}
	d.picked = !input.Format().Lines()
	answered := !d.picked && d.format == "json"
	together := diagnosis.Collector{Emit: d.write}
	err = input.Each(func(item diagnosis.Item) error {
		d.messages++
		d.cut = d.cut || item.Cut
		f := item.Diagnose(d.language)
		if answered {
			return d.write(diagnosis.Report{Finding: f, Count: item.Count})
		}
		return together.Add(item, f)
	})
	return errors.Join(together.Flush(), err)
}

// write prints one report.
func (d *diagnose) write(r diagnosis.Report) error {
	if r.Cause != diagnosis.NotAPullFailure {
		d.failures++
		r.Change = diagnosis.Advise(r.Finding, r.Namespace(), d.sets, d.plans, d.language)
	}
	if d.format == "json" {
		return r.WriteJSON(d.out)
	}
	return r.WriteConsole(d.out, d.language)
}
