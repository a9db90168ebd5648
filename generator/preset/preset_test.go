package preset

import (
	"errors"
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/generator/target"
	"mirrorgen.dev/gen/templates"
)

// parsed is the preset's MirrorSet at an address, and its plan.
func parsed(t *testing.T, p Preset, address string) (text string, set *spec.MirrorSet, plan *mirror.Plan) {
	t.Helper()
	files, err := p.Files(address)
	if err != nil {
		t.Fatalf("%s at %s: %v", p.Name, address, err)
	}
	set, plan = planOf(t, p, string(files[0].Data))
	return string(files[0].Data), set, plan
}

func planOf(t *testing.T, p Preset, text string) (*spec.MirrorSet, *mirror.Plan) {
	t.Helper()
	sets, err := spec.Parse(p.Name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	plans, err := generator.Plans(sets)
	if err != nil {
		t.Fatal(err)
	}
	return sets[0], plans[0]
}

func TestEveryTemplateIsAPresetAndEveryPresetHasOne(t *testing.T) {
	var found, named []string
	entries, err := fs.ReadDir(templates.FS, "init/presets")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		found = append(found, strings.TrimSuffix(entry.Name(), ".yaml"))
	}
	for _, p := range All() {
		named = append(named, p.Name)
	}
	// Both are sorted, so that this says as well that All is.
	if a, b := strings.Join(found, " "), strings.Join(named, " "); a != b {
		t.Errorf("templates: %s\npresets:   %s", a, b)
	}
}

func TestEveryPresetIsValidAndRendersForEveryTarget(t *testing.T) {
	for _, p := range All() {
		text, set, plan := parsed(t, p, p.Address)
		for _, warning := range set.Warnings {
			t.Errorf("%s: warned of: %v", p.Name, warning)
		}
		if len(plan.Mirrors) == 0 || strings.Contains(text, "<%") {
			t.Errorf("%s: %d mirrors in\n%s", p.Name, len(plan.Mirrors), text)
		}
		files, err := generator.Generate([]*mirror.Plan{plan}, target.All())
		if err != nil || len(files) == 0 {
			t.Errorf("%s: %d files: %v", p.Name, len(files), err)
		}
	}
}

// What every preset has to say of its proxy, and in which lines.
func TestEveryPresetSaysItsPathAddressAuthenticationAndLimits(t *testing.T) {
	han := regexp.MustCompile(`\p{Han}`)
	for _, p := range All() {
		text, _, _ := parsed(t, p, p.Address)
		lines := strings.Split(text, "\n")
		if han.MatchString(lines[0]) || !han.MatchString(lines[1]) {
			t.Errorf("%s: begins with %q and %q, not with an English and a Chinese line", p.Name, lines[0], lines[1])
		}
		for _, head := range []string{"# Path: ", "# Address: " + p.Address, "# Auth: ", "# Limits:"} {
			if !strings.Contains(text, "\n"+head) {
				t.Errorf("%s: has no line that begins with %q", p.Name, head)
			}
		}
	}
}

// An example is a comment such as: # nginx:1.27 -> harbor.example/dockerhub/library/nginx:1.27
var example = regexp.MustCompile(`(?m)^# (\S+) -> (\S+)$`)

func TestWorkedExamplesAreWhatThePlanSays(t *testing.T) {
	for _, p := range All() {
		for _, address := range []string{p.Address, "registry.test:5000/team"} {
			text, _, plan := parsed(t, p, address)
			shown := map[string]bool{}
			for _, found := range example.FindAllStringSubmatch(text, -1) {
				shown[found[1]] = true
				if got := plan.Rewrite(found[1]).Image; got != found[2] {
					t.Errorf("%s at %s: %s becomes %s; the comment says %s", p.Name, address, found[1], got, found[2])
				}
			}
			if !shown[nginx] {
				t.Errorf("%s: shows no example of %s", p.Name, nginx)
			}
		}
	}
}

// switchedOff is a setting of the body behind # without a blank, or its
// continuation, which has two blanks at least; prose has one.
var switchedOff = regexp.MustCompile(`(?m)^( +)#(\S|  )`)

func TestSettingsThatAreSwitchedOffAreValidOnceSwitchedOn(t *testing.T) {
	for _, p := range All() {
		text, _, before := parsed(t, p, p.Address)
		if !switchedOff.MatchString(text) {
			t.Errorf("%s: has nothing that is switched off", p.Name)
		}
		set, after := planOf(t, p, switchedOff.ReplaceAllString(text, "$1$2"))
		for _, warning := range set.Warnings {
			t.Errorf("%s: warned of: %v", p.Name, warning)
		}
		if set.Spec.Scope.NamespaceSelector == nil || len(set.Spec.Constraint.AllowRegistries) == 0 {
			t.Errorf("%s: scope or allowRegistries are still off", p.Name)
		}
		for _, text := range p.images {
			if a, b := before.Rewrite(text).Image, after.Rewrite(text).Image; a != b {
				t.Errorf("%s: %s became %s and becomes %s", p.Name, text, a, b)
			}
		}
	}
}

func TestPlaceholdersAreNoOnesAddress(t *testing.T) {
	for _, p := range All() {
		host, _, _ := strings.Cut(p.Address, "/")
		if p.Public == strings.HasSuffix(host, ".example") {
			t.Errorf("%s: public: %v, and begins at %s", p.Name, p.Public, host)
		}
		// Another address leaves nothing of the placeholder, and reaches every
		// mirror but Tencent's own host for quay.io.
		text, set, _ := parsed(t, p, "registry.test:5000/team")
		// docker.m.daocloud.io is another host than m.daocloud.io.
		if regexp.MustCompile(`(^|[^.a-z0-9])` + regexp.QuoteMeta(p.Address)).MatchString(text) {
			t.Errorf("%s: still names %s", p.Name, p.Address)
		}
		for _, m := range set.Spec.Mirrors {
			if !strings.HasPrefix(m.Mirror, "registry.test:5000/team") && m.Mirror != "quay.tencentcloudcr.com" {
				t.Errorf("%s: %s is served at %s", p.Name, m.Source, m.Mirror)
			}
		}
	}
}

func TestCasesAskForEveryMirrorAndForWhatNoneHolds(t *testing.T) {
	for _, p := range All() {
		_, set, plan := parsed(t, p, p.Address)
		asked, only := map[string]bool{}, false
		for _, text := range p.images {
			asked[plan.Rewrite(text).Mirror] = true
		}
		for _, m := range set.Spec.Mirrors {
			only = only || len(m.Only) > 0
			if !asked[m.Name] {
				t.Errorf("%s: no case asks for mirror %s", p.Name, m.Name)
			}
		}
		files, err := p.Files(p.Address)
		if err != nil {
			t.Fatal(err)
		}
		warned := ""
		for _, file := range files {
			if strings.HasSuffix(file.Path, "/want-warned.txt") {
				warned += string(file.Data)
			}
			if strings.HasPrefix(file.Path, "testcases/") && strings.Contains(string(file.Data), p.Address) {
				t.Errorf("%s: %s names the address, so that it fails once that changes", p.Name, file.Path)
			}
		}
		if strings.Contains(warned, "is not served by mirror") != only {
			t.Errorf("%s: holds a part only: %v; warns of %q", p.Name, only, warned)
		}
	}
}

func TestAnUnknownPresetIsAnsweredWithAllOfThem(t *testing.T) {
	for _, row := range []struct{ name, says, why string }{
		{"harbour", `"harbour" is no preset; name one of these:`, "a slip is repeated"},
		{"", "this is no preset", "nothing to repeat"},
		{"robot:s3cret@harbor.example", "this is no preset", "an address in the wrong place may hold a password"},
		{"a\x1b[31m", "this is no preset", "nothing that drives a terminal"},
		{strings.Repeat("a", 21), "this is no preset", "longer than any name"},
	} {
		_, err := Named(row.name)
		if err == nil || !strings.HasPrefix(err.Error(), row.says) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", row.why, err)
			continue
		}
		for _, p := range All() {
			if !strings.Contains(err.Error(), "\n"+p.Name+" ") || !strings.Contains(err.Error(), p.Doc) {
				t.Errorf("%s: %s is not listed", row.why, p.Name)
			}
		}
	}
	if p, err := Named("harbor"); err != nil || p.Address != "harbor.example" {
		t.Errorf("harbor: %+v, %v", p, err)
	}
}

func TestReasonsKeepWhatIsNoProblemOfASpec(t *testing.T) {
	if err := reasons(fs.ErrNotExist); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("became %v", err)
	}
}
