package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"mirrorgen.dev/gen/harness/engine"
)

// versions maps an engine, as gen version -o json lists it (kyverno, opa@1.17), to
// its version.
type versions struct {
	file    string
	engines map[string]string
}

func readVersions(name string) (versions, error) {
	v := versions{file: name}
	data, err := os.ReadFile(name)
	if err != nil {
		return v, err
	}
	var said struct{ Engines map[string]string }
	if err := json.Unmarshal(data, &said); err != nil {
		return v, fmt.Errorf("%s: %w", name, err)
	}
	v.engines = said.Engines
	return v, nil
}

// of is an engine's version without the v: 1.18.2.
func (v versions) of(ref engine.Ref) (string, error) {
	// Under the name of the program that runs it.
	switch ref.Name {
	case "kyverno-cel":
		ref.Name = "kyverno"
	case "rego", "gatekeeper":
		ref.Name = "opa"
	}
	version, ok := v.engines[ref.String()]
	if !ok && ref.Version == engine.Minor(v.engines[ref.Name]) {
		// The plain program is of a version as well.
		version, ok = v.engines[ref.Name], true
	}
	if !ok || engine.Minor(version) == "" {
		return "", fmt.Errorf("%s: says no version of %s", v.file, ref)
	}
	return strings.TrimPrefix(version, "v"), nil
}
