package admission

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/policy/mutating/patch"
	"k8s.io/apiserver/pkg/cel/environment"

	"mirrorgen.dev/gen/engines/protocol"
)

// patched is what a JSON patch makes of an object in the plugin's own patcher, and
// here; direct: without the plugin's.
func patched(t testing.TB, operations, before string) (plugin, here string, direct bool) {
	t.Helper()
	c, err := newCompilation("p", nil, unread{})
	if err != nil {
		t.Fatal(err)
	}
	evaluator := c.compiler.CompileMutatingEvaluator(&patch.JSONPatchCondition{Expression: operations}, cel.OptionalVariableDeclarations{HasAuthorizer: true, HasPatchTypes: true}, environment.StoredExpressions)
	if errs := evaluator.CompilationErrors(); len(errs) > 0 {
		t.Fatal(errs)
	}
	r, err := newRequest(&protocol.Admit{Operation: "CREATE", Object: object(t, before)})
	if err != nil {
		t.Fatal(err)
	}
	objects := unstructuredObjects()
	counted := &counting{Patcher: patch.NewJSONPatcher(repeated{evaluator})}
	run := func(patcher patch.Patcher) string {
		attributes, err := admission.NewVersionedAttributes(r.attributes(r.object), r.gvk, objects)
		if err != nil {
			t.Fatal(err)
		}
		o := &observation{findings: &findings{}}
		ctx := c.compiler.CreateContext(observing(context.Background(), o))
		after, err := patcher.Patch(ctx, patch.Request{MatchedResource: r.gvr, VersionedAttributes: attributes, ObjectInterfaces: objects,
			OptionalVariables: cel.OptionalVariableBindings{Authorizer: noAuthorizer{o}}, Namespace: r.in}, 1_000_000)
		if err != nil {
			return "error: " + err.Error()
		}
		return text(t, after.(*unstructured.Unstructured).Object)
	}
	kept := text(t, r.object)
	plugin = run(patch.NewJSONPatcher(evaluator))
	here = run(jsonPatcher{evaluator, counted})
	if text(t, r.object) != kept {
		t.Errorf("%s changed the object itself: %s", operations, text(t, r.object))
	}
	return plugin, here, counted.calls == 0
}

type counting struct {
	patch.Patcher
	calls int
}

func (c *counting) Patch(ctx context.Context, request patch.Request, budget int64) (runtime.Object, error) {
	c.calls++
	return c.Patcher.Patch(ctx, request, budget)
}

const patchable = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web","namespace":"shop","annotations":{"a/b~c":"d","e":"f"}},` +
	`"spec":{"priority":9007199254740993,"containers":[{"name":"a","image":"x","args":["1","2"]},{"name":"b","image":"y"}]}}`

func TestAPatchHasTheResultThatThePluginsHas(t *testing.T) {
	for _, test := range []struct {
		reason, operations string
		direct             bool
	}{
		{"nothing", "[JSONPatch{}].filter(p, false)", true},
		{"a text", "[JSONPatch{op: 'replace', path: '/spec/containers/0/image', value: 'z'}]", true},
		{"texts, one twice", "[JSONPatch{op: 'replace', path: '/spec/containers/0/image', value: 'z'}, JSONPatch{op: 'replace', path: '/spec/containers/1/image', value: 'z'}, JSONPatch{op: 'replace', path: '/spec/containers/0/image', value: 'w'}]", true},
		{"an element of a list", "[JSONPatch{op: 'replace', path: '/spec/containers/0/args/1', value: 'z'}]", true},
		{"a text with odd characters", "[JSONPatch{op: 'replace', path: '/metadata/name', value: 'é<&>\"\\\\\\n\\u0001'}]", true},
		{"a text by one that is the same", "[JSONPatch{op: 'replace', path: '/spec/containers/0/image', value: 'x'}]", true},
		{"a key that has to be unescaped", "[JSONPatch{op: 'replace', path: '/metadata/annotations/' + jsonpatch.escapeKey('a/b~c'), value: 'z'}]", false},
		{"a key that is not there", "[JSONPatch{op: 'replace', path: '/metadata/nope', value: 'z'}]", false},
		{"an index that is not there", "[JSONPatch{op: 'replace', path: '/spec/containers/7/image', value: 'z'}]", false},
		{"an index with a zero before it", "[JSONPatch{op: 'replace', path: '/spec/containers/00/image', value: 'z'}]", false},
		{"a negative index", "[JSONPatch{op: 'replace', path: '/spec/containers/-1/image', value: 'z'}]", false},
		{"the end of a list", "[JSONPatch{op: 'replace', path: '/spec/containers/-', value: 'z'}]", false},
		{"beyond a text", "[JSONPatch{op: 'replace', path: '/metadata/name/x', value: 'z'}]", false},
		{"a map by a text", "[JSONPatch{op: 'replace', path: '/metadata/annotations', value: 'z'}]", false},
		{"a number by a text", "[JSONPatch{op: 'replace', path: '/spec/priority', value: 'z'}]", false},
		{"a text by a number", "[JSONPatch{op: 'replace', path: '/metadata/name', value: 3}]", false},
		{"a text by nothing", "[JSONPatch{op: 'replace', path: '/metadata/name'}]", false},
		{"all of it", "[JSONPatch{op: 'replace', path: '', value: 'z'}]", false},
		{"no pointer", "[JSONPatch{op: 'replace', path: 'metadata', value: 'z'}]", false},
		{"the kind", "[JSONPatch{op: 'replace', path: '/kind', value: ''}]", false},
		{"the apiVersion", "[JSONPatch{op: 'replace', path: '/apiVersion', value: ''}]", false},
		{"another operation", "[JSONPatch{op: 'add', path: '/metadata/labels', value: {'a': 'b'}}]", false},
		{"another operation behind", "[JSONPatch{op: 'replace', path: '/metadata/name', value: 'z'}, JSONPatch{op: 'remove', path: '/metadata/name'}]", false},
		{"a test that fails", "[JSONPatch{op: 'test', path: '/metadata/name', value: 'z'}, JSONPatch{op: 'replace', path: '/metadata/name', value: 'z'}]", false},
		{"a source", "[JSONPatch{op: 'replace', path: '/metadata/name', from: '/kind', value: 'z'}]", false},
		{"a failure", "[JSONPatch{op: 'replace', path: '/metadata/name', value: object.spec.nope}]", false},
	} {
		t.Run(test.reason, func(t *testing.T) {
			plugin, here, direct := patched(t, test.operations, patchable)
			if plugin != here || direct != test.direct {
				t.Errorf("direct %v:\n%s\nthe plugin:\n%s", direct, here, plugin)
			}
		})
	}
}

// FuzzPatch holds patches at random to the plugin's.
func FuzzPatch(f *testing.F) {
	for seed := range uint64(40) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		random := rand.New(rand.NewPCG(seed, 0))
		pick := func(from ...string) string { return from[random.IntN(len(from))] }
		var operations []string
		for range random.IntN(4) {
			var path strings.Builder
			for range 1 + random.IntN(4) {
				path.WriteString("/" + pick("spec", "containers", "metadata", "name", "0", "1", "image", "args", "annotations", "e", "a~1b~0c", "kind", "-", "", "é", "2"))
			}
			whole := pick(path.String(), "/spec/containers/0/image", "/spec/containers/1/image", "/metadata/annotations/e")
			operations = append(operations, fmt.Sprintf("JSONPatch{op: '%s', path: '%s', value: %s}", pick("replace", "replace", "replace", "replace", "add", "test"), whole, pick("'z'", "'é'", "'x'", "''", "3")))
		}
		plugin, here, _ := patched(t, "[JSONPatch{}].filter(p, false) + ["+strings.Join(operations, ", ")+"]", patchable)
		if plugin != here {
			t.Errorf("%v:\n%s\nthe plugin:\n%s", operations, here, plugin)
		}
	})
}
