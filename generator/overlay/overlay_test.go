package overlay

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
)

func TestBuildOrdersAsTheProgramDoes(t *testing.T) {
	const objects = `apiVersion: apps/v1
kind: Deployment
metadata: {name: d}
---
apiVersion: v1
kind: Service
metadata: {name: s}
---
apiVersion: v1
kind: Namespace
metadata: {name: n}
`
	for _, row := range []struct{ reason, sort, want string }{
		{"without a word: the legacy order", "", "Namespace n, Service s, Deployment d"},
		{"the kustomization decides", "sortOptions: {order: fifo}\n", "Deployment d, Service s, Namespace n"},
		{"or asks for the legacy order", "sortOptions: {order: legacy}\n", "Namespace n, Service s, Deployment d"},
	} {
		dir := folder(t, map[string]string{"x.yaml": objects, "kustomization.yaml": row.sort + "resources: [x.yaml]"})
		got, err := Build(dir, Options{})
		if err != nil || names(got) != row.want {
			t.Errorf("%s: got %s, %v", row.reason, names(got), err)
		}
	}
}

func TestBuildYieldsPlainObjects(t *testing.T) {
	dir := folder(t, map[string]string{
		"kustomization.yml": "resources: [x.yaml]",
		"x.yaml":            "apiVersion: v1\nkind: Foo\nmetadata: {name: a}\nspec: {whole: 9007199254740993, broken: 1.5, huge: 18446744073709551615, text: \"1\", list: [1, null, true]}\n",
	})
	got, err := Build(dir, Options{})
	want := []map[string]any{{
		"apiVersion": "v1", "kind": "Foo", "metadata": map[string]any{"name": "a"},
		"spec": map[string]any{"whole": int64(9007199254740993), "broken": 1.5, "huge": 18446744073709551615.0, "text": "1", "list": []any{int64(1), nil, true}},
	}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestABuildOfNothingIsNoError(t *testing.T) {
	dir := folder(t, map[string]string{
		"kustomization.yaml": "resources: [x.yaml]\ncommonAnnotations: {config.kubernetes.io/local-config: \"true\"}", "x.yaml": configMap})
	if got, err := Build(dir, Options{}); err != nil || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// withSchema gives the mirrors of a MirrorSet a merge key, as a base may.
const withSchema = `{"definitions": {"dev.mirrorgen.v1alpha1.MirrorSet": {
  "x-kubernetes-group-version-kind": [{"group": "mirrorgen.dev", "version": "v1alpha1", "kind": "MirrorSet"}],
  "properties": {"spec": {"type": "object", "properties": {"mirrors": {"type": "array",
    "x-kubernetes-patch-merge-key": "name", "x-kubernetes-patch-strategy": "merge",
    "items": {"type": "object"}}}}}}}}`

func TestASchemaNeverReachesAnotherBuild(t *testing.T) {
	overlay := "resources: [base]\npatches: [{path: p.yaml}]"
	patch := "apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: a}\nspec: {mirrors: [{name: two, mirror: m.example.com/2}]}\n"
	set := "apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: a}\nspec: {mirrors: [{name: one}, {name: two}]}\n"
	with := folder(t, map[string]string{"kustomization.yaml": overlay, "p.yaml": patch, "base/m.yaml": set,
		"base/kustomization.yaml": "resources: [m.yaml]\nopenapi: {path: schema.json}", "base/schema.json": withSchema})
	without := folder(t, map[string]string{"kustomization.yaml": overlay, "p.yaml": patch, "base/m.yaml": set,
		"base/kustomization.yaml": "resources: [m.yaml]"})
	broken := folder(t, map[string]string{"kustomization.yaml": "resources: [m.yaml, nowhere.yaml]\nopenapi: {path: schema.json}",
		"m.yaml": set, "schema.json": withSchema})

	mirrors := func(dir string) (int, error) {
		objects, err := Build(dir, Options{})
		if err != nil {
			return 0, err
		}
		return len(objects[0]["spec"].(map[string]any)["mirrors"].([]any)), nil
	}
	check := func(reason, dir string, want int) error {
		if got, err := mirrors(dir); err != nil || got != want {
			return fmt.Errorf("%s: got %d mirrors, %v", reason, got, err)
		}
		return nil
	}
	for _, step := range []func() error{
		func() error { return check("no schema yet", without, 1) },
		func() error { return check("the base's schema merges", with, 2) },
		func() error { return check("and is forgotten", without, 1) },
		func() error { return check("and is known again", with, 2) },
		func() error {
			if _, err := Build(broken, Options{}); err == nil {
				return fmt.Errorf("the broken build succeeded")
			}
			return check("a failed build leaves nothing either", without, 1)
		},
	} {
		if err := step(); err != nil {
			t.Error(err)
		}
	}
	var group sync.WaitGroup
	for range 6 {
		group.Go(func() {
			if err := check("at the same time, with", with, 2); err != nil {
				t.Error(err)
			}
		})
		group.Go(func() {
			if err := check("at the same time, without", without, 1); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
}

func TestAnErrorIsOneSentenceWithTheOverlayFirst(t *testing.T) {
	const bare = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n"
	for _, row := range []struct {
		reason string
		files  map[string]string
		want   string
	}{
		{"a folder without a kustomization", map[string]string{"o/x.yaml": bare}, "o: holds no kustomization; one of kustomization.yaml, kustomization.yml, Kustomization must lie in it"},
		{"two kustomizations", map[string]string{"o/kustomization.yaml": "a: b", "o/Kustomization": "a: b"}, "o: holds kustomization.yaml and Kustomization; keep one of them"},
		{"no folder", map[string]string{"x": ""}, "o: no such file or folder"},
		{"a file of another name", map[string]string{"o": ""}, "o: is a file; a kustomization is a folder that holds one of kustomization.yaml, kustomization.yml, Kustomization"},
		{"a file outside", map[string]string{"o/kustomization.yaml": "resources: [../x.yaml]", "x.yaml": bare}, "o: x.yaml is, or links to, a file outside o; everything must lie in or below the kustomization's folder (another folder is reached as a kustomization of its own: `resources: [../base]`)"},
		{"a link that leads outside", map[string]string{"o/kustomization.yaml": "resources: [x.yaml]", "x.yaml": bare, "o/x.yaml": "-> ../x.yaml"}, "o: o/x.yaml is, or links to, a file outside o; everything"},
		{"a linked folder that leads outside", map[string]string{"o/kustomization.yaml": "resources: [d/x.yaml]", "d/x.yaml": bare, "o/d": "-> ../d"}, "o: o/d/x.yaml is, or links to, a file outside o; everything"},
		{"an absolute path outside", map[string]string{"o/kustomization.yaml": "resources: [/dev/null]"}, "is, or links to, a file outside o; everything"},
		{"a patch outside", map[string]string{"o/kustomization.yaml": "resources: [x.yaml]\npatches: [{path: ../p.yaml}]", "o/x.yaml": bare, "p.yaml": bare}, "o: p.yaml is, or links to, a file outside o; everything"},
		{"a file outside, named by the base", map[string]string{"o/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources: [../x.yaml]", "x.yaml": bare}, "o: x.yaml is, or links to, a file outside b; everything"},
		{"a missing file", map[string]string{"o/kustomization.yaml": "resources: [x.yaml]"}, "o: o/x.yaml, named by the kustomization in o: no such file or folder"},
		{"a missing file of the base's base", map[string]string{"o/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources: [../c]", "c/kustomization.yaml": "resources: [x.yaml]"}, "o: c/x.yaml, named by the kustomization in c: no such file or folder"},
		{"a missing patch", map[string]string{"o/kustomization.yaml": "resources: [x.yaml]\npatches: [{path: p.yaml}]", "o/x.yaml": bare}, "o: o/p.yaml, named by the kustomization in o: no such file or folder"},
		{"a base without a kustomization", map[string]string{"o/kustomization.yaml": "resources: [../b]", "b/x.yaml": bare}, "o: b, named by the kustomization in o, holds no kustomization; one of kustomization.yaml, kustomization.yml, Kustomization must lie in it"},
		{"a base with two", map[string]string{"o/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources: [x]", "b/Kustomization": "resources: [x]"}, "o: b holds several kustomization files; keep one of them"},
		{"a circle", map[string]string{"o/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources: [../o]"}, "o: the kustomization in b refers to o, which is or holds a folder that is being built already; a kustomization cannot be built from itself"},
		{"an unknown field", map[string]string{"o/kustomization.yaml": "resource: [x.yaml]"}, `o: invalid Kustomization: json: unknown field "resource"`},
		{"an empty kustomization stays an error with MirrorSets", map[string]string{"o/kustomization.yaml": ""}, "o: kustomization.yaml is empty"},
		{"an empty base", map[string]string{"o/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": ""}, "o: in b: kustomization.yaml is empty"},
		{"bad YAML in the base", map[string]string{"o/kustomization.yaml": "resources: [../b]", "b/kustomization.yaml": "resources: [x.yaml]", "b/x.yaml": "a: b: c"}, "o: in b: x.yaml: MalformedYAMLError: yaml: mapping values are not allowed in this context in File: x.yaml"},
		{"not an object", map[string]string{"o/kustomization.yaml": "resources: [x.yaml]", "o/x.yaml": "a: b"}, "o: x.yaml: missing Resource metadata"},
		{"a missing transformer", map[string]string{"o/kustomization.yaml": "resources: [x.yaml]\ntransformers: [t.yaml]", "o/x.yaml": bare}, "o: o/t.yaml, named by the kustomization in o: no such file or folder"},
		{"a transformer that is no YAML", map[string]string{"o/kustomization.yaml": "resources: [x.yaml]\ntransformers: [t.yaml]", "o/x.yaml": bare, "o/t.yaml": "a: b: c"}, "o: t.yaml: MalformedYAMLError: "},
		{"a patch that tests in vain", map[string]string{"o/kustomization.yaml": "resources: [x.yaml]\npatches: [{target: {kind: ConfigMap}, path: p.yaml}]", "o/x.yaml": bare, "o/p.yaml": "- {op: test, path: /metadata/name, value: y}"}, "o: testing value /metadata/name failed: test failed"},
		{"a replacement without a source", map[string]string{"o/kustomization.yaml": "resources: [x.yaml]\nreplacements: [{source: {kind: ConfigMap, name: nope, fieldPath: data.a}, targets: [{select: {kind: ConfigMap}, fieldPaths: [data.a]}]}]", "o/x.yaml": bare}, "o: nothing selected by ConfigMap.[noVer].[noGrp]/nope.[noNs]:data.a"},
		{"a configuration that cannot be read as a patch", map[string]string{"o/kustomization.yaml": "resources: [x.yaml]\npatches: [{target: {kind: ConfigMap}, patch: '[{op: test}]'}]", "o/x.yaml": bare}, "o: PatchTransformer: unable to parse SM or JSON patch from [patch: \"[{op: test}]\"]"},
	} {
		t.Run(row.reason, func(t *testing.T) {
			t.Chdir(folder(t, row.files))
			_, err := Build("o", Options{})
			_, _, again := MirrorSets("./o", Options{})
			for _, err := range []error{err, again} {
				if err == nil {
					t.Fatal("no error")
				}
				got := err.Error()
				if !strings.HasPrefix(got, "o: ") || !strings.Contains(got, row.want) || strings.Contains(got, "\n") {
					t.Errorf("got  %s\nwant %s", got, row.want)
				}
			}
		})
	}
}

func TestIsKustomizationKnowsFoldersAndFiles(t *testing.T) {
	t.Chdir(folder(t, map[string]string{
		"a/kustomization.yaml": "", "b/kustomization.yml": "", "c/Kustomization": "", "d/mirrors.yaml": "",
		"e/kustomization.yaml/x": "", "f/kustomization.yaml": "-> ../a/kustomization.yaml", "g/kustomization.yaml": "-> nowhere", "h/KUSTOMIZATION": "",
	}))
	for _, row := range []struct {
		path, reason string
		want         bool
	}{
		{"a", "the usual name", true},
		{"b", "the short one", true},
		{"c", "the one without an extension", true},
		{"a/kustomization.yaml", "the file itself", true},
		{"f", "a link to one; whether it may be followed is the build's question", true},
		{"d", "a folder without one", false},
		{"d/mirrors.yaml", "a MirrorSet", false},
		{"e", "a folder of that name is no file", false},
		{"g", "a link to nothing", false},
		{"h", "names have a case", false},
		{"nowhere", "nothing", false},
		{"-", "standard input", false},
	} {
		if got := IsKustomization(row.path); got != row.want {
			t.Errorf("%s: got %v: %s", row.path, got, row.reason)
		}
	}
}

func TestAKustomizationFileIsBuiltAsItsFolder(t *testing.T) {
	dir := folder(t, map[string]string{"kustomization.yaml": "resources: [x.yaml]", "x.yaml": configMap})
	if got, err := Build(dir+"/kustomization.yaml", Options{}); err != nil || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestFilesAreTheSameBytesForTheSameObjects(t *testing.T) {
	objects := []map[string]any{{"b": int64(1), "a": "on"}, {"z": []any{"x: y"}}}
	const want = "a: \"on\"\nb: 1\n---\nz:\n- 'x: y'\n"
	for range 20 {
		files, err := Files("overlay.yaml", objects)
		if err != nil || len(files) != 1 || files[0].Path != "overlay.yaml" || string(files[0].Data) != want {
			t.Fatalf("got %v, %v", files, err)
		}
	}
	if files, err := Files("overlay.yaml", nil); err != nil || files != nil {
		t.Errorf("no objects make no file: got %v, %v", files, err)
	}
	if _, err := Files("overlay.yaml", []map[string]any{{"a": func() {}}}); err == nil || !strings.Contains(err.Error(), "object 1") {
		t.Errorf("what is no data: got %v", err)
	}
}
