package target

import (
	"path"
	"regexp"
	"sort"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// A sample is one object for gator verify.
type sample struct {
	// name is the file's, and says what the object claims.
	name   string
	object map[string]any
	// image is the one image that decides; empty where nothing is to be judged.
	image string
	// template: the object is a workload.
	template bool
}

// A suiteCase is one sample under one constraint; Message is a regular
// expression, empty where the object is allowed.
type suiteCase struct{ Name, Object, Message string }

// A suiteTest is one constraint with its cases.
type suiteTest struct {
	Name, Constraint string
	Expansion        bool
	Cases            []suiteCase
}

// gatekeeperSuite makes the suite and its objects. What is expected comes from
// the plan, and never from the policy that the suite tests.
func gatekeeperSuite(plan *mirror.Plan, constraints []gatekeeperConstraint) ([]artifact.File, error) {
	folder := path.Join("gatekeeper/tests", plan.Name)
	samples := samplesOf(plan)
	var files []artifact.File
	for _, s := range samples {
		text, err := block(s.object)
		if err != nil {
			return nil, err
		}
		files = append(files, artifact.File{Path: path.Join(folder, s.name+".yaml"), Data: []byte(header(plan) + text)})
	}
	var tests []suiteTest
	for _, c := range constraints {
		test := suiteTest{Name: c.name, Constraint: c.name, Expansion: c.source == "Generated"}
		for _, s := range samples {
			test.Cases = append(test.Cases, suiteCase{s.name, s.name + ".yaml", expected(plan, c, s)})
		}
		tests = append(tests, test)
	}
	text, err := render("gatekeeper/suite.yaml", map[string]any{
		"Header": header(plan),
		"Folder": "gatekeeper/tests",
		"Set":    plan.Name,
		"Tests":  tests,
	})
	if err != nil {
		return nil, err
	}
	return append(files, artifact.File{Path: path.Join(folder, "suite.yaml"), Data: text}), nil
}

// expected is the message that the constraint has for a sample, as a regular
// expression: Gatekeeper puts text of its own before that of an expanded Pod.
func expected(plan *mirror.Plan, c gatekeeperConstraint, s sample) string {
	if s.image == "" || s.template != (c.source == "Generated") {
		return ""
	}
	optedOut := !plan.Scope.PodSelector.Matches(matchingLabels(plan))
	view := mirror.AsAdmitted
	switch {
	case optedOut && plan.HonourPodSelector:
		return ""
	case s.template && optedOut:
		view = mirror.AsOptedOutTemplate
	case s.template:
		view = mirror.AsTemplate
	}
	finding, found := plan.Judge(s.image, view)
	if !found || c.findings == "denials" && finding.Warning || c.findings == "warnings" && !finding.Warning {
		return ""
	}
	return regexp.QuoteMeta(`spec.containers[0] "main": `+finding.Message) + "$"
}

func samplesOf(plan *mirror.Plan) []sample {
	const invalid = "Not A Reference"
	pod := func(name, image string) sample {
		return sample{name: name, object: samplePod(plan, image, nil), image: image}
	}
	samples := []sample{
		pod("invalid", invalid),
		{name: "delete-invalid", object: sampleReview("DELETE", nil, samplePod(plan, invalid, nil))},
		{name: "workload-invalid", object: sampleDeployment(plan, invalid), image: invalid, template: true},
	}
	if len(plan.AllowRegistries) > 0 {
		samples = append(samples, pod("registry-not-allowed", "registry.invalid/mirrorgen/sample:1"))
	}
	for _, name := range plan.MirrorNames() {
		upstream, mirrored, ok := sampleImage(plan, name)
		if !ok {
			continue
		}
		samples = append(samples,
			pod("upstream-"+name, upstream),
			pod("mirrored-"+name, mirrored),
			sample{name: "workload-upstream-" + name, object: sampleDeployment(plan, upstream), image: upstream, template: true},
			sample{name: "label-change-" + name, object: sampleReview("UPDATE",
				samplePod(plan, upstream, map[string]string{"changed": "true"}), samplePod(plan, upstream, nil))},
		)
	}
	for _, prefix := range plan.Table.Prefixes() {
		image := prefix + "/mirrorgen-sample:1"
		if d := plan.Rewrite(image); d.Status == mirror.NotHeld {
			samples = append(samples, pod("not-held-"+d.Mirror, image),
				sample{name: "workload-not-held-" + d.Mirror, object: sampleDeployment(plan, image), image: image, template: true})
			break
		}
	}
	sort.Slice(samples, func(i, j int) bool { return samples[i].name < samples[j].name })
	return samples
}

// sampleImage finds an image that the mirror serves, and what it becomes; ok is
// false for a mirror all of whose images are left to others.
func sampleImage(plan *mirror.Plan, name string) (upstream, mirrored string, ok bool) {
	for _, prefix := range plan.Table.Prefixes() {
		image := prefix + "/mirrorgen-sample:1"
		if d := plan.Rewrite(image); d.Status == mirror.Rewritten && d.Mirror == name {
			return image, d.Image, true
		}
	}
	return "", "", false
}

// matchingLabels are labels that the plan's podSelector takes, where any can.
func matchingLabels(plan *mirror.Plan) map[string]string {
	labels := map[string]string{}
	selector := plan.Scope.PodSelector
	if selector == nil {
		return labels
	}
	for _, r := range selector.MatchExpressions {
		switch {
		case r.Operator == "Exists":
			labels[r.Key] = "sample"
		case r.Operator == "In" && len(r.Values) > 0:
			labels[r.Key] = r.Values[0]
		}
	}
	for key, value := range selector.MatchLabels {
		labels[key] = value
	}
	return labels
}

// samplePod has no namespace: gator knows no labels of one.
func samplePod(plan *mirror.Plan, image string, labels map[string]string) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": sampleMetadata(plan, labels),
		"spec":     sampleSpec(image),
	}
}

func sampleMetadata(plan *mirror.Plan, further map[string]string) map[string]any {
	metadata := map[string]any{"name": "sample"}
	labels := matchingLabels(plan)
	for key, value := range further {
		labels[key] = value
	}
	if len(labels) > 0 {
		metadata["labels"] = labels
	}
	return metadata
}

func sampleSpec(image string) map[string]any {
	return map[string]any{"containers": []any{map[string]any{"name": "main", "image": image}}}
}

func sampleDeployment(plan *mirror.Plan, image string) map[string]any {
	labels := matchingLabels(plan)
	labels["app"] = "sample"
	return map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": "sample"},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": map[string]any{"app": "sample"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": labels},
				"spec":     sampleSpec(image),
			},
		},
	}
}

func sampleReview(operation string, object, oldObject map[string]any) map[string]any {
	request := map[string]any{
		"uid":       "00000000-0000-0000-0000-000000000000",
		"kind":      map[string]any{"group": "", "version": "v1", "kind": "Pod"},
		"resource":  map[string]any{"group": "", "version": "v1", "resource": "pods"},
		"name":      "sample",
		"operation": operation,
		"userInfo":  map[string]any{"username": "sample"},
		"oldObject": oldObject,
	}
	if object != nil {
		request["object"] = object
	}
	return map[string]any{"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": request}
}
