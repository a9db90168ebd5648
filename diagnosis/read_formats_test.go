package diagnosis

import (
	"strings"
	"testing"
)

func TestYAMLOfKubectlIsRead(t *testing.T) {
	for _, row := range []struct{ why, text, want string }{
		{
			"a list as kubectl prints it",
			`apiVersion: v1
items:
- apiVersion: v1
  count: 3
  involvedObject:
    kind: Pod
    name: web-1
    namespace: default
  kind: Event
  message: 'Failed to pull image "nginx:x": rpc error: code = Unknown desc = manifest
    for nginx:x not found'
  metadata:
    name: web-1.1
    namespace: default
  reason: Failed
- apiVersion: v1
  kind: Pod
  metadata:
    name: web-2
  status:
    containerStatuses:
    - image: nginx:x
      name: a
      state:
        waiting:
          message: |-
            first
            - second
          reason: ErrImagePull
kind: List
metadata:
  resourceVersion: ""
`,
			"default/web-1|Failed|Failed to pull image \"nginx:x\": rpc error: code = Unknown desc = manifest for nginx:x not found|3|\nweb-2|ErrImagePull|ErrImagePull: first\n- second|1|nginx:x\n",
		},
		{"dashes indented", "apiVersion: v1\nitems:\n  - kind: Event\n    message: a\n  - kind: Event\n    message: b\nkind: List\n", "||a|1|\n||b|1|\n"},
		{"documents", "# two\nkind: Event\nmessage: a\n---\nkind: Event\nmessage: b\n...\n", "||a|1|\n||b|1|\n"},
		{"a bare list", "- apiVersion: v1\n  kind: Event\n  message: a\n- kind: Event\n  message: b\n", "||a|1|\n||b|1|\n"},
		{"two lists", "apiVersion: v1\nitems:\n- kind: Event\n  message: a\n---\napiVersion: v1\nitems:\n- kind: Event\n  message: b\n", "||a|1|\n||b|1|\n"},
		{"comments and blank lines", "apiVersion: v1\nitems:\n\n# a comment\n- kind: Event\n\n  message: a\n", "||a|1|\n"},
		{"no items", "apiVersion: v1\nitems: []\nkind: List\n", ""},
		{"Windows' line ends", "apiVersion: v1\r\nitems:\r\n- kind: Event\r\n  message: a\r\n", "||a|1|\n"},
	} {
		format, list, err := items(t, row.text, Options{})
		if err != nil || format != YAML || shown(list) != row.want {
			t.Errorf("%s: %s, %v\n%swant\n%s", row.why, format, err, shown(list), row.want)
		}
	}
}

func TestBrokenYAMLIsReadUpToThePlace(t *testing.T) {
	_, list, err := items(t, "apiVersion: v1\nitems:\n- kind: Event\n  message: a\n- kind: Event\n  message: \"b\n", Options{})
	if err == nil || len(list) != 1 || !strings.HasPrefix(err.Error(), "f:") || !strings.HasSuffix(err.Error(), "what stands before it was diagnosed") {
		t.Errorf("%d items, %v", len(list), err)
	}
}

const description = "Name:         web-1\n" +
	"Namespace:    default\n" +
	"Containers:\n" +
	"  web:\n" +
	"    Container ID:   \n" +
	"    Image:          harbor.example/a/web:1\n" +
	"    State:          Waiting\n" +
	"      Reason:       ImagePullBackOff\n" +
	"    Last State:     Terminated\n" +
	"      Reason:       Error\n" +
	"    Ready:          False\n" +
	"  side:\n" +
	"    Image:          busybox\n" +
	"    State:          Running\n" +
	"      Started:      Sat, 21 Nov 2026 08:00:00 +0000\n" +
	"    Ready:          True\n" +
	"Conditions:\n" +
	"  Type              Status\n" +
	"  Ready             False\n" +
	"Events:\n" +
	"  Type     Reason     Age                From               Message\n" +
	"  ----     ------     ----               ----               -------\n" +
	"  Normal   Scheduled  5m                 default-scheduler  Successfully assigned default/web-1 to n1\n" +
	"  Warning  Failed     3m (x4 over 4m)    kubelet            Failed to pull image \"harbor.example/a/web:1\": rpc error: code = Unknown desc = too\n" +
	"manyrequests:  slow\n" +
	"  down\n" +
	"  Warning  Failed     <invalid>          kubelet, n1        Error: ErrImagePull\n" +
	"\n\n" +
	"Name:         web-2\n" +
	"Labels:       <none>\n" +
	"Events:       <none>\n"

func TestDescriptionsAreRead(t *testing.T) {
	format, list, err := items(t, description, Options{})
	want := "default/web-1|ImagePullBackOff|ImagePullBackOff|1|harbor.example/a/web:1\n" +
		"default/web-1|Scheduled|Successfully assigned default/web-1 to n1|1|\n" +
		"default/web-1|Failed|Failed to pull image \"harbor.example/a/web:1\": rpc error: code = Unknown desc = too\nmanyrequests:  slow\ndown|4|\n" +
		"default/web-1|Failed|Error: ErrImagePull|1|\n"
	if err != nil || format != Description || shown(list) != want {
		t.Errorf("%s, %v\n%swant\n%s", format, err, shown(list), want)
	}
	if f := list[2].Diagnose(English); f.Cause != "rate-limited" {
		t.Errorf("the message that was wrapped reads as %q", f.Cause)
	}
	crlf := "\x1b[1m" + strings.ReplaceAll(description, "\n", "\x1b[0m\r\n")
	if _, again, err := items(t, crlf, Options{}); err != nil || shown(again) != want {
		t.Errorf("with colours and Windows' line ends: %v\n%s", err, shown(again))
	}
}

func TestOlderDescriptionsAreRead(t *testing.T) {
	_, list, err := items(t, "Name:\t\tweb\nNamespace:\tdefault\nEvents:\n"+
		"  FirstSeen\tLastSeen\tCount\tFrom\t\t\tSubObjectPath\t\tType\t\tReason\t\tMessage\n"+
		"  ---------\t--------\t-----\t----\t\t\t-------------\t\t--------\t------\t\t-------\n"+
		"  16m\t\t17s\t\t6\t{kubelet n1}\tspec.containers{nginx}\tWarning\t\tFailed\t\tFailed to pull image \"nginx\": rpc error: code = 4 desc = context deadline exceeded\n", Options{})
	want := "default/web|Failed|Failed to pull image \"nginx\": rpc error: code = 4 desc = context deadline exceeded|6|\n"
	if err != nil || shown(list) != want {
		t.Errorf("%v\n%s", err, shown(list))
	}
}

func TestTheReasonOfAnEventOutweighsItsWords(t *testing.T) {
	for _, row := range []struct {
		why  string
		item Item
		want string
	}{
		{"a probe", Item{Reason: "Unhealthy", Message: "Failed to pull image: toomanyrequests"}, NotAPullFailure},
		{"a volume", Item{Reason: "FailedMount", Message: "unexpected EOF while pulling image layer"}, NotAPullFailure},
		{"a word that says nothing", Item{Reason: "ErrImagePull", Message: "dunno"}, "generic-no-detail"},
		{"a reason that is a cause", Item{Reason: "ErrImageNeverPull", Message: "x"}, "never-pull-image-absent"},
		{"a pull's reason gives its words their meaning", Item{Reason: "ErrImagePull", Message: "unexpected EOF"}, "unexpected-eof"},
		{"an unknown reason", Item{Reason: "Whatever", Message: "toomanyrequests: slow"}, "rate-limited"},
	} {
		f := row.item.Diagnose(English)
		if f.Cause != row.want || f.Message != row.item.Message {
			t.Errorf("%s: %q (%q), want %q", row.why, f.Cause, f.Message, row.want)
		}
	}
}

func TestTheContainersImageStandsInForOneThatIsNotNamed(t *testing.T) {
	f := Item{Reason: "ErrImagePull", Message: "toomanyrequests: slow", Image: "quay.io/a/b:1"}.Diagnose(English)
	if f.Image != "quay.io/a/b:1" || f.Host != "quay.io" || !strings.Contains(f.Summary, "quay.io") {
		t.Errorf("%+v", f)
	}
	f = Item{Reason: "ErrImagePull", Message: `Failed to pull image "r.example/x:1": toomanyrequests`, Image: "quay.io/a/b:1"}.Diagnose(English)
	if f.Image != "r.example/x:1" {
		t.Errorf("the message's own image gave way: %+v", f)
	}
}
