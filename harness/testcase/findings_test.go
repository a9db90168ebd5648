package testcase

import (
	"reflect"
	"testing"
)

func TestAMessageComesApartWhereAFindingBegins(t *testing.T) {
	for _, row := range []struct {
		why, message string
		want         []string
	}{
		{"one finding", `spec.containers[0] "a": image "nginx" is not a valid reference`, []string{`spec.containers[0] "a": image "nginx" is not a valid reference`}},
		{"two findings", `spec.containers[0]: image "A" is bad; spec.containers[1]: image "B" is bad`,
			[]string{`spec.containers[0]: image "A" is bad`, `spec.containers[1]: image "B" is bad`}},
		{"a finding that holds the separator", `spec.containers[0]: image "a" comes from ghcr.io, which is not allowed; allowed: quay.io`,
			[]string{`spec.containers[0]: image "a" comes from ghcr.io, which is not allowed; allowed: quay.io`}},
		{"an image that poses as a finding", `spec.containers[0]: image "x; spec.containers[1]: y" is bad; spec.volumes[0]: image "z" is bad`,
			[]string{`spec.containers[0]: image "x; spec.containers[1]: y" is bad`, `spec.volumes[0]: image "z" is bad`}},
		{"an image with an escaped quote", `spec.containers[0]: image "x\"; spec.a" is bad; spec.b: c`, []string{`spec.containers[0]: image "x\"; spec.a" is bad`, `spec.b: c`}},
		{"an image that ends in a backslash", `spec.containers[0]: image "x\\" is bad; spec.b: c`, []string{`spec.containers[0]: image "x\\" is bad`, `spec.b: c`}},
		{"an annotation's finding behind one of an image", `the object has 501 image references; metadata.annotations["k"]: lists 11`,
			[]string{`the object has 501 image references`, `metadata.annotations["k"]: lists 11`}},
		{"a message that has no room", `spec.a: b; and 12 more`, []string{`spec.a: b`, `and 12 more`}},
		{"a name that poses as a remainder", `spec.a "; and 12 more": b`, []string{`spec.a "; and 12 more": b`}},
		{"no findings", ``, []string{``}},
	} {
		if got := SplitFindings(row.message); !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s: got %q, want %q", row.why, got, row.want)
		}
	}
}

func TestWhatAMessageHasNoRoomForCountsByItsNumber(t *testing.T) {
	want := []string{"a", "b", "c"}
	for _, row := range []struct {
		why       string
		got, said []string
	}{
		{"everything is there", []string{"a", "b", "c"}, want},
		{"the rest is counted", []string{"a", "and 2 more"}, want},
		{"nothing fits", []string{"3 findings, too long to be shown"}, want},
		{"one too few", []string{"a", "and 1 more"}, []string{"a", "b"}},
		{"one too many", []string{"a", "and 3 more"}, []string{"a", "and 3 more"}},
		{"another one", []string{"x", "and 2 more"}, []string{"x", "b", "c"}},
	} {
		if got := FilledIn(want, row.got); !reflect.DeepEqual(got, row.said) {
			t.Errorf("%s: got %q, want %q", row.why, got, row.said)
		}
	}
}
