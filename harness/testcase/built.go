package testcase

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/mirror"
)

// FromObjects sorts policies into the engines by their kinds, as an overlay or
// a folder yields them, and reads the plans back from the constraints'
// parameters. Kinds that no engine here runs are an error: what is shipped and
// not run is not proven.
func FromObjects(name string, objects []map[string]any) (*PolicySet, error) {
	set := &PolicySet{Name: name, Files: map[string][]artifact.File{}}
	byEngine := map[string][]map[string]any{}
	var problems []error
	for _, object := range objects {
		version, _ := object["apiVersion"].(string)
		kind, _ := object["kind"].(string)
		group, _, _ := strings.Cut(version, "/")
		switch {
		case group == "kyverno.io":
			byEngine["kyverno"] = append(byEngine["kyverno"], object)
		case group == "templates.gatekeeper.sh", group == "constraints.gatekeeper.sh", group == "expansion.gatekeeper.sh":
			byEngine["gatekeeper"] = append(byEngine["gatekeeper"], object)
			if group == "constraints.gatekeeper.sh" {
				if err := set.readPlan(object); err != nil {
					problems = append(problems, fmt.Errorf("%s: %s: %w", name, nameOf(object), err))
				}
			}
		default:
			problems = append(problems, fmt.Errorf("%s: %s %s: no engine runs this kind; take it out of the policies", name, version, kind))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return nil, err
	}
	set.KyvernoOnlyRewrites = len(byEngine["gatekeeper"]) > 0 && !slices.ContainsFunc(byEngine["kyverno"], validates)
	for engine, objects := range byEngine {
		stream, err := document.Stream(objects)
		if err != nil {
			return nil, err
		}
		set.Files[engine] = []artifact.File{{Path: engine + "/built.yaml", Data: stream}}
	}
	if len(byEngine) == 0 {
		return nil, fmt.Errorf("%s: holds no policy", name)
	}
	sort.Slice(set.Plans, func(i, j int) bool { return set.Plans[i].Name < set.Plans[j].Name })
	if len(set.Plans) > 0 {
		set.Files["reference"] = nil
		if problems := mirror.Check(set.Plans); len(problems) > 0 {
			return nil, fmt.Errorf("%s: %w", name, problems)
		}
	}
	return set, nil
}

// validates reports whether a policy of Kyverno has a rule that judges.
func validates(policy map[string]any) bool {
	body, _ := policy["spec"].(map[string]any)
	rules, _ := body["rules"].([]any)
	for _, rule := range rules {
		fields, _ := rule.(map[string]any)
		if _, ok := fields["validate"]; ok {
			return true
		}
	}
	return false
}

func nameOf(object map[string]any) string {
	kind, _ := object["kind"].(string)
	metadata, _ := object["metadata"].(map[string]any)
	name, _ := metadata["name"].(string)
	return kind + " " + name
}

// readPlan reads a plan from a constraint's parameters, and enforcement from
// its action. Constraints of other kinds, and the further constraints of a set,
// have none that is new.
func (s *PolicySet) readPlan(constraint map[string]any) error {
	body, _ := constraint["spec"].(map[string]any)
	parameters, _ := body["parameters"].(map[string]any)
	plan, ok := parameters["plan"].(map[string]any)
	if !ok || parameters["source"] != "Original" || parameters["findings"] == "warnings" {
		return nil
	}
	data, err := json.Marshal(plan)
	if err != nil {
		return err
	}
	read, err := mirror.ReadParameters(data)
	if err != nil {
		return err
	}
	if action, _ := body["enforcementAction"].(string); action != "" {
		read.Enforcement = action
	}
	s.Plans = append(s.Plans, read)
	return nil
}
