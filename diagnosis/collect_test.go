package diagnosis

import (
	"fmt"
	"strings"
	"testing"
)

func collected(t *testing.T, list ...Item) string {
	t.Helper()
	var b strings.Builder
	c := Collector{Emit: func(r Report) error {
		fmt.Fprintf(&b, "%s %s %s %d\n", r.Object, r.Cause, r.Image, r.Count)
		return nil
	}}
	for _, i := range list {
		i.Count = max(1, i.Count)
		if err := c.Add(i, i.Diagnose(English)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Flush(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestOneFailureIsReportedOnce(t *testing.T) {
	const limited = `Failed to pull image "quay.io/a/b:1": toomanyrequests: slow`
	for _, row := range []struct {
		why  string
		list []Item
		want string
	}{
		{"repeats are counted", []Item{{Object: "d/p", Message: limited, Count: 3}, {Object: "d/p", Message: limited + " down"}}, "d/p rate-limited quay.io/a/b:1 4\n"},
		{"objects are kept apart, in their order", []Item{{Object: "d/q", Message: limited}, {Object: "d/p", Message: limited}}, "d/q rate-limited quay.io/a/b:1 1\nd/p rate-limited quay.io/a/b:1 1\n"},
		{"what says no more is dropped where an event does", []Item{{Object: "d/p", Message: "Error: ErrImagePull"}, {Object: "d/p", Message: limited}, {Object: "d/p", Message: `Back-off pulling image "quay.io/a/b:1"`}}, "d/p rate-limited quay.io/a/b:1 1\n"},
		{"not of another image", []Item{{Object: "d/p", Message: limited}, {Object: "d/p", Message: `Back-off pulling image "nginx"`}}, "d/p rate-limited quay.io/a/b:1 1\nd/p generic-no-detail nginx 1\n"},
		{"an image in another spelling is the same", []Item{{Object: "d/p", Message: `Failed to pull image "nginx": toomanyrequests`}, {Object: "d/p", Message: `Back-off pulling image "docker.io/library/nginx:latest"`}}, "d/p rate-limited nginx 1\n"},
		{"not of another object", []Item{{Object: "d/p", Message: limited}, {Object: "d/q", Message: "Error: ErrImagePull"}}, "d/p rate-limited quay.io/a/b:1 1\nd/q generic-no-detail  1\n"},
		{"a missing secret is no explanation", []Item{{Object: "d/p", Message: "Unable to retrieve some image pull secrets (a); attempting to pull the image may not succeed."}, {Object: "d/p", Message: "Error: ErrImagePull"}}, "d/p pull-secret-missing  1\nd/p generic-no-detail  1\n"},
		{"plain text has no object to explain", []Item{{Message: limited}, {Message: "Error: ErrImagePull"}}, " rate-limited quay.io/a/b:1 1\n generic-no-detail  1\n"},
		{"what is no failure is dropped", []Item{{Object: "d/p", Message: "Pulling image"}}, ""},
	} {
		if got := collected(t, row.list...); got != row.want {
			t.Errorf("%s:\n%swant\n%s", row.why, got, row.want)
		}
	}
}

func TestACollectorHoldsSomeMegabytesAtMost(t *testing.T) {
	emitted, most := 0, 0
	c := Collector{Emit: func(Report) error { emitted++; return nil }}
	for i := range 200_000 {
		if err := c.Add(Item{Object: fmt.Sprint("d/p", i), Count: 1}, Finding{Cause: "rate-limited"}); err != nil {
			t.Fatal(err)
		}
		most = max(most, len(c.held))
	}
	if err := c.Flush(); err != nil || emitted != 200_000 || most > 20_000 {
		t.Errorf("%d reports, %d held, %v", emitted, most, err)
	}
}

func TestACollectorReportsItsOutputsError(t *testing.T) {
	c := Collector{Emit: func(Report) error { return fmt.Errorf("the pipe is gone") }}
	if err := c.Add(Item{Count: 1}, Finding{Cause: "rate-limited"}); err != nil {
		t.Fatal(err)
	}
	if err := c.Flush(); err == nil || err.Error() != "the pipe is gone" {
		t.Errorf("got %v", err)
	}
}
