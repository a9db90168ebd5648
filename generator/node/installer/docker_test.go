package installer_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"reflect"
	"sort"
	"strings"
	"sync"
	"testing"
)

// merging gives the node whatever of this machine can merge JSON.
func (h *host) merging() {
	for _, m := range mergers(h.t) {
		h.link(m.name, m.path)
	}
}

// A merger is a tool with which the script can merge JSON.
type merger struct{ name, path string }

// mergers are those of this machine. A name in PATH may be a wrapper that wants
// more than the tools that a node has, so each is asked what it really is.
func mergers(t *testing.T) []merger {
	t.Helper()
	found := findMergers()
	t.Logf("of python3, python2 and jq this machine has %v", found)
	return found
}

var findMergers = sync.OnceValue(func() []merger {
	var found []merger
	for _, name := range []string{"python3", "python2"} {
		if path, err := exec.Command(name, "-c", "import sys; sys.stdout.write(sys.executable)").Output(); err == nil {
			found = append(found, merger{name, string(path)})
		}
	}
	if path, err := exec.LookPath("jq"); err == nil {
		found = append(found, merger{"jq", path})
	}
	return found
})

// dockerHost is a node with Docker alone, for which two mirrors were generated.
func dockerHost(t *testing.T) *host {
	t.Helper()
	h := newHost(t, "ubuntu-22.04")
	h.updateTrust()
	h.systemd("docker")
	h.command("dockerd", "exit 1")
	h.put("docker/daemon.json", generatedDaemon)
	return h
}

const generatedDaemon = "{\n  \"insecure-registries\": [\n    \"10.0.0.1:5000\"\n  ],\n  \"registry-mirrors\": [\n    \"https://cr.example.com\"\n  ]\n}\n"

// compact is JSON without what python3 and jq may write differently.
func compact(text string) string { return strings.Join(strings.Fields(text), "") }

func TestSettingsOfDockerAreMergedAndNeverReplaced(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ why, have, want string }{
		{"nothing of ours", `{"log-driver":"json-file","exec-opts":["native.cgroupdriver=systemd"]}`,
			`{"log-driver":"json-file","exec-opts":["native.cgroupdriver=systemd"],"insecure-registries":["10.0.0.1:5000"],"registry-mirrors":["https://cr.example.com"]}`},
		{"lists of its own stay, behind ours", `{"registry-mirrors":["https://a.example","https://b.example"],"bip":"10.1.0.1/16"}`,
			`{"registry-mirrors":["https://cr.example.com","https://a.example","https://b.example"],"bip":"10.1.0.1/16","insecure-registries":["10.0.0.1:5000"]}`},
		{"an item that is there already is there once, and first", `{"registry-mirrors":["https://a.example","https://cr.example.com"]}`,
			`{"registry-mirrors":["https://cr.example.com","https://a.example"],"insecure-registries":["10.0.0.1:5000"]}`},
		{"an empty object", `{}`, `{"insecure-registries":["10.0.0.1:5000"],"registry-mirrors":["https://cr.example.com"]}`},
	} {
		for _, merger := range mergers(t) {
			t.Run(merger.name+": "+row.why, func(t *testing.T) {
				t.Parallel()
				h := dockerHost(t)
				h.link(merger.name, merger.path)
				h.node("etc/docker/daemon.json", row.have)
				if said := h.want(0); !strings.Contains(said, "edit /etc/docker/daemon.json\nreload docker\n") {
					t.Errorf("said %s", said)
				}
				if got := compact(h.read("etc/docker/daemon.json")); got != row.want {
					t.Errorf("got  %s\nwant %s", got, row.want)
				}
				h.calls()
				if said := h.want(0); said != "nothing to do\n" || h.calls() != "" {
					t.Errorf("the second run said %s", said)
				}
				// What is no longer generated goes; what was there before stays.
				h.put("docker/daemon.json", `{"registry-mirrors": ["https://new.example"]}`)
				h.want(0)
				if got := compact(h.read("etc/docker/daemon.json")); strings.Contains(got, "10.0.0.1") || !strings.Contains(got, `"registry-mirrors":["https://new.example"`) ||
					strings.Contains(got, "cr.example.com") != strings.Contains(row.have, "cr.example.com") {
					t.Errorf("after a change: %s", got)
				}
				h.take(h.out + "/docker/daemon.json")
				h.put("docker/certs.d/cr.example.com/ca.crt", certificate())
				h.want(0)
				if row.have != "{}" {
					if got := h.read("etc/docker/daemon.json"); !reflect.DeepEqual(sortedLists(t, got), sortedLists(t, row.have)) {
						t.Errorf("after the last of ours went: %s", got)
					}
				}
				h.want(0, "rollback", "all")
				if got := h.read("etc/docker/daemon.json"); got != row.have {
					t.Errorf("after the rollback: %s", got)
				}
			})
		}
	}
}

// sortedLists reads an object of lists and text, whose lists a merge may have put
// in another order.
func sortedLists(t *testing.T, text string) map[string]any {
	t.Helper()
	object := map[string]any{}
	must(t, json.Unmarshal([]byte(text), &object))
	for _, value := range object {
		if list, ok := value.([]any); ok {
			sort.Slice(list, func(i, j int) bool { return list[i].(string) < list[j].(string) })
		}
	}
	return object
}

func TestSettingsOfDockerThatCannotBeMergedAreLeftAlone(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why, have, want string
		none            bool
	}{
		{"no JSON", "{ // comment\n}", "it holds no JSON object, or something else where Docker has a list", false},
		{"cut in half", `{"registry-mirrors": ["https://s`, "it holds no JSON object", false},
		{"a list", `["secret"]`, "it holds no JSON object", false},
		{"text in place of a list", `{"registry-mirrors": "https://secret.example"}`, "it holds no JSON object, or something else where Docker has a list", false},
		{"no tool", `{"bip": "secret"}`, "neither Python nor jq is on this node to merge them", true},
	} {
		with := mergers(t)
		if row.none {
			with = []merger{{}}
		}
		for _, merger := range with {
			h := dockerHost(t)
			if merger.name != "" {
				h.link(merger.name, merger.path)
			}
			h.node("etc/docker/daemon.json", row.have)
			before := h.holds()
			said := h.want(2)
			if !strings.Contains(said, "/etc/docker/daemon.json: has settings of its own; "+row.want) || !strings.Contains(said, "nothing was changed. Put these in by hand:\n  {\n    \"insecure-registries\": [\n") {
				t.Errorf("%s: %s: said %s", merger.name, row.why, said)
			}
			if strings.Contains(said, "secret") {
				t.Errorf("%s: %s: the file's own text was printed: %s", merger.name, row.why, said)
			}
			if h.holds() != before || h.calls() != "" {
				t.Errorf("%s: %s: something was changed", merger.name, row.why)
			}
		}
	}
}

func TestSettingsOfDockerNeedNoToolWhereThereAreNone(t *testing.T) {
	t.Parallel()
	h := dockerHost(t)
	before := h.holds()
	h.want(0)
	if got := h.read("etc/docker/daemon.json"); got != generatedDaemon {
		t.Errorf("daemon.json holds %s", got)
	}
	if said := h.want(0); said != "nothing to do\n" {
		t.Errorf("the second run said %s", said)
	}
	h.want(0, "rollback")
	if h.holds() != before {
		t.Error("the rollback did not restore the node")
	}
}

func TestWhatWasAddedToDockersSettingsGoesWithTheRuntime(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		why, have, want string
		tool            bool
	}{
		{"a file that we made needs no tool", "", "", false},
		{"a file that was there keeps the rest", `{"bip":"10.1.0.1/16"}`, `{"bip":"10.1.0.1/16"}`, true},
	} {
		with := mergers(t)
		if !row.tool {
			with = []merger{{}}
		}
		for _, merger := range with {
			h := dockerHost(t)
			if row.have != "" {
				h.link(merger.name, merger.path)
				h.node("etc/docker/daemon.json", row.have)
			}
			h.put("trust/cr.example.com.crt", certificate())
			h.want(0)
			installed := h.holds()
			h.take(h.out + "/docker")
			h.want(0)
			if row.want == "" {
				if _, err := os.Stat(h.root + "/etc/docker/daemon.json"); err == nil {
					t.Errorf("%s: the file stayed", row.why)
				}
			} else if got := compact(h.read("etc/docker/daemon.json")); got != row.want {
				t.Errorf("%s %s: %s", merger.name, row.why, got)
			}
			if said := h.want(0); said != "nothing to do\n" {
				t.Errorf("%s: the third run said %s", row.why, said)
			}
			h.want(0, "rollback")
			if h.holds() != installed {
				t.Errorf("%s: the rollback did not restore the node", row.why)
			}
		}
	}
}
