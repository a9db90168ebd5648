package mirror_test

import (
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
)

// FuzzAnnotateTwiceChangesNothing states that whatever stands in the annotations
// stays there byte for byte, that every registry an image needs is listed behind
// it, and that a Pod which was annotated is left alone.
func FuzzAnnotateTwiceChangesNothing(f *testing.F) {
	for _, value := range []string{"", " ", ",", "all", " all ,x", "x, ", "10.0.0.9:5000", "[::1]:5000,cr.example.com", "\u00a0cr.example.com", "a,,b", "\x00", "{}"} {
		f.Add(value, "cr.example.com/hub/x", "10.0.0.9:5000/y")
	}
	f.Add("x", "nginx", "NGINX")
	plan := richNeeds("alibaba-eci", "huawei-cci", "tencent-eks", "volcengine-vci")
	f.Fuzz(func(t *testing.T, value, one, two string) {
		needs := plan.Needs([]string{one, two})
		annotations := map[string]any{}
		for _, a := range plan.Annotations() {
			annotations[a.Key] = value
		}
		for key, with := range plan.Annotate(annotations, needs) {
			if key != mirror.RegistryConfigKey && !strings.HasPrefix(with, value) {
				t.Fatalf("%s: %q became %q", key, value, with)
			}
			annotations[key] = with
		}
		if again := plan.Annotate(annotations, needs); again != nil {
			t.Fatalf("%q: annotated as %v, and then as %v", value, annotations, again)
		}
		for _, a := range plan.Annotations() {
			with := annotations[a.Key].(string)
			var entries []string
			for _, entry := range strings.Split(with, ",") {
				entries = append(entries, strings.Trim(entry, " \t\r\n"))
			}
			if a.All != "" && slices.Contains(entries, a.All) {
				if with != value {
					t.Fatalf("%s: %q lists all and became %q", a.Key, value, with)
				}
				continue
			}
			for _, host := range needs.Hosts[a.Transport] {
				if !slices.Contains(entries, host) {
					t.Fatalf("%s: %q does not list %s", a.Key, with, host)
				}
			}
			// Nothing but what is needed is added, and no entry is empty.
			for _, added := range entries[len(strings.Split(value, ","))-1:] {
				if !slices.Contains(needs.Hosts[a.Transport], added) && !strings.Contains(value, added) {
					t.Fatalf("%s: %q became %q", a.Key, value, with)
				}
			}
		}
	})
}
