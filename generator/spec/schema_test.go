package spec

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"mirrorgen.dev/gen/generator/document"
)

func compiled(t testing.TB) *jsonschema.Schema {
	t.Helper()
	data, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("mirrorset.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := compiler.Compile("mirrorset.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// judge validates a document; read is false where it is no object at all.
func judge(t testing.TB, schema *jsonschema.Schema, text string) (err error, read bool) {
	t.Helper()
	doc, err := document.NewReader("f", strings.NewReader(text)).Next()
	if err != nil {
		return err, false
	}
	object, err := doc.Object()
	if err != nil {
		return err, false
	}
	data, err := json.Marshal(object)
	if err != nil {
		t.Fatal(err)
	}
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	return schema.Validate(value), true
}

func TestSchemaAcceptsWhatParseAccepts(t *testing.T) {
	schema := compiled(t)
	rich, err := document.Marshal(richest().Object())
	if err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{sample, minimal("", ""), string(rich), minimal("source: '[::1]:5000/a__b'", ""), minimal("source: my_registry.local/a", "")} {
		if err, _ := judge(t, schema, text); err != nil {
			t.Errorf("%v\n%s", err, text)
		}
	}
}

// beyondSchema are the refusals that a schema cannot make: what several values
// show together, what YAML alone knows, and ranges of numbers within text.
func beyondSchema() map[string]bool {
	beyond := map[string]bool{}
	for _, why := range []string{
		"a tag", "a merge key", "a boolean of YAML 1.1", "a port that is too high", "no IPv6 address", "a long part", "a long host", "a long path",
		"all of Docker Hub as a fallback", "a fallback that is the mirror", "the source as its alias", "Docker Hub's own alias", "Docker Hub as an alias",
		"an entry with the host", "an entry that is the host", "an entry with another name of Docker Hub", "an exception beside only", "an exception that only looks alike",
		"only what is excepted", "the same entry in both", "an entry too long with its source", "certificates for plain http", "certificates for a registry of plain http", "no name to derive",
		"a secret for everyone", "an empty selector is for everyone", "a registry twice", "Docker Hub by plain http", "Docker Hub without verification, by its older name", "Docker Hub by the host that serves it, certificates beside it",
		"Docker Hub in two ways", "two ways to a registry", "In without values", "Exists with values",
	} {
		beyond[why] = true
	}
	return beyond
}

func TestSchemaRefusesWhatParseRefuses(t *testing.T) {
	schema, beyond, seen := compiled(t), beyondSchema(), map[string]bool{}
	for _, row := range valueRefusals {
		seen[row.why] = true
		err, read := judge(t, schema, minimal(row.mirror, row.body))
		if !read {
			continue // no object, for any reader
		}
		if beyond[row.why] && err != nil {
			t.Errorf("%s: the schema does refuse it: %v", row.why, err)
		}
		if !beyond[row.why] && err == nil {
			t.Errorf("%s: the schema accepts\n%s", row.why, minimal(row.mirror, row.body))
		}
	}
	for why := range beyond {
		if !seen[why] {
			t.Errorf("%s: no such refusal", why)
		}
	}
}

func TestSchemaIsStableAndDescribed(t *testing.T) {
	first, _ := Schema()
	again, _ := Schema()
	if !bytes.Equal(first, again) {
		t.Error("two runs differ")
	}
	var described func(s *shape, path string)
	described = func(s *shape, path string) {
		for _, f := range s.fields {
			if f.doc == "" {
				t.Errorf("%s has no description", join(path, f.name))
			}
			described(f.shape, join(path, f.name))
		}
		if s.item != nil {
			described(s.item, path)
		}
	}
	described(mirrorSet(), "")
}
