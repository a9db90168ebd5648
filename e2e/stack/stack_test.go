package stack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"mirrorgen.dev/gen/e2e/process"
)

// helperVariable makes the test's own program a parent that starts a stack and
// waits to be ended.
const helperVariable = "MIRRORGEN_E2E_HELPER"

func TestMain(m *testing.M) {
	if os.Getenv(helperVariable) != "" {
		helper()
	}
	os.Exit(m.Run())
}

// helper starts a stack, tells its folder and processes, and waits.
func helper() {
	binaries, err := FromEnvironment()
	if err == nil {
		var s *Stack
		if s, err = Start(context.Background(), Options{Binaries: binaries, Kyverno: os.Getenv(helperVariable) == "kyverno"}); err == nil {
			fmt.Println(s.Folder(), strings.Trim(fmt.Sprint(s.IDs()), "[]"))
			select {}
		}
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(2)
}

func binaries(t *testing.T) Binaries {
	t.Helper()
	b, err := FromEnvironment()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestNothingListensBeyondLoopback(t *testing.T) {
	s, err := Start(t.Context(), Options{Binaries: binaries(t), Kyverno: true, Background: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Stop()
	ids := s.IDs()
	if len(ids) != 5 {
		t.Fatalf("%d processes run, wanted etcd, two API servers and two of Kyverno's", len(ids))
	}
	all, err := process.Listeners(ids...)
	if err != nil {
		t.Fatal(err)
	}
	// etcd twice, the API servers, Kyverno's webhooks.
	if len(all) < 5 {
		t.Errorf("%v: fewer listeners than the stack needs, so the guard does not see them", all)
	}
	for _, address := range all {
		if !address.Addr().IsLoopback() {
			t.Errorf("%v is reachable from other machines", address)
		}
	}
}

func TestNothingIsLeftWhenTheParentEnds(t *testing.T) {
	binaries(t)
	for _, row := range []struct {
		why    string
		signal syscall.Signal
		with   string
	}{
		{"an interrupt from the terminal", syscall.SIGINT, "plain"},
		{"a job that is cancelled", syscall.SIGTERM, "plain"},
		{"a crash, or the kernel out of memory", syscall.SIGKILL, "kyverno"},
	} {
		t.Run(row.why, func(t *testing.T) {
			command := exec.Command(os.Args[0])
			command.Env = append(os.Environ(), helperVariable+"="+row.with)
			command.Stderr = os.Stderr
			command.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
			out, err := command.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			line, err := bufio.NewReader(out).ReadString('\n')
			told := strings.Fields(line)
			if err != nil || len(told) < 4 {
				t.Fatalf("the helper told %q: %v", line, err)
			}
			if err := command.Process.Signal(row.signal); err != nil {
				t.Fatal(err)
			}
			_ = command.Wait()
			if status := command.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != row.signal {
				t.Errorf("the helper ended with %v, wanted: of the signal", command.ProcessState)
			}
			err = Until(t.Context(), "the end of all", time.Minute, func(context.Context) error {
				var left []error
				for _, id := range told[1:] {
					if stat, err := os.ReadFile("/proc/" + id + "/stat"); err == nil && !strings.Contains(string(stat), ") Z ") {
						left = append(left, fmt.Errorf("process %s runs", id))
					}
				}
				if _, err := os.Stat(told[0]); err == nil {
					left = append(left, fmt.Errorf("%s is there", told[0]))
				}
				return errors.Join(left...)
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func TestAPortInUseIsNamedAndNothingIsStarted(t *testing.T) {
	listener, err := net.Listen("tcp4", process.Address(0))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	s, err := Start(t.Context(), Options{Binaries: binaries(t), Ports: Ports{api: port}})
	want := fmt.Sprintf("kube-apiserver: port %d of 127.0.0.1 is in use", port)
	if s != nil || err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, wanted %q", err, want)
	}
}

func TestAProgramThatFailsIsToldAndNothingIsLeft(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	broken := filepath.Join(t.TempDir(), "kube-apiserver")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\necho 'unknown flag: --etcd-servers' >&2\nexit 1\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	b := binaries(t)
	b.APIServer = broken
	_, err := Start(t.Context(), Options{Binaries: b})
	if err == nil || !strings.Contains(err.Error(), "kube-apiserver: exit status 1; it printed last:\nunknown flag: --etcd-servers") {
		t.Errorf("got %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "*")); len(left) > 0 {
		t.Errorf("%v are left", left)
	}
}

func TestAStackThatWasStoppedStartsNothingMore(t *testing.T) {
	s := &Stack{stopped: true}
	if _, err := s.start("etcd", "/bin/true", nil); err == nil || !strings.Contains(err.Error(), "the stack was stopped") {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsMissingIsNamedWithTheCommandThatBuildsIt(t *testing.T) {
	for _, row := range []struct{ why, bin, module, want string }{
		{"nothing is set", "", "", "MIRRORGEN_E2E_BIN and MIRRORGEN_E2E_KYVERNO are not set: a real API server is needed; run make e2e"},
		{"a folder without the programs", "/nonexistent", "/nonexistent", "/nonexistent/kube-apiserver: no such file or directory; run make e2e"},
		{"a folder where a program belongs", folderNamed(t, "etcd"), "/nonexistent", "/etcd: is no file; run make e2e"},
	} {
		t.Run(row.why, func(t *testing.T) {
			t.Setenv(BinVariable, row.bin)
			t.Setenv(KyvernoVariable, row.module)
			if _, err := FromEnvironment(); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, wanted %q", err, row.want)
			}
		})
	}
}

func folderNamed(t *testing.T, name string) string {
	folder := t.TempDir()
	if err := os.Mkdir(filepath.Join(folder, name), 0o700); err != nil {
		t.Fatal(err)
	}
	return folder
}

func TestUntilSaysWhatWasStillMissing(t *testing.T) {
	err := Until(t.Context(), "webhooks", 50*time.Millisecond, func(context.Context) error { return errors.New("no webhook is registered") })
	if err == nil || !strings.Contains(err.Error(), "webhooks: not within 50ms: no webhook is registered") {
		t.Errorf("got %v", err)
	}
}
