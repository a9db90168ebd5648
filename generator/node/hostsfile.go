package node

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A hostsFile is containerd's hosts.toml: the fields that its documentation
// names (docs/hosts.md of 2.4; 1.6 and 1.7 lack dial_timeout, which is never
// written). A field that is written has its type, the others take any.
type hostsFile struct {
	// Server is asked last. Unset, containerd asks the registry itself.
	Server string `toml:"server"`
	hostFields
	// Host is keyed by URL; containerd asks in the order of the file.
	Host map[string]hostFields `toml:"host"`
}

type hostFields struct {
	// Capabilities are pull, resolve and push; unset: all. Another word makes
	// containerd pass over the whole file.
	Capabilities []string `toml:"capabilities"`
	// CA is a path relative to the file.
	CA         any  `toml:"ca"`
	SkipVerify bool `toml:"skip_verify"`
	// OverridePath says that the URL's path is the root of the API as it stands.
	OverridePath bool `toml:"override_path"`

	Client      any            `toml:"client"`
	Header      map[string]any `toml:"header"`
	DialTimeout any            `toml:"dial_timeout"`
}

// A target is one host that a hosts.toml names.
type target struct {
	url string
	hostFields
}

// text is a hosts.toml that asks targets in their order. The last one is
// "server", so that nothing is asked behind it.
func (in input) text(comment string, targets []target) (string, error) {
	var b strings.Builder
	b.WriteString(comment)
	last := targets[len(targets)-1]
	fmt.Fprintf(&b, "server = %s\n", quote(last.url))
	last.write(&b, "")
	for _, t := range targets[:len(targets)-1] {
		fmt.Fprintf(&b, "\n[host.%s]\n", quote(t.url))
		t.write(&b, "  ")
	}
	return b.String(), checkHosts([]byte(b.String()), targets)
}

func (f hostFields) write(b *strings.Builder, indent string) {
	if len(f.Capabilities) > 0 {
		fmt.Fprintf(b, "%scapabilities = %s\n", indent, quoteAll(f.Capabilities))
	}
	if ca, ok := f.CA.(string); ok {
		fmt.Fprintf(b, "%sca = %s\n", indent, quote(ca))
	}
	if f.SkipVerify {
		fmt.Fprintf(b, "%sskip_verify = true\n", indent)
	}
	if f.OverridePath {
		fmt.Fprintf(b, "%soverride_path = true\n", indent)
	}
}

// checkHosts reads a rendered file back, strictly, and wants what was meant, in
// its order: containerd passes over a file that it cannot read, and asks the
// registry itself.
func checkHosts(data []byte, want []target) error {
	file, order, err := readHostsFile(data)
	if err != nil {
		return err
	}
	got := make([]target, 0, len(want))
	for _, url := range order {
		got = append(got, target{url, file.Host[url]})
	}
	got = append(got, target{file.Server, file.hostFields})
	if !reflect.DeepEqual(got, want) {
		return fmt.Errorf("hosts.toml reads back as %v, not as %v", got, want)
	}
	return nil
}

// readHostsFile reads a hosts.toml strictly; order is that of its hosts.
func readHostsFile(data []byte) (file hostsFile, order []string, err error) {
	if err := strict(data, &file); err != nil {
		return file, nil, err
	}
	for _, fields := range file.Host {
		if err := fields.check(); err != nil {
			return file, nil, err
		}
	}
	if err := file.hostFields.check(); err != nil {
		return file, nil, err
	}
	for line := range strings.Lines(string(data)) {
		for url := range file.Host {
			if strings.TrimSpace(line) == "[host."+quote(url)+"]" {
				order = append(order, url)
			}
		}
	}
	if len(order) != len(file.Host) {
		return file, nil, fmt.Errorf(`a host has no table of its own; write [host."<url>"], as containerd passes over any other form`)
	}
	return file, order, nil
}

func (f hostFields) check() error {
	for _, capability := range f.Capabilities {
		if !slices.Contains([]string{"pull", "resolve", "push"}, capability) {
			return fmt.Errorf("capability %q: not known, so that containerd would pass over the whole file; it is pull, resolve or push", capability)
		}
	}
	return nil
}
