package main

import (
	"context"

	"mirrorgen.dev/gen/engines/protocol"
	"mirrorgen.dev/gen/engines/protocol/serve"
	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/harness/engine"
)

// served is an engine of gen's, as a program serves it.
type served struct{ engine.Engine }

func (s served) Load(ctx context.Context, files []protocol.File) (serve.Session, error) {
	all := make([]artifact.File, len(files))
	for i, file := range files {
		all[i] = artifact.File{Path: file.Path, Data: []byte(file.Data)}
	}
	session, err := s.Engine.Load(ctx, all)
	if err != nil {
		return nil, err
	}
	return judging{session}, nil
}

// judging is a session of gen's likewise.
type judging struct{ engine.Session }

// Warnings: neither OPA nor Gatekeeper prints any when policies are applied.
func (judging) Warnings() []string { return nil }

func (j judging) Admit(ctx context.Context, admit *protocol.Admit) (*protocol.Outcome, error) {
	request := engine.Request{
		Object:          admit.Object,
		OldObject:       admit.OldObject,
		Operation:       engine.Operation(admit.Operation),
		SubResource:     admit.SubResource,
		NamespaceLabels: admit.NamespaceLabels,
		RegistryImages:  admit.RegistryImages,
		Cluster:         admit.Cluster,
	}
	for _, phase := range admit.Phases {
		request.Phases = append(request.Phases, engine.Phase(phase))
	}
	if err := request.Validate(); err != nil {
		return nil, err
	}
	outcome, err := j.Session.Admit(ctx, request)
	if err != nil {
		return nil, err
	}
	// Rego changes nothing, so that there is no object to give back.
	return &protocol.Outcome{
		Allowed:  outcome.Allowed,
		Messages: outcome.Messages,
		Warnings: outcome.Warnings,
		Recorded: outcome.Recorded,
		Matched:  outcome.Matched,
		Fired:    outcome.Fired,
	}, nil
}
