package target

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"text/template"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/templates"
)

// render executes the template file with data. A template is for shape: all
// that it inserts goes through quote, or was encoded in Go. It may use the files
// beside it that end in .part, which several templates share.
func render(name string, data any) ([]byte, error) {
	text, err := templates.FS.ReadFile(name)
	if err != nil {
		return nil, err
	}
	t, err := template.New(name).
		Delims("<%", "%>").
		Option("missingkey=error").
		Funcs(template.FuncMap{"quote": quote, "indent": indent, "items": celItems}).
		Parse(string(text))
	if err != nil {
		return nil, err
	}
	parts, err := fs.Glob(templates.FS, path.Join(path.Dir(name), "*.part"))
	if err != nil {
		return nil, err
	}
	if len(parts) > 0 {
		if t, err = t.ParseFS(templates.FS, parts...); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	if err := t.Execute(&out, data); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// quote encodes a value as JSON, which is YAML too: a string comes out between
// quotes, whatever it holds.
func quote(value any) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return "", fmt.Errorf("quote: %w", err)
	}
	return strings.TrimSuffix(out.String(), "\n"), nil
}

// indent puts n spaces before every line of text that is not empty, for block
// scalars; text keeps no trailing newline.
func indent(n int, text string) string {
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	for i, line := range lines {
		if line != "" {
			lines[i] = strings.Repeat(" ", n) + line
		}
	}
	return strings.Join(lines, "\n")
}

// renderEach runs renderers; one that answers no file has nothing to say.
func renderEach(plan *mirror.Plan, renderers ...func(*mirror.Plan) (*artifact.File, error)) ([]artifact.File, error) {
	var files []artifact.File
	for _, render := range renderers {
		file, err := render(plan)
		if err != nil {
			return nil, err
		}
		if file != nil {
			files = append(files, *file)
		}
	}
	return files, nil
}
