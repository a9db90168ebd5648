package mirror

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/spec"
)

// parametersPath is where a plan stands in a generated constraint.
const parametersPath = "spec.parameters.plan"

// ReadParameters reads a plan back from its JSON form: the parameters of a
// generated constraint, perhaps patched since. It refuses what no MirrorSet
// gives: fields that nobody reads, addresses against the grammar, and parts that
// contradict each other. Enforcement and the failure policies are no parameters;
// they read as deny and Ignore until the caller sets them.
func ReadParameters(data []byte) (*Plan, error) {
	p := &Plan{Enforcement: "deny", RewriteFailurePolicy: "Ignore", ConstraintFailurePolicy: "Ignore"}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(p); err != nil {
		var wrong *json.UnmarshalTypeError
		if errors.As(err, &wrong) {
			return nil, fmt.Errorf("%s.%s: a %s: must be of another type; generate the policies again", parametersPath, wrong.Field, wrong.Value)
		}
		return nil, fmt.Errorf("%s: %w; generate the policies again", parametersPath, err)
	}
	if p.Name == "" || len(p.Mirrors) == 0 || len(p.Table) == 0 || p.Limits == (Limits{}) {
		return nil, fmt.Errorf("%s: set, mirrors, table and limits are needed; generate the policies again", parametersPath)
	}
	if err := p.checkParts(); err != nil {
		return nil, err
	}
	written, secrets := p.AllowedPrefixes, p.PullSecrets
	p.complete()
	if !maps.Equal(secrets, p.PullSecrets) {
		return nil, fmt.Errorf("%s.pullSecrets: does not say what %s.mirrors says; patch the MirrorSet and generate again, rather than one of the two", parametersPath, parametersPath)
	}
	if !maps.Equal(written, p.AllowedPrefixes) {
		return nil, fmt.Errorf("%s.allowed: has to list allowRegistries and the mirrors' addresses, and to be absent where no registry is limited", parametersPath)
	}
	return p, nil
}

// checkParts holds the plan's parts against the grammar and against each other.
func (p *Plan) checkParts() error {
	var problems []error
	check := func(field, address string) {
		if err := spec.CheckAddress(address); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", field, err))
		}
	}
	for _, name := range p.MirrorNames() {
		m := p.Mirrors[name]
		path := parametersPath + ".mirrors." + name
		m.SourcePath, m.AddressPath, m.SecretPath = path+".source", path+".address", path+".pullSecret"
		p.Mirrors[name] = m
		check(m.SourcePath, m.Source)
		check(m.AddressPath, m.Address)
		for i, alias := range m.Aliases {
			check(fmt.Sprintf("%s.aliases[%d]", path, i), alias)
		}
	}
	problems = append(problems, p.checkNeeds()...)
	for i, prefix := range p.AllowRegistries {
		check(fmt.Sprintf("%s.allowRegistries[%d]", parametersPath, i), prefix)
	}
	if len(problems) == 0 && !maps.Equal(p.Table, compileTable(p.Mirrors)) {
		problems = append(problems, fmt.Errorf(
			"%s.table: does not say what %s.mirrors says; patch the MirrorSet and generate again, rather than one of the two", parametersPath, parametersPath))
	}
	return errors.Join(problems...)
}

// checkNeeds holds what images need against what a MirrorSet can say.
func (p *Plan) checkNeeds() []error {
	var problems []error
	for _, host := range slices.Sorted(maps.Keys(p.Transports)) {
		at := fmt.Sprintf("%s.transports[%q]", parametersPath, host)
		if transport := p.Transports[host]; transport != HTTP && transport != SkipVerify {
			problems = append(problems, fmt.Errorf("%s: %q: must be %s or %s", at, transport, HTTP, SkipVerify))
		}
		if err := spec.CheckAddress(host); err != nil || strings.Contains(host, "/") {
			problems = append(problems, fmt.Errorf("%s: must be a host, and a port if there is one", at))
		}
	}
	for i, platform := range p.Serverless {
		switch {
		case !slices.Contains(platforms(), platform):
			problems = append(problems, fmt.Errorf("%s.serverless[%d]: %q: must be one of %s", parametersPath, i, platform, strings.Join(platforms(), ", ")))
		case slices.Contains(p.Serverless[:i], platform):
			problems = append(problems, fmt.Errorf("%s.serverless[%d]: %q: stands there twice; remove one", parametersPath, i, platform))
		}
	}
	for _, name := range p.MirrorNames() {
		secret := p.Mirrors[name].PullSecret
		if secret != nil && (secret.Clone == "" || secret.Name == "" || secret.Namespace == "") {
			problems = append(problems, fmt.Errorf("%s.mirrors.%s.pullSecret: clone, name and namespace are needed", parametersPath, name))
		}
	}
	return problems
}

// platforms are the names that spec.serverless takes, sorted.
func platforms() []string {
	names := []string{VolcengineVCI}
	for _, a := range Annotations() {
		names = append(names, a.Platform)
	}
	return sortedUnique(names)
}
