package overlay

import (
	"strings"
	"testing"

	"sigs.k8s.io/kustomize/kyaml/filesys"
)

func diskForTest() filesys.FileSystem { return filesys.MakeFsOnDisk() }

func TestTheExamplesDifferInHostAndEnforcement(t *testing.T) {
	const examples = "../../examples/overlays/"
	for _, row := range []struct{ overlay, host, enforcement string }{
		{"base", "mirror.example.com", "warn"},
		{"dev", "mirror.dev.example.com", "warn"},
		{"prod", "mirror.prod.example.com", "deny"},
	} {
		sets, warnings, err := MirrorSets(examples+row.overlay, Options{})
		if err != nil || len(sets) != 1 || len(warnings) != 0 {
			t.Fatalf("%s: got %v, %v, %v", row.overlay, sets, warnings, err)
		}
		if sets[0]["metadata"].(map[string]any)["annotations"].(map[string]any)[local] != "true" {
			t.Errorf("%s: the annotation is gone", row.overlay)
		}
		spec := sets[0]["spec"].(map[string]any)
		if got := spec["constraint"].(map[string]any)["enforcement"]; got != row.enforcement {
			t.Errorf("%s: enforcement %v", row.overlay, got)
		}
		mirrors := spec["mirrors"].([]any)
		if len(mirrors) != 5 {
			t.Errorf("%s: %d mirrors", row.overlay, len(mirrors))
		}
		for _, entry := range mirrors {
			mirror := entry.(map[string]any)
			// The path of each mirror is its source, so a patch at a wrong index shows.
			if want := row.host + "/" + mirror["source"].(string); mirror["mirror"] != want {
				t.Errorf("%s: got %v, want %s", row.overlay, mirror["mirror"], want)
			}
			if want := strings.ReplaceAll(mirror["source"].(string), ".", "-"); mirror["name"] != want {
				t.Errorf("%s: got %v, want %s", row.overlay, mirror["name"], want)
			}
		}
		if objects, err := Build(examples+row.overlay, Options{}); err != nil || len(objects) != 0 {
			t.Errorf("%s: kustomize prints %v, %v", row.overlay, objects, err)
		}
	}
}
