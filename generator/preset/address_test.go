package preset

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/spec"
)

func TestAnAddressIsHeldToTheGrammarOfASpec(t *testing.T) {
	for _, row := range []struct{ preset, address, says, why string }{
		{"harbor", "harbor.corp.test", "", "a host"},
		{"harbor", "harbor.corp.test:8443", "", "a port"},
		{"harbor", "[2001:db8::1]:5000/team", "", "an IPv6 address, which YAML would read as a list without quotes"},
		{"harbor", "10.0.0.1:5000", "", "an IPv4 address"},
		{"harbor", "localhost:5000", "", "localhost"},
		{"daocloud", "mirror.corp.test/cache", "", "a service of one's own"},
		{"harbor", "", `"": is empty; write an address`, "an empty flag is no unset one"},
		{"harbor", "https://harbor.corp.test", `drop "https://"`, "a URL is no address"},
		{"harbor", "Harbor.corp.test", `write "harbor.corp.test"`, "capitals"},
		{"harbor", "harbor.corp.test/Team", "a repository is lower case", "capitals in the path"},
		{"harbor", "harbor", "reads as no host", "a name without a dot is a user on Docker Hub"},
		{"harbor", "harbor.corp.test/", "ends with /; drop the slash", "a slash at the end"},
		{"harbor", "harbor.corp.test:tag", "no port", "a tag"},
		{"harbor", `a"b.test`, `holds "`, "a quote ends the string in the file"},
		{"harbor", "a.test\nkind: Pod", "holds a line break", "a line break ends the comment"},
		{"harbor", "a.test\rx", "holds", "as does a return"},
		{"harbor", "a.test #x", "holds", "a blank"},
		{"harbor", `a\.test`, `holds \`, "a backslash"},
		{"harbor", "<% .Host %>.test", "holds <", "a template's own delimiter"},
		{"harbor", "{{request.object}}.test", "holds {", "a variable of Kyverno"},
		{"harbor", "${mirror:docker-io}", "holds $", "a variable of a want"},
		{"harbor", "\xff.test", "is not UTF-8", "bytes"},
		{"harbor", "a.test/" + strings.Repeat("a", 235), "cannot be served there", "no image fits behind it"},
		{"harbor", "a.test/" + strings.Repeat("a", 300), "at most 255 characters", "nor behind this"},
		{"harbor", "docker.io", "a mirror on Docker Hub needs a path", "the source itself"},
		{"harbor", "docker.io/acme", "would be rewritten again", "below a source"},
		{"harbor", "quay.io/acme", "would be rewritten again", "below another"},
		{"gitlab", "gitlab.corp.test", `"gitlab.corp.test": has no path, which gitlab needs; write it as "gitlab.example/acme" is written`, "the group is missing"},
		{"gar", "europe-docker.pkg.test", "has no path", "the project is missing"},
		{"huawei-swr", "swr.test", "has no path", "the organization is missing"},
	} {
		p, err := Named(row.preset)
		if err != nil {
			t.Fatal(err)
		}
		files, err := p.Files(row.address)
		switch {
		case row.says == "" && err != nil:
			t.Errorf("%s: %q: %v", row.why, row.address, err)
		case row.says != "" && (err == nil || !strings.Contains(err.Error(), row.says)):
			t.Errorf("%s: %q: got %v, want %q in it", row.why, row.address, err, row.says)
		case err != nil && files != nil:
			t.Errorf("%s: %q: files and an error", row.why, row.address)
		}
	}
}

func TestACredentialInAnAddressIsNotRepeated(t *testing.T) {
	for _, row := range []struct{ address, why string }{
		{"robot:s3cret@harbor.test", "a user and a password"},
		{"https://robot:s3cret@harbor.test/x", "in a URL"},
		{"s3cret@harbor.test", "a user, or a token"},
		{"harbor.test?token=s3cret", "in a query"},
		{"harbor.test#s3cret", "in a fragment"},
		{"glpat-s3cret12345", "a token of GitLab"},
		{"AKIAS3CRETS3CRET", "an access key"},
		{"harbor.test/glpat-s3cret12345", "in a path"},
	} {
		for _, p := range All() {
			_, err := p.Files(row.address)
			if err == nil {
				t.Errorf("%s: %s takes it", row.why, p.Name)
			} else if strings.Contains(strings.ToLower(err.Error()), "s3cret") {
				t.Errorf("%s: %s repeats it: %v", row.why, p.Name, err)
			}
		}
	}
}

// Whatever is given as an address is refused, or stands before what each mirror
// had behind the placeholder, and changes nothing else of the MirrorSet.
func FuzzAnAddressReachesNothingButTheMirrors(f *testing.F) {
	for _, seed := range []string{"harbor.corp.test", "[::1]:5000/x", "a\"\nb", "<% .Host %>", "u:p@h.test", "a.test/b__c", "x.test # y"} {
		for i := range All() {
			f.Add(i, seed)
		}
	}
	f.Fuzz(func(t *testing.T, number int, address string) {
		presets := All()
		p := presets[uint(number)%uint(len(presets))]
		files, err := p.Files(address)
		if err != nil {
			if strings.ContainsAny(address, "\n\r") && strings.Contains(err.Error(), address) {
				t.Errorf("%q is repeated as it stands: %v", address, err)
			}
			return
		}
		if err := spec.CheckAddress(address); err != nil {
			t.Fatalf("%q was taken: %v", address, err)
		}
		_, given := planOf(t, p, string(files[0].Data))
		_, _, example := parsed(t, p, p.Address)
		if len(given.Mirrors) != len(example.Mirrors) || given.Enforcement != example.Enforcement || given.Name != example.Name {
			t.Fatalf("%q makes another MirrorSet:\n%s", address, files[0].Data)
		}
		for name, m := range example.Mirrors {
			want := m.Address
			if rest, ok := strings.CutPrefix(m.Address, p.Address); ok {
				want = address + rest
			}
			if got := given.Mirrors[name]; got.Address != want || got.Source != m.Source || strings.Join(got.Only, " ") != strings.Join(m.Only, " ") {
				t.Errorf("%s at %q: mirror %s is %+v, want it at %s", p.Name, address, name, got, want)
			}
		}
	})
}
