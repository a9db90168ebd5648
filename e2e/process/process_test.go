package process_test

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"mirrorgen.dev/gen/e2e/process"
)

func shell(t *testing.T, script string) *process.Process {
	t.Helper()
	p, err := process.Start(process.Config{Name: "shell", Path: "/bin/sh", Args: []string{"-c", script}, Log: filepath.Join(t.TempDir(), "log")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Kill)
	return p
}

func TestAProcessThatEndedSaysHowAndWhatItPrintedLast(t *testing.T) {
	p := shell(t, "echo one; echo two >&2; exit 3")
	<-p.Done()
	err := p.Err()
	if err == nil || !strings.Contains(err.Error(), "shell: exit status 3") || !strings.Contains(err.Error(), "one\ntwo") {
		t.Errorf("got %v", err)
	}
}

func TestAProcessThatRunsHasNoError(t *testing.T) {
	if err := shell(t, "exec sleep 60").Err(); err != nil {
		t.Error(err)
	}
}

func TestAProgramThatIsNotThereIsAnError(t *testing.T) {
	_, err := process.Start(process.Config{Name: "etcd", Path: "/nonexistent", Log: filepath.Join(t.TempDir(), "log")})
	if err == nil || !strings.Contains(err.Error(), "etcd: ") {
		t.Errorf("got %v", err)
	}
}

func TestKillEndsAProcessThatDoesNotListen(t *testing.T) {
	p := shell(t, "trap '' TERM INT; while :; do sleep 1; done")
	p.Kill()
	if p.Err() == nil {
		t.Error("it still runs")
	}
	p.Kill()
}

func TestKillEndsWhatTheProcessStarted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "child")
	p := shell(t, "sleep 60 & echo $! >"+file+".part; mv "+file+".part "+file+"; wait")
	child := strings.TrimSpace(await(t, file))
	p.Kill()
	gone(t, child)
}

func TestTheEnvironmentIsWhatIsGivenAlone(t *testing.T) {
	t.Setenv("SECRET_OF_THIS_MACHINE", "1")
	log := filepath.Join(t.TempDir(), "log")
	p, err := process.Start(process.Config{Name: "env", Path: "/usr/bin/env", Env: []string{"GIVEN=1"}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	<-p.Done()
	if got := process.Tail(log, 10); got != "GIVEN=1" {
		t.Errorf("got %q", got)
	}
}

func TestAFolderGoesWithItsContents(t *testing.T) {
	f, err := process.NewFolder("mirrorgen-e2e-test-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(f.Path, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := f.Remove(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Stat(f.Path); !os.IsNotExist(err) {
		t.Errorf("it is still there: %v", err)
	}
}

func TestPortsAreFreeAndDifferent(t *testing.T) {
	ports, err := process.FreePorts(5)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[int]bool{}
	for _, port := range ports {
		if seen[port] || process.CheckFree("test", port) != nil {
			t.Errorf("%d: came twice, or is not free", port)
		}
		seen[port] = true
	}
}

func TestAPortInUseIsNamed(t *testing.T) {
	listener, err := net.Listen("tcp4", process.Address(0))
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := listener.Addr().(*net.TCPAddr).Port
	want := fmt.Sprintf("etcd: port %d of 127.0.0.1 is in use", port)
	if err := process.CheckFree("etcd", port); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, wanted %q", err, want)
	}
}

// await reads a file once it is there.
func await(t *testing.T, file string) string {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		if data, err := os.ReadFile(file); err == nil {
			return string(data)
		} else if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

// gone waits until no process has that id, or only one that is dead and unburied.
func gone(t *testing.T, id string) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		status, err := os.ReadFile("/proc/" + id + "/stat")
		if os.IsNotExist(err) || strings.Contains(string(status), ") Z ") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("process %s still runs: %s", id, status)
		}
	}
}
