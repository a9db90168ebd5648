package target

import (
	"maps"
	"regexp"
	"slices"

	"mirrorgen.dev/gen/generator/mirror"
)

// celNeeds are what a policy adds to objects so that their images can be pulled.
type celNeeds struct {
	// secrets maps addresses to what is added to the list of pull secrets.
	secrets map[string]string
	// annotations are the lists that are kept; config: Volcengine's is, too.
	annotations []mirror.Annotation
	config      bool
	// list is the object's pull secrets; isNamed is whether one of them, c, has a
	// name, which name is; entry is a new one for the Secret c.
	list, isNamed, name, entry string
}

// celPodNeeds is what Pods get.
func celPodNeeds(plan *mirror.Plan) celNeeds {
	return celNeeds{
		secrets:     plan.InjectedSecrets(),
		annotations: keptLists(plan, plan.Annotations()),
		config:      slices.Contains(plan.Serverless, mirror.VolcengineVCI) && len(hostsBy(plan, mirror.SkipVerify)) > 0,
		list:        "object.spec.imagePullSecrets",
		isNamed:     "type(c) == map && has(c.name) && type(c.name) == string",
		name:        "string(c.name)",
		entry:       "{'name': c}",
	}
}

// celCacheNeeds is what ImageCaches get.
func celCacheNeeds(plan *mirror.Plan) celNeeds {
	return celNeeds{
		secrets:     plan.CacheSecrets(),
		annotations: keptLists(plan, mirror.CacheAnnotations()),
		list:        "variables.spec.imagePullSecrets",
		isNamed:     "type(c) == string",
		name:        "string(c)",
		entry:       "c",
	}
}

// celKey is an annotation that lists registries.
type celKey struct{ Key, Pointer, Transport, All string }

// render adds the needs to the data of a rewriting policy; nothing is added
// where nothing is needed.
func (n celNeeds) render(plan *mirror.Plan, data map[string]any) error {
	if len(n.secrets) == 0 && len(n.annotations) == 0 && !n.config {
		data["Needs"] = nil
		return nil
	}
	needs := map[string]any{
		"Secrets": nil, "Keys": nil, "Transports": nil, "Config": "", "ConfigPath": "",
		"SecretList": n.list, "MaxList": mirror.MaxListLength, "Characters": plan.Limits.Characters,
		"IsNamed": n.isNamed, "NameOf": n.name, "Entry": n.entry,
	}
	if len(n.secrets) > 0 {
		t, addresses := celSecretTable(n.secrets)
		needs["Secrets"] = t.Parts
		needs["SecretProbe"] = t.probe("n", depths(addresses))
		needs["Secret"] = t.at("p")
		needs["Clones"] = celStrings(slices.Compact(slices.Sorted(maps.Values(n.secrets))))
	}
	var transports []celVariable
	for _, transport := range []string{mirror.HTTP, mirror.SkipVerify} {
		used := n.config && transport == mirror.SkipVerify ||
			slices.ContainsFunc(n.annotations, func(a mirror.Annotation) bool { return a.Transport == transport })
		if hosts := hostsBy(plan, transport); used && len(hosts) > 0 {
			transports = append(transports, celVariable{transport, celStrings(hosts)})
		}
	}
	needs["Transports"] = transports
	var keys []celKey
	for _, a := range n.annotations {
		keys = append(keys, celKey{celString(a.Key), celString("/metadata/annotations/" + pointer(a.Key)), celString(a.Transport), celString(a.All)})
	}
	needs["Keys"] = keys
	entries := n.entries(plan)
	needs["Entries"] = entries.Parts
	needs["AllEntry"] = entries.at("k.all[0]")
	needs["HostEntry"] = entries.at("h")
	if n.config {
		needs["Config"] = celString(mirror.RegistryConfigKey)
		needs["ConfigPath"] = celString("/metadata/annotations/" + pointer(mirror.RegistryConfigKey))
	}
	data["Needs"] = needs
	return nil
}

// entries maps what may stand in a list to how a list reads that has it: between
// commas, with space around it.
func (n celNeeds) entries(plan *mirror.Plan) celTable {
	words := map[string]bool{}
	for _, a := range n.annotations {
		words[a.All] = true
	}
	delete(words, "")
	for host := range plan.Transports {
		words[host] = true
	}
	var rows []celRow
	for _, word := range slices.Sorted(maps.Keys(words)) {
		const space = `[ \t\r\n]*`
		rows = append(rows, celRow{word, celString("(?:^|,)" + space + regexp.QuoteMeta(word) + space + "(?:,|$)")})
	}
	return newCelTable("entries", rows)
}

// celSecretTable maps addresses to pull secrets; beside it the addresses.
func celSecretTable(secrets map[string]string) (celTable, []string) {
	addresses := slices.Sorted(maps.Keys(secrets))
	rows := make([]celRow, len(addresses))
	for i, address := range addresses {
		rows[i] = celRow{address, celString(secrets[address])}
	}
	return newCelTable("secrets", rows), addresses
}
