package target

import (
	"encoding/json"
	"io/fs"
	"path"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/templates"
)

// regoPolicy is the folder of the policy in templates.FS and in the output.
const regoPolicy = "rego/policy"

// Rego renders plain Rego for conftest and OPA: the policy as it stands, its
// tests, and the plan as data.
func Rego() Target {
	return Target{
		Name:   "rego",
		Doc:    "plain Rego for conftest and OPA, with its tests: conftest test -p rego/policy -d rego/data pod.yaml",
		Render: renderRego,
	}
}

func renderRego(plan *mirror.Plan) ([]artifact.File, error) {
	var files []artifact.File
	err := fs.WalkDir(templates.FS, regoPolicy, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := templates.FS.ReadFile(name)
		if err != nil {
			return err
		}
		// The blank line keeps the header apart from the package's own metadata.
		data := append([]byte(artifact.Header("")+"\n"), text...)
		files = append(files, artifact.File{Path: name, Data: data})
		return nil
	})
	if err != nil {
		return nil, err
	}
	data, err := regoData(plan)
	if err != nil {
		return nil, err
	}
	return append(files, artifact.File{Path: path.Join("rego/data", plan.Name+".yaml"), Data: data}), nil
}

// regoData is the plan as OPA's data, with the enforcement, which is no part of
// a plan's parameters.
func regoData(plan *mirror.Plan) ([]byte, error) {
	encoded, err := json.Marshal(struct {
		Enforcement string `json:"enforcement"`
		*mirror.Plan
	}{plan.Enforcement, plan})
	if err != nil {
		return nil, err
	}
	type sets struct {
		Sets map[string]json.RawMessage `json:"sets"`
	}
	text, err := block(struct {
		Mirrorgen sets `json:"mirrorgen"`
	}{sets{map[string]json.RawMessage{plan.Name: encoded}}})
	if err != nil {
		return nil, err
	}
	return []byte(header(plan) + text), nil
}

// header is the header of a file that depends on the plan.
func header(plan *mirror.Plan) string {
	if plan.Source == "" {
		return artifact.Header("")
	}
	return artifact.Header(path.Base(plan.Source))
}

// isRegoTest reports whether a file holds tests, which are no part of a policy.
func isRegoTest(name string) bool { return strings.HasSuffix(name, "_test.rego") }
