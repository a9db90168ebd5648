package overlay

import (
	"reflect"
	"strings"
	"testing"
)

const local = "config.kubernetes.io/local-config"

const mirrorSet = `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: a}
spec:
  mirrors:
  - {name: one, source: docker.io, mirror: m.example.com/one}
  - {name: two, source: quay.io, mirror: m.example.com/two}
`

var localSet = strings.Replace(mirrorSet, "{name: a}", `{name: a, annotations: {other: x, "`+local+`": "true"}}`, 1)

func TestALocalMirrorSetSurvivesWithItsAnnotation(t *testing.T) {
	other := strings.Replace(configMap, "{name: plain}", `{name: plain, annotations: {`+local+`: "true"}}`, 1)
	yes := map[string]any{local: "true", "other": "x"}
	for _, row := range []struct {
		reason string
		files  map[string]string
		want   map[string]any
	}{
		{"its own annotation", map[string]string{"kustomization.yaml": "resources: [m.yaml]"}, yes},
		{"in a base", map[string]string{"kustomization.yaml": "resources: [b]", "b/kustomization.yaml": "resources: [m.yaml]", "b/m.yaml": localSet}, yes},
		{"in a base's base", map[string]string{"kustomization.yaml": "resources: [c]", "c/kustomization.yaml": "resources: [b]", "c/b/kustomization.yaml": "resources: [m.yaml]", "c/b/m.yaml": localSet}, yes},
		{"by a component", map[string]string{"kustomization.yaml": "components: [b]", "b/kustomization.yaml": "apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [m.yaml]", "b/m.yaml": localSet}, yes},
		{"beside something local, which is dropped as ever", map[string]string{"kustomization.yaml": "resources: [m.yaml, o.yaml]", "o.yaml": other}, yes},
		{"in a list", map[string]string{"kustomization.yaml": "resources: [l.yaml]", "l.yaml": "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimSpace(localSet), "\n", "\n  ") + "\n"}, yes},
		{"as JSON", map[string]string{"kustomization.yaml": "resources: [m.json]", "m.json": `{"apiVersion": "mirrorgen.dev/v1alpha1", "kind": "MirrorSet", "metadata": {"name": "a", "annotations": {"other": "x", "config.kubernetes.io/local-confi\u0067": "true"}}}`}, yes},
		{"of a later version", map[string]string{"kustomization.yaml": "resources: [v.yaml]", "v.yaml": strings.Replace(localSet, "v1alpha1", "v1", 1)}, yes},
		{"added to everything by the overlay", map[string]string{"kustomization.yaml": "resources: [p.yaml]\ncommonAnnotations: {other: x, " + local + ": \"true\"}", "p.yaml": mirrorSet}, yes},
		{"added by a patch", map[string]string{"kustomization.yaml": "resources: [p.yaml]\npatches: [{target: {kind: MirrorSet}, patch: '[{\"op\": \"add\", \"path\": \"/metadata/annotations\", \"value\": {\"other\": \"x\", \"" + local + "\": \"true\"}}]'}]", "p.yaml": mirrorSet}, yes},
		{"added by a transformer of the overlay's own", map[string]string{"kustomization.yaml": "resources: [p.yaml]\ntransformers:\n- |-\n  apiVersion: builtin\n  kind: AnnotationsTransformer\n  metadata: {name: a}\n  annotations: {other: x, " + local + ": \"true\"}\n  fieldSpecs: [{path: metadata/annotations, create: true}]\n", "p.yaml": mirrorSet}, yes},
		{"a patch sees it where it is", map[string]string{"kustomization.yaml": "resources: [m.yaml]\npatches: [{target: {kind: MirrorSet}, patch: '[{\"op\": \"remove\", \"path\": \"/metadata/annotations/config.kubernetes.io~1local-config\"}]'}]"}, map[string]any{"other": "x"}},
		{"a selector sees it too", map[string]string{"kustomization.yaml": "resources: [m.yaml]\npatches: [{target: {annotationSelector: '" + local + "=true'}, patch: '[{\"op\": \"add\", \"path\": \"/metadata/annotations/other\", \"value\": \"y\"}]'}]"}, map[string]any{local: "true", "other": "y"}},
		{"false means keep, and stays false", map[string]string{"kustomization.yaml": "resources: [f.yaml]", "f.yaml": strings.Replace(localSet, `"true"`, `"false"`, 1)}, map[string]any{local: "false", "other": "x"}},
		{"none at all", map[string]string{"kustomization.yaml": "resources: [p.yaml]", "p.yaml": mirrorSet}, nil},
		{"the kustomization's other fields stay", map[string]string{"kustomization.yaml": "resources: [m.yaml]\nbuildMetadata: []\nsortOptions: {order: fifo}\nmetadata: {name: k}"}, yes},
	} {
		t.Run(row.reason, func(t *testing.T) {
			row.files["m.yaml"] = localSet
			sets, warnings, err := MirrorSets(folder(t, row.files), Options{})
			if err != nil || len(sets) != 1 || len(warnings) != 0 {
				t.Fatalf("got %v, %v, %v", sets, warnings, err)
			}
			got, _ := sets[0]["metadata"].(map[string]any)["annotations"].(map[string]any)
			if !reflect.DeepEqual(got, row.want) {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestBuildItselfDropsWhatIsLocal(t *testing.T) {
	dir := folder(t, map[string]string{"kustomization.yaml": "resources: [m.yaml, x.yaml]", "m.yaml": localSet, "x.yaml": configMap})
	got, err := Build(dir, Options{})
	if err != nil || names(got) != "ConfigMap plain" {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestABuildWithoutMirrorSetsNamesWhatItYields(t *testing.T) {
	foreign := strings.Replace(mirrorSet, "mirrorgen.dev/", "example.com/", 1)
	seven := ""
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		seven += "---\n" + strings.Replace(configMap, "plain", name, 1)
	}
	for _, row := range []struct{ reason, resource, want string }{
		{"another kind", configMap, "it yields ConfigMap plain"},
		{"the kind of another group", foreign, "it yields MirrorSet a"},
		{"nothing is left", strings.Replace(configMap, "{name: plain}", `{name: plain, annotations: {`+local+`: "true"}}`, 1), "it yields nothing"},
		{"many", seven, "it yields ConfigMap a, ConfigMap b, ConfigMap c, ConfigMap d, ConfigMap e and 2 more"},
	} {
		dir := folder(t, map[string]string{"kustomization.yaml": "resources: [x.yaml]", "x.yaml": row.resource})
		sets, _, err := MirrorSets(dir, Options{})
		if err == nil || err.Error() != dir+": builds no MirrorSet of mirrorgen.dev; "+row.want {
			t.Errorf("%s: got %v, %v", row.reason, sets, err)
		}
	}
}

func TestAReplacedListIsWarnedOf(t *testing.T) {
	const merge = "apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: a}\nspec: {mirrors: [{name: two, mirror: m.example.com/2}]}\n"
	const scalar = "apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: a}\nspec: {constraint: {enforcement: warn}}\n"
	const deep = "apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: a}\nspec: {scope: {excludeNamespaces: [x]}, constraint: {allowRegistries: [y.example.com]}}\n"
	inline := func(text string) string {
		return "resources: [m.yaml]\npatches:\n- patch: |-\n    " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") + "\n"
	}
	for _, row := range []struct {
		reason string
		files  map[string]string
		want   []string // the beginnings of the warnings
	}{
		{"in a file", map[string]string{"o/kustomization.yaml": "resources: [m.yaml]\npatches: [{path: p.yaml}]", "o/p.yaml": merge}, []string{"o/kustomization.yaml: patches[0]: the strategic merge replaces the whole list spec.mirrors,"}},
		{"inline", map[string]string{"o/kustomization.yaml": inline(merge)}, []string{"o/kustomization.yaml: patches[0]: the strategic merge replaces the whole list spec.mirrors,"}},
		{"by the old field, a file", map[string]string{"o/kustomization.yaml": "resources: [m.yaml]\npatchesStrategicMerge: [p.yaml]", "o/p.yaml": merge}, []string{"o/kustomization.yaml: patchesStrategicMerge[0]: the strategic merge replaces the whole list spec.mirrors,"}},
		{"by a target, without a kind of its own", map[string]string{"o/kustomization.yaml": "resources: [m.yaml]\npatches: [{target: {kind: MirrorSet}, path: p.yaml}]", "o/p.yaml": "apiVersion: v1\nkind: Any\nmetadata: {name: any}\nspec: {mirrors: [{name: two}]}\n"}, []string{"o/kustomization.yaml: patches[0]: the strategic merge replaces the whole list spec.mirrors,"}},
		{"every list is told of", map[string]string{"o/kustomization.yaml": inline(deep)}, []string{"o/kustomization.yaml: patches[0]: the strategic merge replaces the whole list spec.constraint.allowRegistries,", "o/kustomization.yaml: patches[0]: the strategic merge replaces the whole list spec.scope.excludeNamespaces,"}},
		{"in a base", map[string]string{"o/kustomization.yaml": "resources: [b]", "o/b/kustomization.yaml": "resources: [m.yaml]\npatches: [{path: p.yaml}]", "o/b/p.yaml": merge, "o/b/m.yaml": mirrorSet}, []string{"o/b/kustomization.yaml: patches[0]: "}},

		{"a scalar merges", map[string]string{"o/kustomization.yaml": inline(scalar)}, nil},
		{"JSON 6902 means what it says", map[string]string{"o/kustomization.yaml": "resources: [m.yaml]\npatches: [{target: {kind: MirrorSet}, path: p.yaml}]", "o/p.yaml": "- {op: replace, path: /spec/mirrors, value: [{name: two}]}\n"}, nil},
		{"another kind's list is not ours", map[string]string{"o/kustomization.yaml": "resources: [m.yaml, x.yaml]\npatches: [{path: p.yaml}]", "o/x.yaml": configMap, "o/p.yaml": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: plain}\nspec: {mirrors: [a]}\n"}, nil},
		{"a schema of the kustomization's own knows better", map[string]string{"o/kustomization.yaml": "resources: [m.yaml]\nopenapi: {path: s.json}\npatches: [{path: p.yaml}]", "o/s.json": withSchema, "o/p.yaml": merge}, nil},
	} {
		t.Run(row.reason, func(t *testing.T) {
			row.files["o/m.yaml"] = mirrorSet
			t.Chdir(folder(t, row.files))
			_, warnings, err := MirrorSets("o", Options{})
			if err != nil || len(warnings) != len(row.want) {
				t.Fatalf("got %q, %v", warnings, err)
			}
			for i, want := range row.want {
				if !strings.HasPrefix(warnings[i], want) {
					t.Errorf("got %q", warnings[i])
				}
			}
		})
	}
}

func TestThePatchThatIsWarnedOfDoesLoseMirrors(t *testing.T) {
	dir := folder(t, map[string]string{"kustomization.yaml": "resources: [m.yaml]\npatches: [{path: p.yaml}]", "m.yaml": mirrorSet,
		"p.yaml": "apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: a}\nspec: {mirrors: [{name: two, mirror: m.example.com/2}]}\n"})
	sets, _, err := MirrorSets(dir, Options{})
	want := []any{map[string]any{"name": "two", "mirror": "m.example.com/2"}}
	if err != nil || !reflect.DeepEqual(sets[0]["spec"].(map[string]any)["mirrors"], want) {
		t.Errorf("got %v, %v", sets, err)
	}
}

func TestAPatchOutsideIsNotReadForAWarning(t *testing.T) {
	t.Chdir(folder(t, map[string]string{"o/kustomization.yaml": "resources: [m.yaml]\npatches: [{path: ../p.yaml}]", "o/m.yaml": mirrorSet, "p.yaml": mirrorSet}))
	at, err := locate("o")
	if err != nil {
		t.Fatal(err)
	}
	g := newGuard(diskForTest(), at, Options{}, nil)
	if text := g.text(at.root, "../p.yaml"); text != "" {
		t.Errorf("read %q", text)
	}
	if text := g.text(at.root, "m.yaml"); text != mirrorSet {
		t.Errorf("a patch inside: got %q", text)
	}
}

func TestAnOverlayMayBeReachedByALink(t *testing.T) {
	dir := folder(t, map[string]string{"link": "-> o", "o/kustomization.yaml": "resources: [m.yaml]", "o/m.yaml": localSet})
	if sets, _, err := MirrorSets(dir+"/link", Options{}); err != nil || len(sets) != 1 {
		t.Errorf("got %v, %v", sets, err)
	}
}
