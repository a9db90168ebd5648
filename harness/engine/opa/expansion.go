package opa

import (
	"errors"
	"fmt"
	"sort"
	"strings"
)

// maxExpansion is how deep Gatekeeper follows expansions of expansions.
const maxExpansion = 30

// An expansion is an ExpansionTemplate: which objects make which further ones.
type expansion struct {
	name string
	// kinds are "group/version/kind".
	kinds map[string]bool
	path  []string
	// group, version and kind are what is made.
	group, version, kind string
	// enforcement overrides that of the constraints; empty: it does not.
	enforcement string
}

func newExpansion(from loaded) (*expansion, error) {
	fields, _ := field(from.object, "spec").(map[string]any)
	if err := onlyFields(fields, "spec", "applyTo", "templateSource", "generatedGVK", "enforcementAction"); err != nil {
		return nil, from.errorf("%w", err)
	}
	e := &expansion{
		name:        name(from.object),
		kinds:       map[string]bool{},
		group:       text(fields, "generatedGVK", "group"),
		version:     text(fields, "generatedGVK", "version"),
		kind:        text(fields, "generatedGVK", "kind"),
		enforcement: text(fields, "enforcementAction"),
	}
	source := text(fields, "templateSource")
	if source == "" || e.version == "" || e.kind == "" {
		return nil, from.errorf("spec needs templateSource and generatedGVK with version and kind")
	}
	e.path = strings.Split(source, ".")
	switch e.enforcement {
	case "", "deny", "warn", "dryrun":
	default:
		return nil, from.errorf("spec.enforcementAction: %s: must be deny, warn or dryrun", e.enforcement)
	}
	entries, _ := fields["applyTo"].([]any)
	if err := e.readApplyTo(entries); err != nil {
		return nil, from.errorf("%w", err)
	}
	return e, nil
}

func (e *expansion) readApplyTo(entries []any) error {
	if len(entries) == 0 {
		return errors.New("spec.applyTo is missing")
	}
	for i, entry := range entries {
		at := fmt.Sprintf("spec.applyTo[%d]", i)
		fields, _ := entry.(map[string]any)
		if err := onlyFields(fields, at, "groups", "versions", "kinds"); err != nil {
			return err
		}
		var lists [3][]string
		for n, key := range []string{"groups", "versions", "kinds"} {
			values, err := texts(fields[key], at+"."+key)
			if err != nil {
				return err
			}
			lists[n] = values
		}
		for _, group := range lists[0] {
			for _, version := range lists[1] {
				for _, kind := range lists[2] {
					e.kinds[group+"/"+version+"/"+kind] = true
				}
			}
		}
	}
	return nil
}

// A resultant is an object that an expansion made.
type resultant struct {
	object      map[string]any
	enforcement string
}

// expand makes what the object stands for, in the order of the templates'
// names. An object without the source field is an error, as in Gatekeeper.
func expand(templates []*expansion, object map[string]any, namespace string, depth int) ([]resultant, error) {
	if len(templates) == 0 {
		return nil, nil
	}
	if depth >= maxExpansion {
		return nil, fmt.Errorf("expansions nest deeper than %d", maxExpansion)
	}
	group, version := groupVersion(object)
	key := group + "/" + version + "/" + text(object, "kind")
	var made []resultant
	for _, e := range templates {
		if !e.kinds[key] {
			continue
		}
		result, err := e.apply(object, namespace)
		if err != nil {
			return nil, err
		}
		further, err := expand(templates, result.object, namespace, depth+1)
		if err != nil {
			return nil, err
		}
		made = append(append(made, result), further...)
	}
	return made, nil
}

func (e *expansion) apply(object map[string]any, namespace string) (resultant, error) {
	source, ok := field(object, e.path...).(map[string]any)
	if !ok {
		return resultant{}, fmt.Errorf("ExpansionTemplate %q: %s %q has no %s", e.name, text(object, "kind"), name(object), strings.Join(e.path, "."))
	}
	made := make(map[string]any, len(source)+3)
	for key, value := range source {
		made[key] = value
	}
	made["apiVersion"] = e.version
	if e.group != "" {
		made["apiVersion"] = e.group + "/" + e.version
	}
	made["kind"] = e.kind
	metadata := map[string]any{}
	written, _ := source["metadata"].(map[string]any)
	for key, value := range written {
		metadata[key] = value
	}
	metadata["name"] = strings.ToLower(name(object) + "-" + e.kind)
	if namespace != "" {
		metadata["namespace"] = namespace
	}
	metadata["ownerReferences"] = []any{map[string]any{
		"apiVersion": text(object, "apiVersion"),
		"kind":       text(object, "kind"),
		"name":       name(object),
		"uid":        text(object, "metadata", "uid"),
	}}
	made["metadata"] = metadata
	return resultant{made, e.enforcement}, nil
}

func sortExpansions(templates []*expansion) {
	sort.Slice(templates, func(i, j int) bool { return templates[i].name < templates[j].name })
}
