package document

import (
	"fmt"
	"strings"
	"testing"
)

// show is a node as text: kind, place, and what it holds.
func show(n *Node) string {
	at := fmt.Sprintf("%d:%d", n.Line, n.Column)
	extra := ""
	if n.Tag != "" {
		extra += " " + n.Tag
	}
	if n.Anchor != "" {
		extra += " &" + n.Anchor
	}
	var parts []string
	switch n.Kind {
	case Mapping:
		for _, f := range n.Fields {
			parts = append(parts, show(f.Key)+"="+show(f.Value))
		}
		return at + extra + "{" + strings.Join(parts, ", ") + "}"
	case List:
		for _, item := range n.Items {
			parts = append(parts, show(item))
		}
		return at + extra + "[" + strings.Join(parts, ", ") + "]"
	case Alias:
		return at + "*"
	}
	kind := map[Kind]string{String: "s", Bool: "b", Number: "n", Null: "-"}[n.Kind]
	if n.Quoted {
		kind += "q"
	}
	return at + extra + kind + ":" + n.Text
}

func TestNodeKeepsPlaces(t *testing.T) {
	r := NewReader("f", strings.NewReader("---\na: yes\nb:\n- 'x'\n- {c: 1, c: ~}\n---\nd: &x !!str 5\n<<: *x\n'<<':\n"))
	var got []string
	for {
		doc, err := r.Next()
		if err != nil {
			break
		}
		n, err := doc.Node()
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, show(n))
	}
	want := []string{
		"2:1{2:1s:a=2:4b:yes, 3:1s:b=4:1[4:3sq:x, 5:3{5:4s:c=5:7n:1, 5:10s:c=5:13-:~}]}",
		"7:1{7:1s:d=7:4 !!str &xn:5, 8:1s:<<=8:5*, 9:1sq:<<=9:6-:}",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestIsMerge(t *testing.T) {
	for _, row := range []struct {
		why, in string
		want    bool
	}{{"plain", "<<: {}", true}, {"quoted", "'<<': {}", false}, {"another key", "a: {}", false}} {
		doc, _ := NewReader("f", strings.NewReader(row.in)).Next()
		n, err := doc.Node()
		if err != nil || n.Fields[0].Key.IsMerge() != row.want {
			t.Errorf("%s: %v", row.why, err)
		}
	}
}

func TestNodeRefuses(t *testing.T) {
	for _, row := range []struct{ why, in, want string }{
		{"too deep", strings.Repeat("[", 1100) + strings.Repeat("]", 1100), "f: document 1: line 1: nested deeper than 1000 levels"},
		{"broken", "a: [", "f: document 1: near line 1: did not find expected node content"},
	} {
		doc, _ := NewReader("f", strings.NewReader(row.in)).Next()
		if _, err := doc.Node(); err == nil || err.Error() != row.want {
			t.Errorf("%s: got %v, want %s", row.why, err, row.want)
		}
	}
}
