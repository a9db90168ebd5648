package node

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/document"
)

func TestVerifyFindsWhatARuntimePassesOver(t *testing.T) {
	for _, row := range []struct{ why, file, text, want string }{
		{"a sound hosts.toml", "containerd/certs.d/a/hosts.toml", "server = \"https://a\"\n[host.\"https://b\"]\n  capabilities = [\"pull\"]\n", ""},
		{"every documented field", "containerd/certs.d/a/hosts.toml", "[host.\"https://b\"]\n  ca = [\"a\"]\n  client = \"b\"\n  dial_timeout = \"1s\"\n  [host.\"https://b\".header]\n    x = [\"y\"]\n", ""},
		{"an unknown key", "containerd/certs.d/a/hosts.toml", "server = \"https://a\"\n[host.\"https://b\"]\n  plain_http = true\n", `:3:3: "host.https://b.plain_http": unknown key; it would be passed over`},
		{"broken TOML", "containerd/certs.d/a/hosts.toml", "server = https://a\n", ":1:10: not TOML: "},
		{"an unknown capability", "containerd/certs.d/a/hosts.toml", "[host.\"https://b\"]\n  capabilities = [\"list\"]\n", `: capability "list": not known, so that containerd would pass over the whole file; it is pull, resolve or push`},
		{"an unknown capability of the server", "containerd/certs.d/a/hosts.toml", "capabilities = [\"list\"]\n", `: capability "list": not known, so that containerd would pass over the whole file; it is pull, resolve or push`},
		{"a dotted key", "containerd/certs.d/a/hosts.toml", "host.\"https://b\".skip_verify = true\n", `: a host has no table of its own; write [host."<url>"], as containerd passes over any other form`},
		{"a sound config.toml", "containerd/config-1.x.toml", "version = 2\n[plugins.\"a\".registry]\nconfig_path = \"/b\"\n", ""},
		{"the older mirrors", "containerd/config-1.x.toml", "version = 2\n[plugins.\"a\".registry.mirrors]\n", `:2:2: "plugins.a.registry.mirrors": unknown key; it would be passed over`},
		{"a sound registries.conf", "crio/registries.conf.d/50-mirrorgen.conf", "[[registry]]\nprefix = \"a\"\nlocation = \"b\"\n", ""},
		{"a prefix without a location", "crio/registries.conf.d/50-mirrorgen.conf", "[[registry]]\nprefix = \"a\"\n", ": a [[registry]] without a location keeps CRI-O from reading any of its configuration; add one"},
		{"a misspelt key", "crio/registries.conf.d/50-mirrorgen.conf", "[[registry]]\nprefix = \"a\"\nlocation = \"b\"\nunsecure = true\n", `:4:1: "registry.unsecure": unknown key; it would be passed over`},
		{"a sound daemon.json", "docker/daemon.json", `{"registry-mirrors": ["https://a"]}`, ""},
		{"an unknown key of Docker", "docker/daemon.json", `{"_comment": ""}`, `: unknown field "_comment"`},
		{"another file", "trust/a.crt", "anything", ""},
	} {
		err := Verify(row.file, []byte(row.text))
		if row.want != "" {
			row.want = row.file + row.want
		}
		switch {
		case row.want == "" && err != nil, row.want != "" && (err == nil || !strings.HasPrefix(err.Error(), row.want)):
			t.Errorf("%s:\n got %v\nwant %s", row.why, err, row.want)
		}
	}
}

// TestNoValueLeavesItsQuotes states that what a string holds is read back from
// TOML and from YAML as that string and nothing else, whatever it is.
func TestNoValueLeavesItsQuotes(t *testing.T) {
	for _, value := range []string{
		"", "plain", `"`, `\`, `\"`, "a\"\n[host.\"https://evil\"]\n", "\x00\x1f\x7f", "é\u2028\u202e", "'''", `"""`, "]", "#", "${x}", "{{ x }}", "a\r\nb", "\t",
	} {
		var back struct {
			Server string                `toml:"server"`
			Host   map[string]hostFields `toml:"host"`
		}
		text := "server = " + quote(value) + "\n[host." + quote(value) + "]\n"
		if err := strict([]byte(text), &back); err != nil {
			t.Errorf("%q: %v in\n%s", value, err, text)
			continue
		}
		if _, ok := back.Host[value]; !ok || back.Server != value || len(back.Host) != 1 {
			t.Errorf("%q: reads back as %v", value, back)
		}
		yaml, err := registriesYAML(map[string]any{value: map[string]any{"endpoint": []any{value}}}, nil)
		if err != nil {
			t.Errorf("%q: %v", value, err)
			continue
		}
		doc, err := document.NewReader("y", strings.NewReader(yaml)).Next()
		if err != nil {
			t.Errorf("%q: %v", value, err)
			continue
		}
		object, err := doc.Object()
		if err != nil {
			t.Errorf("%q: %v", value, err)
			continue
		}
		mirrors := object["mirrors"].(map[string]any)
		if entry, ok := mirrors[value].(map[string]any); !ok || len(mirrors) != 1 || entry["endpoint"].([]any)[0] != value {
			t.Errorf("%q: reads back as %v", value, object)
		}
	}
}

func TestAFileThatDoesNotReadBackIsABug(t *testing.T) {
	want := []target{{url: "https://a"}, {url: "https://b"}}
	for _, row := range []struct{ why, text string }{
		{"another order", "server = \"https://a\"\n[host.\"https://b\"]\n"},
		{"one host less", "server = \"https://b\"\n"},
		{"one field more", "server = \"https://b\"\n[host.\"https://a\"]\nskip_verify = true\n"},
	} {
		if err := checkHosts([]byte(row.text), want); err == nil || !strings.HasPrefix(err.Error(), "hosts.toml reads back as ") {
			t.Errorf("%s: %v", row.why, err)
		}
	}
	if err := checkHosts([]byte("server = \"https://b\"\n[host.\"https://a\"]\n"), want); err != nil {
		t.Error(err)
	}
}
