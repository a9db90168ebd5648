package installer_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"
	"time"

	"mirrorgen.dev/gen/generator/node/installer"
)

// A host is a node below a folder: its root, the folder that gen nodes wrote,
// and the commands that the script finds there. Its path has a blank and quotes,
// so that a path left bare anywhere in the script breaks every test.
type host struct {
	t *testing.T
	// root is the node's root, out the folder with install.sh.
	root, out string
	// bin is all that PATH holds: the tools that the script needs, and chroot.
	bin string
	// shell runs the script.
	shell []string
}

// tools are the commands that a node has to have, all in coreutils, findutils,
// grep, sed, awk and util-linux.
var tools = []string{"awk", "cat", "chmod", "cp", "cut", "dirname", "find", "flock", "grep", "head", "id", "mkdir",
	"mktemp", "mv", "rm", "rmdir", "sed", "sort", "tail", "tr"}

// newHost makes a node with the os-release of testdata, and none of the runtimes.
func newHost(t *testing.T, release string) *host {
	t.Helper()
	dir := t.TempDir()
	h := &host{t: t, root: dir + "/a node's \"$root\"", out: dir + "/nodes' files *", bin: dir + "/bin", shell: []string{"sh"}}
	script, err := installer.Script()
	if err != nil {
		t.Fatal(err)
	}
	h.put("install.sh", string(script))
	for _, tool := range append(tools, "sh") {
		h.tool(tool)
	}
	// The node's own commands run in its root.
	h.executable(h.bin+"/chroot", `FAKE_ROOT=$1 exec sh "$1/usr/bin/$2" "$@"`)
	text, err := os.ReadFile("testdata/os-release/" + release)
	if err != nil {
		t.Fatal(err)
	}
	h.node("etc/os-release", string(text))
	return h
}

// tool links a command of this machine into PATH.
func (h *host) tool(name string) {
	h.t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		h.t.Fatalf("%s: install.sh needs it, and a machine without it runs no node", name)
	}
	h.link(name, path)
}

func (h *host) link(name, path string) {
	h.t.Helper()
	must(h.t, os.MkdirAll(h.bin, 0o755), os.Symlink(path, filepath.Join(h.bin, name)))
}

func must(t *testing.T, problems ...error) {
	t.Helper()
	if err := errors.Join(problems...); err != nil {
		t.Fatal(err)
	}
}

func (h *host) write(name, text string, mode fs.FileMode) {
	h.t.Helper()
	must(h.t, os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, []byte(text), mode), os.Chmod(name, mode))
}

func (h *host) executable(name, body string) { h.write(name, "#!/bin/sh\n"+body+"\n", 0o755) }

// put writes a generated file, node a file of the node.
func (h *host) put(name, text string) { h.t.Helper(); h.write(filepath.Join(h.out, name), text, 0o644) }
func (h *host) node(name, text string) {
	h.t.Helper()
	h.write(filepath.Join(h.root, name), text, 0o644)
}

// take removes a file or a folder.
func (h *host) take(name string) { h.t.Helper(); must(h.t, os.RemoveAll(name)) }

func (h *host) read(name string) string {
	h.t.Helper()
	data, err := os.ReadFile(filepath.Join(h.root, name))
	if err != nil {
		h.t.Fatal(err)
	}
	return string(data)
}

// command gives the node one of its own commands, which appends to calls.
func (h *host) command(name, body string) {
	h.executable(filepath.Join(h.root, "usr/bin", name), `shift 2
record() { printf '%s\n' "$*" >>"$FAKE_ROOT/../calls"; }
`+body)
}

// updateTrust gives the node both commands of all families. They make one bundle
// of the anchors, so that a test sees what the node trusts.
func (h *host) updateTrust() {
	for name, anchors := range map[string]string{"update-ca-trust": "/etc/pki/ca-trust/source/anchors", "update-ca-certificates": "/usr/local/share/ca-certificates /etc/pki/trust/anchors"} {
		h.command(name, `record `+name+` "$@"
[ ! -e "$FAKE_ROOT/fails/`+name+`" ] || { echo p11-kit is out of order >&2; exit 1; }
for anchors in `+anchors+`; do [ ! -d "$FAKE_ROOT$anchors" ] || find "$FAKE_ROOT$anchors" -name '*.crt' | sort; done >"$FAKE_ROOT/bundle"`)
	}
	h.node("bundle", "")
}

// systemd gives the node a systemctl under which units are active.
func (h *host) systemd(units ...string) {
	h.command("systemctl", `[ "$1" != is-active ] || { [ -e "$FAKE_ROOT/active/$3" ]; exit; }
record systemctl "$@"
[ ! -e "$FAKE_ROOT/fails/systemctl" ] || { rm "$FAKE_ROOT/fails/systemctl"; exit 1; }`)
	for _, unit := range units {
		h.node("active/"+unit, "")
	}
}

// run runs the script with the node as its root.
func (h *host) run(arguments ...string) (status int, stdout, stderr string) {
	h.t.Helper()
	return h.call(append([]string{"--root", h.root}, arguments...)...)
}

// call runs the script as it is called.
func (h *host) call(arguments ...string) (status int, stdout, stderr string) {
	h.t.Helper()
	shell, err := exec.LookPath(h.shell[0])
	must(h.t, err)
	// A tight umask shows where the script relies on the caller's.
	line := append([]string{"-c", `umask 077; exec "$@"`, "sh", shell}, h.shell[1:]...)
	command := exec.Command("sh", append(append(line, "install.sh"), arguments...)...)
	command.Dir = h.out
	command.Env = []string{"PATH=" + h.bin, "TMPDIR=" + h.t.TempDir()}
	var out, talk bytes.Buffer
	command.Stdout, command.Stderr = &out, &talk
	err = command.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		h.t.Fatal(err)
	}
	return command.ProcessState.ExitCode(), out.String(), talk.String()
}

// want runs the script and fails unless the exit status is as wanted; it returns
// what was said.
func (h *host) want(status int, arguments ...string) string {
	h.t.Helper()
	got, stdout, stderr := h.run(arguments...)
	if got != status {
		h.t.Fatalf("install.sh %q: exit status %d, want %d\n%s%s", arguments, got, status, stdout, stderr)
	}
	return stdout + stderr
}

// calls returns what the node's commands were asked since the last time.
func (h *host) calls() string {
	h.t.Helper()
	name := filepath.Join(h.root, "../calls")
	data, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		h.t.Fatal(err)
	}
	h.take(name)
	return strings.ReplaceAll(strings.TrimSpace(string(data)), "\n", "; ")
}

// holds is what is below the root but the script's own records: a line for each
// file and folder, with mode and content.
func (h *host) holds() string {
	h.t.Helper()
	var lines []string
	must(h.t, filepath.WalkDir(h.root, func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, _ := filepath.Rel(h.root, name)
		if rel == "var/lib/mirrorgen" || rel == "fails" || rel == "active" {
			return fs.SkipDir
		}
		if rel == "var" || rel == "var/lib" {
			return nil
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		text := ""
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			text = string(data)
		}
		lines = append(lines, fmt.Sprintf("%s %s %q", info.Mode(), rel, text))
		return nil
	}))
	sort.Strings(lines)
	return strings.Join(lines, "\n")
}

// certificate is one self-signed CA, the same for the whole run.
var certificate = sync.OnceValue(func() string {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a CA"}, NotAfter: time.Unix(1<<33, 0), IsCA: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		panic(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
})

// shells are the shells of this machine that the script has to run in.
func shells(t *testing.T) [][]string {
	t.Helper()
	all := [][]string{{"sh"}}
	for _, shell := range [][]string{{"dash"}, {"bash", "--posix"}, {"busybox", "sh"}} {
		if _, err := exec.LookPath(shell[0]); err == nil {
			all = append(all, shell)
		} else {
			t.Logf("%s is not on this machine", shell[0])
		}
	}
	return all
}
