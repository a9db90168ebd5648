package main

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"mirrorgen.dev/gen/generator/workload"
)

// probedImages lists the images of the command line, of stdin and of manifests,
// each once, in the order in which they are first met. To be asked for images and
// to find none is an error.
func probedImages(given, manifests []string, stdin io.Reader, allowRemote bool) ([]string, error) {
	var list []string
	met := map[string]bool{}
	add := func(image string) error {
		if !met[image] {
			met[image] = true
			list = append(list, image)
		}
		return nil
	}
	if err := eachImage(given, stdin, add); err != nil {
		return nil, err
	}
	if len(given) > 0 && len(list) == 0 {
		return nil, errors.New("stdin holds no image; nothing was probed")
	}
	if len(manifests) == 0 {
		return list, nil
	}
	found := 0
	var problems []error
	err := readInputs(manifests, stdin, allowRemote, func(j *job) bool {
		object, err := j.object, j.err
		if object == nil && err == nil {
			object, err = j.doc.Object()
		}
		if err == nil {
			err = eachPodImage(object, "", "", func(image string) { found++; add(image) })
		}
		if err != nil {
			problems = append(problems, err)
		}
		return true
	})
	if err := errors.Join(append(problems, err)...); err != nil {
		return nil, err
	}
	if found == 0 {
		return nil, errors.New("the manifests hold no Pod and no workload with an image; nothing was probed")
	}
	return list, nil
}

// eachPodImage calls do for the images of an object, or of the items of a list,
// whose kind the items of a PodList leave to it. What holds no Pod is passed over.
func eachPodImage(object map[string]any, version, list string, do func(string)) error {
	if list != "" {
		object = typed(object, version, list)
	}
	kind, _ := object["kind"].(string)
	version, _ = object["apiVersion"].(string)
	items, isArray := object["items"].([]any)
	if strings.HasSuffix(kind, "List") && isArray {
		for i, item := range items {
			inner, ok := item.(map[string]any)
			if !ok {
				return fmt.Errorf("%s: items[%d]: is no object", kind, i)
			}
			if err := eachPodImage(inner, version, kind, do); err != nil {
				return err
			}
		}
		return nil
	}
	template, _, ok := workload.PodTemplate(object)
	if !ok {
		return nil
	}
	podSpec, _ := template["spec"].(map[string]any)
	for _, image := range workload.Images(podSpec) {
		if image.Present {
			do(image.Text)
		}
	}
	return nil
}
