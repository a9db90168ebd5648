package report

import (
	"bytes"
	"fmt"
	"io"
	"path/filepath"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/terminal"
)

// A Format is one -o FORMAT[=FILE].
type Format struct {
	// Name is one of Formats.
	Name string
	// File is where the report goes; empty: stdout.
	File string
}

// A writer renders a report whole.
type writer struct {
	name  string
	write func(io.Writer, *Report, Options) error
}

func writers() []writer {
	return []writer{
		{"console", Console},
		{"table", Table},
		{"markdown", Markdown},
		{"json", JSON},
		{"junit", JUnit},
		{"github", GitHub},
	}
}

// Formats lists the names of the formats.
func Formats() []string {
	var names []string
	for _, w := range writers() {
		names = append(names, w.name)
	}
	return names
}

// ParseFormat reads FORMAT or FORMAT=FILE; the file "-" is stdout.
func ParseFormat(text string) (Format, error) {
	name, file, hasFile := strings.Cut(text, "=")
	if _, ok := writerOf(name); !ok {
		return Format{}, fmt.Errorf("-o %s: no such format; write -o FORMAT or -o FORMAT=FILE, where FORMAT is one of %s",
			terminal.EscapeLine(text), strings.Join(Formats(), ", "))
	}
	if hasFile && file == "" {
		return Format{}, fmt.Errorf("-o %s: a file name is missing behind the equals sign; write -o %s for stdout", text, name)
	}
	if file == "-" {
		file = ""
	}
	return Format{Name: name, File: file}, nil
}

func writerOf(name string) (writer, bool) {
	for _, w := range writers() {
		if w.name == name {
			return w, true
		}
	}
	return writer{}, false
}

// CheckFormats refuses what Write would: two formats on stdout or in one file.
// A command calls it before the cases run, so that a long run is not lost to a
// mistyped flag.
func CheckFormats(formats []Format) error {
	taken := map[string]string{}
	for _, format := range formats {
		if _, ok := writerOf(format.Name); !ok {
			return fmt.Errorf("%q: no such report format", format.Name)
		}
		file := format.File
		if file != "" {
			file = filepath.Clean(file)
		}
		first, ok := taken[file]
		switch {
		case ok && file == "":
			return fmt.Errorf("-o %s and -o %s both write to stdout; give one of them a file: -o %s=FILE", first, format.Name, format.Name)
		case ok:
			return fmt.Errorf("-o %s and -o %s both write to %s; give each a file of its own", first, format.Name, file)
		}
		taken[file] = format.Name
	}
	return nil
}

// Write renders the report in every format, the console on stdout where none is
// given, and only then writes: a format that fails leaves no file behind, and
// each file appears whole or not at all.
func Write(formats []Format, stdout io.Writer, r *Report, options Options) error {
	if len(formats) == 0 {
		formats = []Format{{Name: "console"}}
	}
	if err := CheckFormats(formats); err != nil {
		return err
	}
	rendered := make([][]byte, len(formats))
	for i, format := range formats {
		w, _ := writerOf(format.Name)
		shown := options
		// A file is no terminal.
		shown.Color = options.Color && format.File == ""
		var text bytes.Buffer
		if err := w.write(&text, r, shown); err != nil {
			return fmt.Errorf("%s report: %w", format.Name, err)
		}
		rendered[i] = text.Bytes()
	}
	for i, format := range formats {
		if format.File == "" {
			if _, err := stdout.Write(rendered[i]); err != nil {
				return err
			}
			continue
		}
		if err := artifact.WriteFile(format.File, rendered[i]); err != nil {
			return fmt.Errorf("%s report: %w", format.Name, err)
		}
	}
	return nil
}
