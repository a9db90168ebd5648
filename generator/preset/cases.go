package preset

import (
	"fmt"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// A testCase is a folder below testcases: images submitted in one Pod.
type testCase struct {
	name, why string
	images    []string
}

// cases are the folders of the first test cases, what is wanted of them taken
// from the plan.
func (p Preset) cases(plan *mirror.Plan) ([]artifact.File, error) {
	first := testCase{name: "nginx-is-pulled-from-the-mirror", images: []string{nginx},
		why: "a short name is the library of Docker Hub, which the mirror serves"}
	each := testCase{name: "each-source-has-its-mirror", images: p.images,
		why: "every source that the MirrorSet names goes to its mirror"}
	left := testCase{name: "image-that-is-not-served-is-left-alone", images: []string{p.notServed},
		why: "what the mirror does not hold would only fail there, so it keeps its address"}

	var cases []testCase
	if len(p.images) > 1 {
		cases = append(cases, each)
	}
	if p.notServed != "" {
		cases = append(cases, left)
	}
	cases = append(cases, first)
	var files []artifact.File
	for _, c := range cases {
		made, err := c.files(plan, c.name != left.name)
		if err != nil {
			return nil, err
		}
		files = append(files, made...)
	}
	return files, nil
}

// files of a case. served says whether every image has to have a mirror, or none.
func (c testCase) files(plan *mirror.Plan, served bool) ([]artifact.File, error) {
	var names, wants, warned []string
	for i, text := range c.images {
		decision := plan.Rewrite(text)
		if (decision.Status == mirror.Rewritten) != served {
			reason := decision.Status.String()
			if decision.Err != nil {
				reason = decision.Err.Error()
			}
			return nil, fmt.Errorf("image %q cannot be served there: %s", text, reason)
		}
		name := "web"
		if len(c.images) > 1 {
			name = decision.Mirror
		}
		names = append(names, name)
		wants = append(wants, want(plan, decision))
		if finding, found := plan.Judge(decision.Image, mirror.AsAdmitted); found {
			warned = append(warned, fmt.Sprintf("spec.containers[%d] %q: %s\n", i, name, finding.Message))
		}
	}
	folder := "testcases/" + c.name + "/"
	files := []artifact.File{
		{Path: folder + "case.yaml", Data: []byte("why: " + c.why + "\nspec: ../../" + specFile + "\n")},
		{Path: folder + "object.yaml", Data: pod(names, c.images)},
	}
	if len(warned) > 0 {
		files = append(files, artifact.File{Path: folder + "want-warned.txt", Data: []byte(strings.Join(warned, ""))})
	}
	return append(files, artifact.File{Path: folder + "want.yaml", Data: pod(names, wants)}), nil
}

// want is the image after admission, the mirror's address as a variable, so
// that the case outlives a change of the address.
func want(plan *mirror.Plan, decision mirror.Decision) string {
	if decision.Status != mirror.Rewritten {
		return decision.Image
	}
	rest := strings.TrimPrefix(decision.Image, plan.Mirrors[decision.Mirror].Address)
	return "${mirror:" + decision.Mirror + "}" + rest
}

// pod is a Pod with a container for each image. Names and images are this
// package's own, and names of mirrors, which are DNS labels.
func pod(names, images []string) []byte {
	var text strings.Builder
	text.WriteString("apiVersion: v1\nkind: Pod\nmetadata:\n  name: web\nspec:\n  containers:\n")
	for i, image := range images {
		fmt.Fprintf(&text, "  - name: %s\n    image: %s\n", names[i], image)
	}
	return []byte(text.String())
}
