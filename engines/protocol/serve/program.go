// Package serve is what engine programs have in common: the program's side of
// package protocol, its arguments, and the care for its output.
package serve

import (
	"context"
	"fmt"
	"io"
	"os"
	"runtime/debug"

	"mirrorgen.dev/gen/engines/protocol"
)

// An Engine loads policies. It may be used by several goroutines at once.
type Engine interface {
	// Load fails where the policies cannot be used, and names all that is wrong.
	Load(ctx context.Context, files []protocol.File) (Session, error)
}

// A Session is a set of loaded policies. It may be used by several goroutines at once.
type Session interface {
	// Rules are what may be reported as matched or fired, sorted.
	Rules() []string
	// Warnings are what a cluster prints when the policies are applied.
	Warnings() []string
	// Admit decides. An error means that there is no verdict; a denial is an Outcome.
	Admit(ctx context.Context, admit *protocol.Admit) (*protocol.Outcome, error)
}

// Loader is the engine whose Load is load, which returns sessions of a type of its own.
func Loader[S Session](load func(context.Context, []protocol.File) (S, error)) Engine {
	return loader[S](load)
}

type loader[S Session] func(context.Context, []protocol.File) (S, error)

func (l loader[S]) Load(ctx context.Context, files []protocol.File) (Session, error) {
	session, err := l(ctx, files)
	if err != nil {
		// Not a nil S, which would be a Session.
		return nil, err
	}
	return session, nil
}

// A Program is an engine as a program of its own.
type Program struct {
	// Name is the engine's, as the hello says it: kyverno.
	Name string
	// Command is the program's: gen-engine-kyverno.
	Command string
	// About is a sentence for --help.
	About string
	// Version is the engine's own, such as v1.19.1; ModuleVersion finds it.
	Version string
	// Phases are those that the engine runs.
	Phases []string
	// Engine makes the engine when the conversation begins.
	Engine func() Engine
	// Decode reads a line's JSON. Whole numbers must stay whole, as they are in the
	// objects that an API server hands out.
	Decode func(line []byte, into any) error
	// MaxLine is the longest line in bytes; unset: protocol.MaxLine.
	MaxLine int
}

// Run is the program: the exit status for its arguments.
func (p Program) Run(arguments []string, in io.Reader, out *os.File, errors io.Writer) int {
	switch {
	case len(arguments) == 1 && arguments[0] == "--version":
		fmt.Fprintf(out, "%s %s, %s %s\n", p.Command, programVersion(), p.Name, p.Version)
		return 0
	case len(arguments) == 1 && (arguments[0] == "--help" || arguments[0] == "-h"):
		fmt.Fprint(out, p.usage())
		return 0
	case len(arguments) > 0:
		fmt.Fprintf(errors, "%s: unknown argument %q\n\n%s", p.Command, arguments[0], p.usage())
		return 2
	}
	// Engines print to os.Stdout here and there; the pipe to gen is the protocol's alone.
	os.Stdout = os.Stderr
	if os.Getenv("GOGC") == "" {
		// Requests are many small maps and the process is short-lived: a fifth of the
		// time would go to collecting them.
		debug.SetGCPercent(800)
	}
	if err := p.Serve(context.Background(), in, out); err != nil {
		fmt.Fprintln(errors, p.Command+":", err)
		return 1
	}
	return 0
}

func (p Program) usage() string {
	return p.Command + " " + p.About + `

It speaks JSON lines on stdin and stdout and ends at the end of its input.

  --version   print the versions of the program and of its engine
  --help      print this text
`
}

// ModuleVersion is that of a module linked into the program, such as v1.19.1.
func ModuleVersion(path string) string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, module := range info.Deps {
			if module.Path == path {
				if module.Replace != nil && module.Replace.Version != "" {
					return module.Replace.Version
				}
				return module.Version
			}
		}
	}
	return "(unknown)"
}

func programVersion() string {
	if info, ok := debug.ReadBuildInfo(); ok && info.Main.Version != "" {
		return info.Main.Version
	}
	return "(unknown)"
}
