package testcase_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"mirrorgen.dev/gen/harness/report"
	"mirrorgen.dev/gen/harness/testcase"
)

const (
	secretSpec = `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: s}
spec:
  mirrors:
  - {source: docker.io, mirror: m.example.com/hub, pullSecret: {name: regcred, namespace: home}}
  scope: {namespaceSelector: {matchLabels: {mirror: 'yes'}}}
`
	shop   = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {mirror: 'yes'}}\n"
	lab    = "apiVersion: v1\nkind: Namespace\nmetadata: {name: lab, labels: {mirror: 'yes'}}\n"
	source = "apiVersion: v1\nkind: Secret\nmetadata: {name: regcred, namespace: home}\ndata: {a: Yg==}\n"
	other  = "apiVersion: v1\nkind: Secret\nmetadata: {name: other, namespace: home}\ndata: {a: Yg==}\n"
)

// cloneIn is the pull secret as it is cloned into a namespace.
func cloneIn(namespace string) string {
	return "---\napiVersion: v1\nkind: Secret\nmetadata: {name: mirrorgen-s-docker-io, namespace: " + namespace + "}\ndata: {a: Yg==}\n"
}

func TestACaseAboutAClusterSaysWhatBecomesOfIt(t *testing.T) {
	existing := head + "operation: EXISTING\n"
	outside := strings.Replace(shop, "'yes'", "'no'", 1)
	for _, row := range []struct {
		why    string
		files  map[string]string
		status report.Status
		said   string // a part of the messages or of the diff
	}{
		{"what is admitted, and what it leads to", map[string]string{"case.yaml": head, "object.yaml": shop, "want.yaml": shop, "cluster.yaml": source, "want-cluster.yaml": source + cloneIn("shop")}, report.Passed, ""},
		{"what exists", map[string]string{"case.yaml": existing, "object.yaml": shop, "cluster.yaml": source, "want-cluster.yaml": source + cloneIn("shop")}, report.Passed, ""},
		{"one object after another, each in the cluster that the last one left", map[string]string{"case.yaml": existing, "object.yaml": shop + "---\n" + lab, "cluster.yaml": source, "want-cluster.yaml": source + cloneIn("shop") + cloneIn("lab")}, report.Passed, ""},
		{"a Namespace that leaves the scope", map[string]string{"case.yaml": head + "operation: UPDATE\n", "object.yaml": outside, "old.yaml": shop, "want.yaml": outside, "cluster.yaml": source + cloneIn("shop"), "want-cluster.yaml": source}, report.Passed, ""},
		{"a Namespace that is deleted changes nothing here", map[string]string{"case.yaml": head + "operation: DELETE\nunmatched: true\n", "object.yaml": shop, "want.yaml": shop, "cluster.yaml": source, "want-cluster.yaml": source}, report.Passed, ""},
		{"another cluster than wanted", map[string]string{"case.yaml": head, "object.yaml": shop, "want.yaml": shop, "cluster.yaml": source, "want-cluster.yaml": source}, report.Failed, "+  name: mirrorgen-s-docker-io"},
		{"a clone that is wanted and not made", map[string]string{"case.yaml": existing, "object.yaml": shop + "---\n" + outside, "cluster.yaml": source, "want-cluster.yaml": source + cloneIn("shop") + cloneIn("lab")}, report.Failed, "-  namespace: lab"},
		{"the same in another order", map[string]string{"case.yaml": existing, "object.yaml": shop, "cluster.yaml": source, "want-cluster.yaml": strings.TrimPrefix(cloneIn("shop"), "---\n") + "---\n" + source}, report.Failed, "want-cluster.yaml"},
		{"what is said in the background is said", map[string]string{"case.yaml": head, "object.yaml": shop, "want.yaml": shop, "cluster.yaml": other, "want-cluster.yaml": other, "want-warned.txt": "/^engine: .*: error: /\n"}, report.Passed, ""},
		{"what is said has to be wanted", map[string]string{"case.yaml": head, "object.yaml": shop, "want.yaml": shop, "cluster.yaml": other, "want-cluster.yaml": other}, report.Failed, "+engine: s/pull-secrets: error: Secret home/regcred is not there"},
		{"nothing looked at the Namespace", map[string]string{"case.yaml": existing, "object.yaml": outside, "cluster.yaml": source, "want-cluster.yaml": source}, report.Failed, "no policy looked at the object"},
		{"nothing was to look at it", map[string]string{"case.yaml": existing + "unmatched: true\n", "object.yaml": outside, "cluster.yaml": source, "want-cluster.yaml": source}, report.Passed, ""},
		{"something looked although unmatched", map[string]string{"case.yaml": existing + "unmatched: true\n", "object.yaml": shop, "cluster.yaml": source, "want-cluster.yaml": source + cloneIn("shop")}, report.Failed, "unmatched: true, but s/pull-secrets looked"},
		{"a denied object leads to nothing, and need not say so", map[string]string{"case.yaml": head + "namespaceLabels: {mirror: 'yes'}\n", "object.yaml": badPod, "want-denied.txt": badSaid, "cluster.yaml": source}, report.Passed, ""},
		{"a denied object that says it", map[string]string{"case.yaml": head + "namespaceLabels: {mirror: 'yes'}\n", "object.yaml": badPod, "want-denied.txt": badSaid, "cluster.yaml": source, "want-cluster.yaml": source}, report.Passed, ""},

		{"a cluster without an end", map[string]string{"case.yaml": head, "object.yaml": shop, "want.yaml": shop, "cluster.yaml": source}, report.Broken, "claim: cluster.yaml is there, but not want-cluster.yaml: what becomes of the cluster is not said; write it, or run gen test --update"},
		{"an end without a cluster", map[string]string{"case.yaml": head, "object.yaml": shop, "want.yaml": shop, "want-cluster.yaml": source}, report.Broken, "claim/want-cluster.yaml: there is no cluster.yaml that it could come of; write one, or remove the file"},
		{"what exists without a cluster", map[string]string{"case.yaml": existing, "object.yaml": shop}, report.Broken, "claim/cluster.yaml: is needed for operation EXISTING, which is about what policies do in a cluster"},
		{"what exists is not admitted", map[string]string{"case.yaml": existing, "object.yaml": shop, "want.yaml": shop, "cluster.yaml": source, "want-cluster.yaml": source}, report.Broken, "claim: operation EXISTING admits nothing; remove want.yaml and want-denied.txt"},
		{"nor denied", map[string]string{"case.yaml": existing, "object.yaml": shop, "want-denied.txt": "x\n", "cluster.yaml": source, "want-cluster.yaml": source}, report.Broken, "operation EXISTING admits nothing"},
		{"nor was it anything else before", map[string]string{"case.yaml": existing, "object.yaml": shop, "old.yaml": shop, "cluster.yaml": source, "want-cluster.yaml": source}, report.Broken, "only an UPDATE has stored objects"},
		{"what exists, without what becomes of the cluster", map[string]string{"case.yaml": existing, "object.yaml": shop, "cluster.yaml": source}, report.Broken, "what becomes of the cluster is not said"},
		{"a cluster that is empty", map[string]string{"case.yaml": head, "object.yaml": shop, "want.yaml": shop, "cluster.yaml": "# nothing\n", "want-cluster.yaml": source}, report.Broken, "cluster.yaml: holds no object"},
		{"an end that is empty", map[string]string{"case.yaml": head, "object.yaml": shop, "want.yaml": shop, "cluster.yaml": source, "want-cluster.yaml": "---\n"}, report.Broken, "want-cluster.yaml: holds no object"},
		{"an end may name a mirror, and has to name one that is there", map[string]string{"case.yaml": existing, "object.yaml": shop, "cluster.yaml": source, "want-cluster.yaml": source + strings.Replace(cloneIn("shop"), "Yg==", "'${mirror:nope}'", 1)}, report.Broken, "want-cluster.yaml: ${mirror:nope}: no such mirror"},
	} {
		files := map[string]string{"mirrors.yaml": secretSpec}
		for name, text := range row.files {
			files["claim/"+name] = text
		}
		found := run(t, write(t, files), testcase.Options{})
		got := found.Results[0]
		said := strings.Join(got.Messages, "\n") + got.Diff
		if got.Status != row.status || !strings.Contains(said, row.said) {
			t.Errorf("%s: %v, said:\n%s\nwant %v with %q", row.why, got.Status, said, row.status, row.said)
		}
	}
}

// What is there and cannot be read is not absent.
func TestAFileThatCannotBeReadIsComplainedOfForThatAlone(t *testing.T) {
	for _, row := range []struct{ why, file, text, operation string }{
		{"the cluster", "cluster.yaml", "a: [", ""},
		{"the cluster of what exists", "cluster.yaml", "a: [", "operation: EXISTING\n"},
		{"what becomes of it", "want-cluster.yaml", "a: [", ""},
		{"the wanted object", "want.yaml", "a: [", ""},
		{"the wanted denial", "want-denied.txt", "/(/\n", ""},
		{"the stored object", "old.yaml", "a: [", "operation: UPDATE\n"},
	} {
		files := map[string]string{"case.yaml": head + row.operation, "old.yaml": shop}
		files[row.file] = row.text
		dir := clusterCase(t, files)
		for name, absent := range map[string]bool{"old.yaml": row.operation != "operation: UPDATE\n", "want.yaml": row.file == "want-denied.txt" || row.operation == "operation: EXISTING\n"} {
			if absent {
				if err := os.Remove(filepath.Join(dir, "claim", name)); err != nil {
					t.Fatal(err)
				}
			}
		}
		got := run(t, dir, testcase.Options{}).Results[0]
		if got.Status != report.Broken || len(got.Messages) != 1 || !strings.Contains(got.Messages[0], "claim/"+row.file+":") {
			t.Errorf("%s: %v: %q", row.why, got.Status, got.Messages)
		}
	}
}

// clusterCase is a folder with one case about a cluster.
func clusterCase(t *testing.T, more map[string]string) string {
	files := map[string]string{"mirrors.yaml": secretSpec, "claim/case.yaml": head, "claim/object.yaml": shop, "claim/want.yaml": shop, "claim/cluster.yaml": source, "claim/want-cluster.yaml": source}
	for name, text := range more {
		files["claim/"+name] = text
	}
	return write(t, files)
}
