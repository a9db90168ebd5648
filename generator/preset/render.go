package preset

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"text/template"
	"unicode/utf8"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
	"mirrorgen.dev/gen/templates"
)

// specFile is the MirrorSet among the files; the cases name it.
const specFile = "mirrors.yaml"

// Files are the MirrorSet of the preset at an address, host[:port][/path], and
// its first test cases, sorted by path. The address is held to the grammar of a
// MirrorSet before it reaches the template; the error repeats nothing that may be
// a credential.
func (p Preset) Files(address string) ([]artifact.File, error) {
	if err := p.checkAddress(address); err != nil {
		return nil, err
	}
	text, err := p.render(address)
	if err != nil {
		return nil, err
	}
	plan, err := compile(text)
	if err != nil {
		return nil, err
	}
	cases, err := p.cases(plan)
	if err != nil {
		return nil, err
	}
	return append([]artifact.File{{Path: specFile, Data: text}}, cases...), nil
}

// checkAddress judges the address as the only mirror of a MirrorSet that holds
// nothing else, so that it is refused in the same words as in a file.
func (p Preset) checkAddress(address string) error {
	if !utf8.ValidString(address) {
		return errors.New("is not UTF-8; write host[:port][/path]")
	}
	_, err := spec.FromObject(specFile, map[string]any{
		"apiVersion": spec.APIVersion,
		"kind":       spec.Kind,
		"metadata":   map[string]any{"name": "address"},
		"spec":       map[string]any{"mirrors": []any{map[string]any{"source": "registry.example", "mirror": address}}},
	})
	if err != nil {
		return reasons(err)
	}
	if strings.Contains(p.Address, "/") && !strings.Contains(address, "/") {
		return fmt.Errorf("%q: has no path, which %s needs; write it as %q is written", address, p.Name, p.Address)
	}
	return nil
}

// render fills in the template. What is inserted went through checkAddress: it
// holds no quote, no backslash, no blank and no line break, so that it is one
// word of a comment, and of a string between double quotes.
func (p Preset) render(address string) ([]byte, error) {
	name := "init/presets/" + p.Name + ".yaml"
	text, err := templates.FS.ReadFile(name)
	if err != nil {
		return nil, err
	}
	t, err := template.New(name).Delims("<%", "%>").Option("missingkey=error").Parse(string(text))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := t.Execute(&out, struct{ Host string }{address}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// compile finds what an address breaks only together with the sources, such as
// a mirror below one of them.
func compile(text []byte) (*mirror.Plan, error) {
	sets, err := spec.Parse(specFile, text)
	if err != nil {
		return nil, reasons(err)
	}
	plans, err := generator.Plans(sets)
	if err != nil {
		return nil, reasons(err)
	}
	if len(plans) != 1 {
		return nil, fmt.Errorf("the preset holds %d MirrorSets, not one; this is a bug of gen", len(plans))
	}
	return plans[0], nil
}

// reasons are the messages of problems without their places, each once: the
// file is not written yet.
func reasons(err error) error {
	var problems spec.Problems
	if !errors.As(err, &problems) {
		return err
	}
	var messages []string
	said := map[string]bool{}
	for _, problem := range problems {
		if !said[problem.Message] {
			said[problem.Message] = true
			messages = append(messages, problem.Message)
		}
	}
	return errors.New(strings.Join(messages, "\n"))
}
