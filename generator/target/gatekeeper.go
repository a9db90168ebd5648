package target

import (
	"io/fs"
	"path"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/templates"
)

// Gatekeeper renders a ConstraintTemplate with the Rego of the target rego as
// its library, constraints that carry the plan, ExpansionTemplates, and a suite
// for gator verify.
func Gatekeeper() Target {
	return Target{
		Name:   "gatekeeper",
		Doc:    "Gatekeeper constraints that judge Pods and workloads (Gatekeeper from 3.19), with a suite for gator verify",
		Render: renderGatekeeper,
	}
}

func renderGatekeeper(plan *mirror.Plan) ([]artifact.File, error) {
	template, err := gatekeeperTemplate()
	if err != nil {
		return nil, err
	}
	expansion, err := render("gatekeeper/expansion.yaml", map[string]any{"Header": artifact.Header("")})
	if err != nil {
		return nil, err
	}
	files := []artifact.File{
		{Path: "gatekeeper/templates/template.yaml", Data: template},
		{Path: "gatekeeper/templates/expansion.yaml", Data: expansion},
	}
	constraints := gatekeeperConstraints(plan)
	for _, c := range constraints {
		file, err := c.render(plan)
		if err != nil {
			return nil, err
		}
		files = append(files, file)
	}
	suite, err := gatekeeperSuite(plan, constraints)
	if err != nil {
		return nil, err
	}
	return append(files, suite...), nil
}

func gatekeeperTemplate() ([]byte, error) {
	rego, err := templates.FS.ReadFile("gatekeeper/violation.rego")
	if err != nil {
		return nil, err
	}
	libs, err := gatekeeperLibs()
	if err != nil {
		return nil, err
	}
	selector, err := templates.FS.ReadFile("gatekeeper/selector.yaml")
	if err != nil {
		return nil, err
	}
	return render("gatekeeper/template.yaml", map[string]any{
		"Header":   artifact.Header(""),
		"Selector": string(selector),
		"Libs":     libs,
		"Rego":     embeddable(rego),
	})
}

// gatekeeperLibs is the Rego below data.lib, which is all that Gatekeeper lets a
// template import.
func gatekeeperLibs() ([]string, error) {
	var libs []string
	err := fs.WalkDir(templates.FS, path.Join(regoPolicy, "lib"), func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || isRegoTest(name) {
			return err
		}
		text, err := templates.FS.ReadFile(name)
		if err != nil {
			return err
		}
		libs = append(libs, embeddable(text))
		return nil
	})
	return libs, err
}

// embeddable makes Rego that survives kustomize as a literal block: a tab would
// turn it into one quoted line.
func embeddable(rego []byte) string {
	return strings.ReplaceAll(string(rego), "\t", "  ")
}
