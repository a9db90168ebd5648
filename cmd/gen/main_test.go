package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// kyvernoVariable names the program that runs Kyverno, where there is one.
const kyvernoVariable = "MIRRORGEN_ENGINE_KYVERNO"

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"gen": func() {
			os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
		},
	})
}

// Each script is a session at a terminal: commands as typed, what they print,
// what they leave behind.
func TestCommandsDoWhatTheirScriptsSay(t *testing.T) {
	testscript.Run(t, scriptParams("testdata/script"))
}

func scriptParams(dir string) testscript.Params {
	return testscript.Params{
		Dir:                 dir,
		RequireExplicitExec: true,
		Setup: func(env *testscript.Env) error {
			// The rest of the environment is testscript's: a developer's own decides nothing.
			env.Setenv("KYVERNO", os.Getenv(kyvernoVariable))
			return nil
		},
		Condition: func(name string) (bool, error) {
			if name == "kyverno" {
				// Set and wrong is a failure of the script, not a reason to pass it over.
				return os.Getenv(kyvernoVariable) != "", nil
			}
			return false, fmt.Errorf("condition %q: not known", name)
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"write":    write,
			"frozen":   frozen,
			"registry": startRegistry,
			"expand":   expand,
		},
	}
}

// exits runs a command that has to end with just that status: exits 2 gen policies.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits STATUS COMMAND...")
	}
	wanted, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != wanted {
		ts.Fatalf("%s: exit status %d, wanted %d", strings.Join(args[1:], " "), got, wanted)
	}
}

// write makes a file of text with Go's escapes, repeated: write FILE TEXT [N [TEXT]].
// A script is UTF-8 text itself and cannot hold every byte.
func write(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 || len(args) > 4 {
		ts.Fatalf("usage: write FILE TEXT [TIMES [END]]")
	}
	times := 1
	var err error
	if len(args) > 2 {
		times, err = strconv.Atoi(args[2])
		ts.Check(err)
	}
	unquote := func(text string) string {
		plain, err := strconv.Unquote(`"` + strings.ReplaceAll(text, `"`, `\"`) + `"`)
		ts.Check(err)
		return plain
	}
	text := strings.Repeat(unquote(args[1]), times)
	if len(args) > 3 {
		text += unquote(args[3])
	}
	file, err := os.OpenFile(ts.MkAbs(args[0]), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	ts.Check(err)
	_, err = file.WriteString(text)
	ts.Check(errors.Join(err, file.Close()))
}

// frozen remembers the times of files, or with "!" wants one of them changed:
// frozen FILE... twice says that nothing wrote them in between.
func frozen(ts *testscript.TestScript, neg bool, args []string) {
	for _, name := range args {
		info, err := os.Stat(ts.MkAbs(name))
		ts.Check(err)
		key := "FROZEN_" + strings.Map(func(r rune) rune {
			if r == '/' || r == '.' || r == '-' {
				return '_'
			}
			return r
		}, name)
		now := strconv.FormatInt(info.ModTime().UnixNano(), 10)
		before := ts.Getenv(key)
		ts.Setenv(key, now)
		if before == "" {
			continue
		}
		if (before != now) != neg {
			ts.Fatalf("%s: written: %v, wanted %v", name, before != now, neg)
		}
	}
}
