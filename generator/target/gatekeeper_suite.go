package target

import (
	"fmt"
	"path"
	"regexp"
	"sort"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// maxSampled is how many mirrors have an image in the samples: a suite shows
// that the policy is in force, and is read and kept by people.
const maxSampled = 20

// A sample is one object for gator verify.
type sample struct {
	// name is the file's, and says what the object claims.
	name   string
	object map[string]any
	// images are those of the object's containers, in their order; none where
	// nothing is to be judged.
	images []string
	// template: the object is a workload.
	template bool
	// needs are the findings about what the images need, with the places in front.
	needs []mirror.Finding
}

// A suiteCase is one sample under one constraint. Messages are regular
// expressions, one for each violation; none where the object is allowed.
type suiteCase struct {
	Name, Object string
	Messages     []string
}

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

// expected are the messages that the constraint has for a sample, as regular
// expressions: Gatekeeper puts text of its own before that of an expanded Pod.
func expected(plan *mirror.Plan, c gatekeeperConstraint, s sample) []string {
	if s.template != (c.source == "Generated") {
		return nil
	}
	optedOut := !plan.Scope.PodSelector.Matches(matchingLabels(plan))
	view := mirror.AsAdmitted
	switch {
	case optedOut && plan.HonourPodSelector:
		return nil
	case s.template && optedOut:
		view = mirror.AsOptedOutTemplate
	case s.template:
		view = mirror.AsTemplate
	}
	var messages []string
	for i, image := range s.images {
		finding, found := plan.Judge(image, view)
		if !found || c.findings == "denials" && finding.Warning || c.findings == "warnings" && !finding.Warning {
			continue
		}
		place := fmt.Sprintf("spec.containers[%d] %q: ", i, containerName(i))
		messages = append(messages, regexp.QuoteMeta(place+finding.Message)+"$")
	}
	for _, finding := range s.needs {
		if c.findings == "denials" && finding.Warning || c.findings == "warnings" && !finding.Warning {
			continue
		}
		messages = append(messages, regexp.QuoteMeta(finding.Message)+"$")
	}
	return messages
}

func samplesOf(plan *mirror.Plan) []sample {
	const invalid = "Not A Reference"
	pod := func(name string, images ...string) sample {
		return sample{name: name, object: samplePod(plan, images, nil), images: images}
	}
	workload := func(name string, images ...string) sample {
		return sample{name: name, object: sampleDeployment(plan, images), images: images, template: true}
	}
	upstream, mirrored, notHeld := sampleImages(plan)
	samples := []sample{
		pod("invalid", invalid),
		{name: "delete-invalid", object: sampleReview("DELETE", nil, samplePod(plan, []string{invalid}, nil))},
		workload("workload-invalid", invalid),
	}
	if len(plan.AllowRegistries) > 0 {
		samples = append(samples, pod("registry-not-allowed", "registry.invalid/mirrorgen/sample:1"))
	}
	if len(upstream) > 0 {
		samples = append(samples,
			pod("upstream", upstream...),
			pod("mirrored", mirrored...),
			workload("workload-upstream", upstream...),
			sample{name: "label-change", object: sampleReview("UPDATE",
				samplePod(plan, upstream, map[string]string{"changed": "true"}), samplePod(plan, upstream, nil))},
		)
	}
	samples = append(samples, needySamples(plan)...)
	if len(notHeld) > 0 {
		samples = append(samples, pod("not-held", notHeld...), workload("workload-not-held", notHeld...))
	}
	sort.Slice(samples, func(i, j int) bool { return samples[i].name < samples[j].name })
	return samples
}

// sampleImages are, for the first mirrors in the order of their sources, an
// image that the mirror serves, what it becomes, and one that it does not hold.
func sampleImages(plan *mirror.Plan) (upstream, mirrored, notHeld []string) {
	served, refused := map[string]bool{}, map[string]bool{}
	for _, prefix := range plan.Table.Prefixes() {
		if len(served) >= maxSampled {
			break
		}
		image := prefix + "/mirrorgen-sample:1"
		switch d := plan.Rewrite(image); {
		case d.Status == mirror.Rewritten && !served[d.Mirror]:
			served[d.Mirror] = true
			upstream, mirrored = append(upstream, image), append(mirrored, d.Image)
		case d.Status == mirror.NotHeld && !refused[d.Mirror]:
			refused[d.Mirror] = true
			notHeld = append(notHeld, image)
		}
	}
	return upstream, mirrored, notHeld
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
func samplePod(plan *mirror.Plan, images []string, labels map[string]string) map[string]any {
	return map[string]any{
		"apiVersion": "v1", "kind": "Pod",
		"metadata": sampleMetadata(plan, labels),
		"spec":     sampleSpec(images),
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

func sampleSpec(images []string) map[string]any {
	containers := make([]any, len(images))
	for i, image := range images {
		containers[i] = map[string]any{"name": containerName(i), "image": image}
	}
	return map[string]any{"containers": containers}
}

func containerName(i int) string { return fmt.Sprintf("c%d", i) }

func sampleDeployment(plan *mirror.Plan, images []string) map[string]any {
	labels := matchingLabels(plan)
	labels["app"] = "sample"
	return map[string]any{
		"apiVersion": "apps/v1", "kind": "Deployment",
		"metadata": map[string]any{"name": "sample"},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": map[string]any{"app": "sample"}},
			"template": map[string]any{
				"metadata": map[string]any{"labels": labels},
				"spec":     sampleSpec(images),
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
