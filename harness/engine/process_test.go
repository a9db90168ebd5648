package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"mirrorgen.dev/gen/engines/protocol"
	"mirrorgen.dev/gen/generator/artifact"
)

const behaviour = "MIRRORGEN_TEST_ENGINE"

// TestMain makes the test binary an engine program where a test asks for one.
func TestMain(m *testing.M) {
	if how := os.Getenv(behaviour); how != "" {
		os.Exit(fakeEngine(how))
	}
	os.Exit(m.Run())
}

// fakeEngine denies every object with the message "pid <pid>" and answers
// concurrently, the last of two requests first; how names what it does wrong.
func fakeEngine(how string) int {
	lines := protocol.NewLineWriter(os.Stdout)
	say := func(value any) {
		if line, err := protocol.Encode(value, protocol.MaxLine); err == nil {
			_ = lines.Write(line)
		}
	}
	hello := protocol.Hello{Protocol: protocol.Version, Engine: "fake", Version: "v9", Phases: []string{"mutate", "validate"}}
	if versions, ok := strings.CutPrefix(how, "is "); ok {
		// By the names that the program is started under.
		for _, program := range strings.Fields(versions) {
			if name, version, _ := strings.Cut(program, "="); name == filepath.Base(os.Args[0]) {
				hello.Version = version
			}
		}
	}
	switch how {
	case "no hello":
		time.Sleep(time.Hour)
	case "rubbish hello":
		fmt.Println("Kyverno is starting...")
		time.Sleep(time.Hour)
	case "wrong protocol":
		hello.Protocol = 99
	case "wrong engine":
		hello.Engine = "other"
	case "dies at once":
		fmt.Fprintln(os.Stderr, "cannot find my schema")
		return 3
	case "only validates":
		hello.Phases = []string{"validate"}
	case "has a background":
		hello.Phases = append(hello.Phases, "background")
	}
	say(hello)
	var sessions int64
	input := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		text, err := input.ReadBytes('\n')
		if err != nil {
			if how == "ignores the end" {
				time.Sleep(time.Hour)
			}
			return 0
		}
		var request protocol.Request
		if err := json.Unmarshal(text, &request); err != nil {
			return 1
		}
		if request.Load != nil {
			if strings.Contains(request.Load.Files[0].Data, "bad") {
				say(protocol.Response{ID: request.ID, Error: "bad.yaml: field x"})
				continue
			}
			sessions++
			say(protocol.Response{ID: request.ID, Load: &protocol.Loaded{Session: sessions, Rules: []string{"p/r"}, Warnings: []string{"old"}}})
			continue
		}
		if request.Unload != nil {
			say(protocol.Response{ID: request.ID, Unloaded: true})
			continue
		}
		kind, _ := request.Admit.Object["kind"].(string)
		switch how {
		case "hangs":
			if kind == "Hang" {
				continue
			}
		case "rubbish":
			fmt.Println("{this is no JSON")
		case "no id":
			fmt.Println(`{"admit":{"allowed":true}}`)
		case "wrong id":
			say(protocol.Response{ID: request.ID + 1000, Admit: &protocol.Outcome{Allowed: true}})
		case "wrong type":
			fmt.Printf("{\"id\":%d,\"admit\":{\"allowed\":\"yes\"}}\n", request.ID)
		case "no outcome":
			say(protocol.Response{ID: request.ID})
		case "huge line":
			fmt.Println(strings.Repeat("x", 2<<20))
		case "half a line":
			fmt.Print(`{"id":1,`)
			return 0
		case "dies":
			fmt.Fprintln(os.Stderr, strings.Repeat("noise ", 2000)+"panic: out of ideas")
			return 3
		case "ends quietly":
			return 0
		case "child":
			// A child that holds the pipes open must not keep gen waiting.
			_, _ = os.StartProcess("/bin/sleep", []string{"sleep", "60"}, &os.ProcAttr{Files: []*os.File{nil, os.Stdout, os.Stderr}})
			return 4
		default:
			go func() {
				if kind == "Slow" {
					time.Sleep(50 * time.Millisecond)
				}
				outcome := &protocol.Outcome{Messages: []string{strconv.Itoa(os.Getpid())}, Matched: request.Admit.Phases}
				if kind == "Changed" {
					outcome.Allowed = true
					outcome.Object = map[string]any{"kind": "Changed", "whole": int64(9007199254740993), "part": 0.5}
				}
				if kind == "Error" {
					say(protocol.Response{ID: request.ID, Error: "needs namespaceLabels"})
					return
				}
				outcome.Warnings = []string{fmt.Sprint(request.Admit.Object["n"])}
				if slices.Contains(request.Admit.Phases, "background") {
					outcome.Recorded = []string{request.Admit.Operation}
					outcome.Cluster = request.Admit.Cluster
					if kind == "Namespace" {
						outcome.Cluster = append(outcome.Cluster, map[string]any{"kind": "Made", "whole": int64(9007199254740993), "part": 0.5})
					}
				}
				say(protocol.Response{ID: request.ID, Admit: outcome})
			}()
		}
	}
}

func fake(t *testing.T, how string, change func(*ProcessConfig)) *Process {
	t.Helper()
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	config := ProcessConfig{
		Name: "fake", Program: "gen-engine-fake", Path: own,
		// The race detector would hold up a program's end for a second.
		Environment:    []string{behaviour + "=" + how, "GORACE=atexit_sleep_ms=0"},
		RequestTimeout: 300 * time.Millisecond,
		// The race detector makes a start slow.
		LoadTimeout: 10 * time.Second,
		MaxLine:     1 << 20,
	}
	if change != nil {
		change(&config)
	}
	process := NewProcess(config)
	t.Cleanup(func() {
		if err := process.Close(); err != nil {
			t.Error(err)
		}
	})
	return process
}

var policies = []artifact.File{{Path: "a.yaml", Data: []byte("kind: Policy")}}

func object(kind string) Request { return Request{Object: map[string]any{"kind": kind}} }

func load(t *testing.T, process *Process) *ProcessSession {
	t.Helper()
	session, err := process.Load(context.Background(), policies)
	if err != nil {
		t.Fatal(err)
	}
	return session.(*ProcessSession)
}

func TestAProcessAnswersLikeAnEngine(t *testing.T) {
	process := fake(t, "well", nil)
	session := load(t, process)
	ctx := context.Background()
	if version, err := process.Version(ctx); err != nil || version != "v9" {
		t.Errorf("version %q, %v", version, err)
	}
	if !reflect.DeepEqual(session.Rules(), []string{"p/r"}) || !reflect.DeepEqual(session.Warnings(), []string{"old"}) {
		t.Errorf("rules %v, warnings %v", session.Rules(), session.Warnings())
	}
	request := object("Pod")
	outcome, err := session.Admit(ctx, request)
	if err != nil {
		t.Fatal(err)
	}
	if outcome.Allowed || len(outcome.Messages) != 1 {
		t.Errorf("a denial arrived as %+v", outcome)
	}
	if !reflect.DeepEqual(outcome.Object, request.Object) {
		t.Errorf("an unchanged object is the request's, got %v", outcome.Object)
	}
	if !reflect.DeepEqual(outcome.Matched, []string{"mutate", "validate"}) {
		t.Errorf("unset phases read as all, the engine saw %v", outcome.Matched)
	}
	outcome, err = session.Admit(ctx, object("Changed"))
	want := map[string]any{"kind": "Changed", "whole": int64(9007199254740993), "part": 0.5}
	if err != nil || !reflect.DeepEqual(outcome.Object, want) {
		t.Errorf("the changed object arrived as %v, %v", outcome.Object, err)
	}
	outcome, err = session.Admit(ctx, Request{Operation: Delete, OldObject: map[string]any{"kind": "Pod"}})
	if err != nil || outcome.Object != nil {
		t.Errorf("a DELETE has no object, got %v, %v", outcome.Object, err)
	}
	if _, err := session.Admit(ctx, Request{}); err == nil {
		t.Error("a request without an object was sent")
	}
	if err := session.Close(); err != nil {
		t.Error(err)
	}
	if err := session.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	if _, err := session.Admit(ctx, request); err == nil {
		t.Error("a closed session answered")
	}
}

func TestWhatTheEngineRefusesIsNoFaultOfTheEngine(t *testing.T) {
	process := fake(t, "well", nil)
	_, err := process.Load(context.Background(), []artifact.File{{Path: "bad.yaml", Data: []byte("bad")}})
	if err == nil || errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "bad.yaml: field x") {
		t.Errorf("refused policies: %v", err)
	}
	session := load(t, process)
	_, err = session.Admit(context.Background(), object("Error"))
	if err == nil || errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "needs namespaceLabels") {
		t.Errorf("refused request: %v", err)
	}
	huge := Request{Object: map[string]any{"kind": "Pod", "x": strings.Repeat("x", 2<<20)}}
	if _, err := session.Admit(context.Background(), huge); !errors.Is(err, protocol.ErrLineTooLong) || errors.Is(err, ErrBroken) {
		t.Errorf("a request too long to send: %v", err)
	}
	if _, err := session.Admit(context.Background(), object("Pod")); err != nil {
		t.Errorf("the engine is sound afterwards: %v", err)
	}
}

func TestAPhaseThatTheEngineDoesNotHaveIsNotAskedFor(t *testing.T) {
	session := load(t, fake(t, "only validates", nil))
	outcome, err := session.Admit(context.Background(), object("Pod"))
	if err != nil || !reflect.DeepEqual(outcome.Matched, []string{"validate"}) {
		t.Errorf("asked for %v, %v", outcome.Matched, err)
	}
	request := object("Pod")
	request.Phases = []Phase{Mutate}
	if _, err := session.Admit(context.Background(), request); err == nil {
		t.Error("a request for which nothing would run passed")
	}
}

func TestABrokenStartIsNeverASession(t *testing.T) {
	cases := []struct{ reason, how, says string }{
		{"it says nothing", "no hello", "said no hello within"},
		{"it says something else", "rubbish hello", "instead of hello"},
		{"it is of another build", "wrong protocol", "speaks version 99"},
		{"it is another engine", "wrong engine", `"other"`},
		{"it ends at once, and says why on stderr", "dies at once", "cannot find my schema"},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			process := fake(t, test.how, func(c *ProcessConfig) {
				if test.how == "no hello" {
					c.LoadTimeout = 300 * time.Millisecond
				}
			})
			for _, call := range []string{"first", "second"} {
				_, err := process.Load(context.Background(), policies)
				if !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), test.says) {
					t.Errorf("%s load: got %v, want ErrBroken with %q", call, err, test.says)
				}
			}
		})
	}
}

func TestABrokenAnswerIsNeverAVerdict(t *testing.T) {
	cases := []struct{ reason, how, says string }{
		{"no answer in time", "hangs", "did not answer within"},
		{"a line that is no JSON", "rubbish", "no JSON"},
		{"an answer to nothing", "no id", "answers nothing"},
		{"an answer to another request", "wrong id", "was not asked"},
		{"an answer of another shape", "wrong type", "no answer"},
		{"an answer without content", "no outcome", "without an outcome"},
		{"a line over the limit", "huge line", "line too long"},
		{"the end within a line", "half a line", "unexpected EOF"},
		{"a crash; the end of stderr is shown", "dies", "panic: out of ideas"},
		{"a clean end nobody asked for", "ends quietly", "ended by itself"},
		{"a crash that leaves a child holding the pipes", "child", "exit status 4"},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			t.Parallel()
			if test.how == "child" && runtime.GOOS == "windows" {
				return
			}
			process := fake(t, test.how, nil)
			session := load(t, process)
			start := time.Now()
			var group sync.WaitGroup
			for range 3 {
				group.Go(func() {
					outcome, err := session.Admit(context.Background(), object("Hang"))
					if !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), test.says) {
						t.Errorf("pending: got %v, want ErrBroken with %q", err, test.says)
					}
					if err == nil || outcome.Allowed || outcome.Object != nil {
						t.Errorf("pending: a verdict: %+v", outcome)
					}
				})
			}
			group.Wait()
			if took := time.Since(start); took > 8*time.Second {
				t.Errorf("took %s", took)
			}
			if _, err := session.Admit(context.Background(), object("Pod")); !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("later call: got %v", err)
			}
			if _, err := process.Load(context.Background(), policies); !errors.Is(err, ErrBroken) {
				t.Errorf("later load: got %v", err)
			}
			if err := session.Close(); err != nil {
				t.Errorf("close of a session of a broken engine: %v", err)
			}
		})
	}
}

func TestTheTailOfStderrIsBounded(t *testing.T) {
	session := load(t, fake(t, "dies", nil))
	_, err := session.Admit(context.Background(), object("Pod"))
	if err == nil || len(err.Error()) > 5<<10 || !strings.Contains(err.Error(), "exit status 3") {
		t.Errorf("error of %d bytes", len(fmt.Sprint(err)))
	}
}

func TestOneBrokenProcessBreaksTheEngine(t *testing.T) {
	process := fake(t, "hangs", func(c *ProcessConfig) { c.Workers = 2; c.RequestTimeout = 2 * time.Second })
	session := load(t, process)
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if _, err := session.Admit(context.Background(), object("Hang")); !errors.Is(err, ErrBroken) {
				t.Errorf("got %v", err)
			}
		})
	}
	group.Wait()
	if _, err := session.Admit(context.Background(), object("Pod")); !errors.Is(err, ErrBroken) {
		t.Errorf("later call: %v", err)
	}
}

func TestAnswersReachTheirCallersOverSeveralProcesses(t *testing.T) {
	process := fake(t, "well", func(c *ProcessConfig) { c.Workers = 3; c.RequestTimeout = 20 * time.Second })
	session := load(t, process)
	var group sync.WaitGroup
	var mutex sync.Mutex
	pids := map[string]bool{}
	for n := range 60 {
		group.Go(func() {
			request := object([]string{"Slow", "Pod"}[n%2])
			request.Object["n"] = n
			outcome, err := session.Admit(context.Background(), request)
			if err != nil {
				t.Error(err)
				return
			}
			if outcome.Warnings[0] != strconv.Itoa(n) {
				t.Errorf("request %d got the answer of %s", n, outcome.Warnings[0])
			}
			mutex.Lock()
			defer mutex.Unlock()
			pids[outcome.Messages[0]] = true
		})
	}
	group.Wait()
	if len(pids) != 3 {
		t.Errorf("%d processes answered, want 3", len(pids))
	}
	if err := session.Close(); err != nil {
		t.Error(err)
	}
}

func TestOneCallerAtATimeNeedsOneProcess(t *testing.T) {
	session := load(t, fake(t, "well", func(c *ProcessConfig) { c.Workers = 3 }))
	pids := map[string]bool{}
	for range 5 {
		outcome, err := session.Admit(context.Background(), object("Pod"))
		if err != nil {
			t.Fatal(err)
		}
		pids[outcome.Messages[0]] = true
	}
	if len(pids) != 1 {
		t.Errorf("%d processes were started", len(pids))
	}
}

func TestACallerThatGivesUpDoesNotBreakTheEngine(t *testing.T) {
	session := load(t, fake(t, "well", func(c *ProcessConfig) { c.RequestTimeout = 20 * time.Second }))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Millisecond)
	defer cancel()
	if _, err := session.Admit(ctx, object("Slow")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
	time.Sleep(80 * time.Millisecond) // the late answer arrives
	if _, err := session.Admit(context.Background(), object("Pod")); err != nil {
		t.Errorf("afterwards: %v", err)
	}
	if _, err := session.Admit(ctx, object("Pod")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a context that is over: %v", err)
	}
}

func TestCloseEndsTheProgram(t *testing.T) {
	for _, how := range []string{"well", "ignores the end", "hangs"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			process := fake(t, how, func(c *ProcessConfig) { c.RequestTimeout = 20 * time.Second })
			session := load(t, process)
			w := process.slots[0].worker
			if how == "hangs" {
				go session.Admit(context.Background(), object("Hang"))
				time.Sleep(20 * time.Millisecond)
			}
			if err := process.Close(); err != nil {
				t.Error(err)
			}
			select {
			case <-w.exited:
			case <-time.After(time.Second):
				t.Error("the program runs on")
			}
			if _, err := session.Admit(context.Background(), object("Pod")); err == nil || errors.Is(err, ErrBroken) {
				t.Errorf("a closed engine: %v", err)
			}
			if err := process.Close(); err != nil {
				t.Errorf("closing twice: %v", err)
			}
		})
	}
}

func TestNothingIsLeftRunning(t *testing.T) {
	before := runtime.NumGoroutine()
	for _, how := range []string{"well", "dies", "hangs", "rubbish"} {
		process := fake(t, how, nil)
		session := load(t, process)
		_, _ = session.Admit(context.Background(), object("Hang"))
		w := process.slots[0].worker
		if err := process.Close(); err != nil {
			t.Error(err)
		}
		<-w.exited
	}
	for deadline := time.Now().Add(3 * time.Second); runtime.NumGoroutine() > before; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			stack := make([]byte, 1<<16)
			t.Fatalf("%d goroutines, %d before\n%s", runtime.NumGoroutine(), before, stack[:runtime.Stack(stack, true)])
		}
	}
}

func TestAnAbsentEngineSaysHowToGetIt(t *testing.T) {
	folder := t.TempDir()
	plain := filepath.Join(folder, "plain")
	if err := os.WriteFile(plain, []byte("text"), 0o644); err != nil {
		t.Fatal(err)
	}
	cases := []struct{ reason, path, says string }{
		{"nowhere to be found", "", "neither beside gen nor in $PATH"},
		{"the path leads nowhere", filepath.Join(folder, "none"), "does not exist"},
		{"the folder does not hold it", folder, "does not exist"},
		{"the file is no program", plain, "is not executable"},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			process := NewProcess(ProcessConfig{Name: "fake", Program: "gen-engine-fake", Path: test.path})
			_, err := process.Load(context.Background(), policies)
			if !errors.Is(err, ErrAbsent) {
				t.Fatalf("got %v", err)
			}
			for _, part := range []string{test.says, "make build", "--engine-path"} {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			if err := process.Close(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestTheEngineIsFoundInAFolderAndInThePath(t *testing.T) {
	own, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if err := os.Symlink(own, filepath.Join(folder, "gen-engine-fake")); err != nil {
		t.Fatal(err)
	}
	load(t, fake(t, "well", func(c *ProcessConfig) { c.Path = folder }))
	t.Setenv("PATH", folder)
	load(t, fake(t, "well", func(c *ProcessConfig) { c.Path = "" }))
}
