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
		if err := mirror.Check(set.Plans).Err(); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
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
// its action. Every constraint of a set carries the plan: they have to carry the
// same, as an overlay that patches one of them alone makes the engines disagree
// with themselves. Constraints of other kinds have none.
func (s *PolicySet) readPlan(constraint map[string]any) error {
	body, _ := constraint["spec"].(map[string]any)
	parameters, _ := body["parameters"].(map[string]any)
	plan, ok := parameters["plan"].(map[string]any)
	if !ok {
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
	if s.parameters == nil {
		s.parameters = map[string]carried{}
	}
	here := carried{nameOf(constraint), plan}
	if first, seen := s.parameters[read.Name]; seen && !equal(first.plan, plan) {
		return fmt.Errorf("spec.parameters.plan: differs from that of %s, at %s; constraints of one MirrorSet carry the same plan: patch all of them, or the MirrorSet",
			first.constraint, strings.Join(changedPaths(first.plan, plan, ""), ", "))
	} else if !seen {
		s.parameters[read.Name] = here
	}
	if parameters["source"] != "Original" || parameters["findings"] == "warnings" {
		return nil
	}
	if action, _ := body["enforcementAction"].(string); action != "" {
		read.Enforcement = action
	}
	s.Plans = append(s.Plans, read)
	return nil
}

// carried is the plan of a set as the first of its constraints has it.
type carried struct {
	constraint string
	plan       map[string]any
}

// notFor says why a case that was written against another set of policies
// proves nothing about these; empty where it is about the same MirrorSets, or
// where the policies do not say which they are.
func (s *PolicySet) notFor(own *PolicySet) string {
	if len(own.Plans) == 0 {
		return "the case has policies of its own"
	}
	if len(s.Plans) == 0 || slices.Equal(setNames(s), setNames(own)) {
		return ""
	}
	return fmt.Sprintf("the case is about MirrorSet %s, the policies are of %s", strings.Join(setNames(own), ", "), strings.Join(setNames(s), ", "))
}

func setNames(s *PolicySet) []string {
	var names []string
	for _, plan := range s.Plans {
		names = append(names, plan.Name)
	}
	return names
}
