package diagnosis

import (
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/terminal"
)

// FuzzDiagnose states that no message panics, that the same one gives the same
// finding in every language, and that a kubelet's wrapper around a message
// never changes a specific cause.
func FuzzDiagnose(f *testing.F) {
	for _, name := range []string{"testdata/pull-errors.jsonl", "testdata/held-out.jsonl", "testdata/blind.jsonl"} {
		for _, l := range readLabelled(f, name) {
			f.Add(l.Message)
		}
	}
	for _, seed := range []string{"", "\x1b[31m", "\xff\xfe", `\\\"`, "lookup lookup lookup", "://://", "(mirrors also failed: []): ", "403", "https://[", "dial tcp ->", strings.Repeat("lookup x on ", 50)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, message string) {
		first := Diagnose(message, English)
		if again := Diagnose(message, English); !reflect.DeepEqual(first, again) {
			t.Fatalf("%q: %+v, then %+v", message, first, again)
		}
		if zh := Diagnose(message, Chinese); zh.Cause != first.Cause || zh.Host != first.Host || zh.Image != first.Image || len(zh.Remedy) != len(first.Remedy) {
			t.Fatalf("%q: in Chinese %+v", message, zh)
		}
		if (first.Cause == NotAPullFailure) != (first.Summary == "") || (first.Cause == NotAPullFailure) != (len(first.Remedy) == 0) {
			t.Fatalf("%q: %+v", message, first)
		}
		if first.Cause == NotAPullFailure || first.Cause == causeGeneric {
			return
		}
		for _, wrapper := range []string{`Failed to pull image "nginx": `, "rpc error: code = Unknown desc = ", `Back-off pulling image "nginx": ErrImagePull: `} {
			if wrapped := Diagnose(wrapper+message, English); wrapped.Cause != first.Cause {
				t.Fatalf("%q is %s, wrapped in %q %s", message, first.Cause, wrapper, wrapped.Cause)
			}
		}
	})
}

// FuzzReader states that no input panics, that what is read is bounded, and
// that every message can be printed without a character that drives a terminal.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"ErrImagePull\n\r\n", `{"kind":"List","items":[{"kind":"Event","message":"ErrImagePull"}]}`, `[{"kind":"Pod"}`, "apiVersion: v1\nitems:\n- kind: Event\n  message: x\n", "Name: a\nNamespace: b\nEvents:\n  Type  Reason  Age  From  Message\n",
		"  Warning  Failed  3m (x4 over 4m)  kubelet  ErrImagePull\n", "\xff\xfea\x00", "\xfe\xff\x00a", "\uFEFF{", `{"items":{}}`, `{"type":"ADDED","object":{"kind":"Event","note":"x"}}`, "---\n---\n- a: 1\n", "{\"kind\": 1, \"items\": [1, null, {}]}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		reader, err := NewReader(strings.NewReader(text), Options{Name: "f"})
		if err != nil {
			t.Fatal(err)
		}
		together := Collector{Emit: func(r Report) error {
			if err := r.WriteConsole(io.Discard, Chinese); err != nil {
				return err
			}
			var line strings.Builder
			if err := r.WriteJSON(&line); err != nil {
				return err
			}
			for _, c := range strings.TrimSuffix(line.String(), "\n") {
				if terminal.Hidden(c) {
					t.Fatalf("%q prints %q", text, line.String())
				}
			}
			return nil
		}}
		_ = reader.Each(func(item Item) error {
			if item.Count < 1 || strings.TrimSpace(item.Message) == "" || len(item.Message) > MaxMessage {
				t.Fatalf("%q: %+v", text, item)
			}
			return together.Add(item, item.Diagnose(English))
		})
		if err := together.Flush(); err != nil {
			t.Fatal(errors.Join(err))
		}
	})
}
