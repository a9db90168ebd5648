// Package generated makes of a MirrorSet what a user applies to a cluster.
package generated

import (
	"os"

	"mirrorgen.dev/gen/generator"
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/overlay"
	"mirrorgen.dev/gen/generator/target"
	"mirrorgen.dev/gen/harness/testcase"
)

// Policies is what kubectl apply -k applies of one target: the folder that gen
// policies writes, built by kustomize.
func Policies(spec, targetName string) (*testcase.PolicySet, error) {
	set, err := testcase.Generated(spec)
	if err != nil {
		return nil, err
	}
	targets, err := target.Named([]string{targetName})
	if err != nil {
		return nil, err
	}
	files, err := generator.Generate(set.Plans, targets)
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "mirrorgen-e2e-policies-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	changes, err := artifact.Compare(folder, files)
	if err != nil {
		return nil, err
	}
	if err := artifact.Write(folder, changes); err != nil {
		return nil, err
	}
	objects, err := overlay.Build(folder+"/"+targetName, overlay.Options{})
	if err != nil {
		return nil, err
	}
	stream, err := document.Stream(objects)
	if err != nil {
		return nil, err
	}
	set.Name += " " + targetName
	set.Files = map[string][]artifact.File{targetName: {{Path: targetName + "/built.yaml", Data: stream}}}
	return set, nil
}
