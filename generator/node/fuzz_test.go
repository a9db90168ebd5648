package node_test

import (
	"errors"
	"math/rand"
	"path"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

// FuzzRender states that any valid MirrorSet is refused with problems that name
// their place, or renders files that are read back strictly, one of each path;
// that with onUnsupported: skip it always renders; and that CRI-O's table sends
// an image where the plan does.
func FuzzRender(f *testing.F) {
	for seed := range int64(40) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed int64) {
		r := rand.New(rand.NewSource(seed))
		set := randomSet(r)
		options := node.Options{Runtimes: node.Runtimes()}
		if _, _, err := node.Render([]*spec.MirrorSet{set}, options); err != nil {
			var problems spec.Problems
			if !errors.As(err, &problems) {
				t.Fatal(err)
			}
			for _, p := range problems {
				if !strings.HasPrefix(p.Path, "spec.") || !strings.Contains(p.Message, "nodes.onUnsupported: skip") {
					t.Errorf("no place, or no remedy: %v", p)
				}
			}
		}
		set.Spec.Nodes.OnUnsupported = "skip"
		files, _, err := node.Render([]*spec.MirrorSet{set}, options)
		if err != nil {
			t.Fatalf("refused although it is to be skipped: %v", err)
		}
		seen := map[string]bool{}
		for _, file := range files {
			if seen[file.Path] || path.Clean(file.Path) != file.Path || path.IsAbs(file.Path) {
				t.Errorf("%s: is no path, or twice the same", file.Path)
			}
			seen[file.Path] = true
			if err := node.Verify(file.Path, file.Data); err != nil {
				t.Errorf("%s: %v\n%s", file.Path, err, file.Data)
			}
		}
		agree(t, r, set, texts(files)[registriesConf])
	})
}

// randomSet is a valid set with transports, fallbacks and a word on the upstream.
func randomSet(r *rand.Rand) *spec.MirrorSet {
	set := mirrortest.RandomSet(r)
	transports := map[string]string{}
	for i := range set.Spec.Mirrors {
		m := &set.Spec.Mirrors[i]
		host, _, _ := strings.Cut(m.Mirror, "/")
		if _, known := transports[host]; !known {
			transports[host] = pick(r, "", "https", "http", "https-skip-verify")
		}
		m.Transport = transports[host]
		for range r.Intn(3) {
			m.Fallbacks = append(m.Fallbacks, pick(r, "f.example.com", "f.example.com:5000/a", "f.example.org/a.b/c", "[2001:db8::9]:5000"))
		}
	}
	if r.Intn(2) == 0 {
		set.Spec.Registries = []spec.Registry{{Host: "f.example.com", Transport: pick(r, "http", "https-skip-verify")}, {Host: "a.b:443"}}
	}
	if r.Intn(4) == 0 {
		set.Spec.Scope.ExcludeNamespaces = []string{"web"}
	}
	if r.Intn(3) > 0 {
		upstream := r.Intn(2) == 0
		set.Spec.Nodes.FallbackToUpstream = &upstream
	}
	return set
}

func pick(r *rand.Rand, words ...string) string { return words[r.Intn(len(words))] }

// agree holds the table, read by the rule of its longest prefix, against the plan.
func agree(t *testing.T, r *rand.Rand, set *spec.MirrorSet, conf string) {
	t.Helper()
	var table struct {
		Registry []struct {
			Prefix, Location string
			Mirror           []struct{ Location string }
		}
	}
	if err := toml.Unmarshal([]byte(conf), &table); err != nil {
		t.Fatal(err)
	}
	plan := mirror.Compile(set)
	for range 50 {
		text := mirrortest.RandomImage(r, set)
		ref, err := image.Parse(text)
		decision := plan.Rewrite(text)
		if err != nil || decision.Status == mirror.Unrewritable || left(set, decision) {
			continue
		}
		name, longest, asked := ref.Name(), "", ref.Name()
		for _, row := range table.Registry {
			if mirror.Below(name, row.Prefix) && len(row.Prefix) > len(longest) {
				longest, asked = row.Prefix, row.Location+strings.TrimPrefix(name, row.Prefix)
				if len(row.Mirror) > 0 {
					asked = row.Mirror[0].Location + strings.TrimPrefix(name, row.Prefix)
				}
			}
		}
		want := name
		if decision.Status == mirror.Rewritten {
			rewritten, err := image.Parse(decision.Image)
			if err != nil {
				t.Fatal(err)
			}
			want = rewritten.Name()
		}
		if asked != want {
			t.Errorf("%s: CRI-O asks %s, and the plan says %s\n%s", text, asked, want, conf)
		}
	}
}

// left says that the redirection was left out.
func left(set *spec.MirrorSet, d mirror.Decision) bool {
	if len(set.Spec.Scope.ExcludeNamespaces) > 0 {
		return true
	}
	for _, m := range set.Spec.Mirrors {
		if m.Name == d.Mirror && strings.Contains(m.Source+m.Mirror+strings.Join(m.Fallbacks, ""), "[") {
			return true
		}
	}
	return false
}
