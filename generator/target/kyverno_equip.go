package target

import (
	"maps"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/mirror"
)

// An equipment is what a rule adds to objects so that their images can be
// pulled, in terms of the expression in equip.yaml.
type equipment struct {
	rule, scope string
	// secrets maps addresses to what is added to the list of pull secrets.
	secrets map[string]string
	// annotations are the lists that are kept; config: Volcengine's is, too.
	annotations []mirror.Annotation
	config      bool
	// first gathers the object's annotations, pull secrets and images.
	first string
	// named are the pull secrets that are there; entry is one and all are several,
	// as the object lists them.
	named, entry, all string
}

// podEquipment is what Pods get; nil where they need nothing.
func podEquipment(plan *mirror.Plan) (*equipment, error) {
	scope, err := kyvernoScopeOn(plan.Scope, plan.Scope.PodSelector, "CREATE")
	if err != nil {
		return nil, err
	}
	e := &equipment{
		rule:        "equip-pods",
		scope:       scope,
		secrets:     plan.InjectedSecrets(),
		annotations: keptLists(plan, plan.Annotations()),
		config:      slices.Contains(plan.Serverless, mirror.VolcengineVCI) && len(hostsBy(plan, mirror.SkipVerify)) > 0,
		first: strings.Join([]string{
			"request.object.{a:metadata.annotations,s:spec.imagePullSecrets,i:[",
			"items(spec.containers[*]!=null&&spec.containers||`[]`,'i','c')[].{r:c.image},",
			"items(spec.initContainers[*]!=null&&spec.initContainers||`[]`,'i','c')[].{r:c.image},",
			"items(spec.ephemeralContainers[*]!=null&&spec.ephemeralContainers||`[]`,'i','c')[].{r:c.image},",
			"items(spec.volumes[*]!=null&&spec.volumes||`[]`,'i','c')[?c.image.*!=null].{r:c.image.reference}][]}",
		}, "\n"),
		named: "(s[?to_string(name)==name].name||`[]`)",
		entry: "{name:@}",
		all:   "n[].{name:@}",
	}
	if len(e.secrets) == 0 && len(e.annotations) == 0 && !e.config {
		return nil, nil
	}
	return e, nil
}

// keptLists are the annotations that can list a host of the plan's.
func keptLists(plan *mirror.Plan, annotations []mirror.Annotation) []mirror.Annotation {
	var kept []mirror.Annotation
	for _, a := range annotations {
		if len(hostsBy(plan, a.Transport)) > 0 {
			kept = append(kept, a)
		}
	}
	return kept
}

// hostsBy are the plan's hosts of a transport, sorted.
func hostsBy(plan *mirror.Plan, transport string) []string {
	var hosts []string
	for _, host := range slices.Sorted(maps.Keys(plan.Transports)) {
		if plan.Transports[host] == transport {
			hosts = append(hosts, host)
		}
	}
	return hosts
}

// A keptKey is one annotation in the expression; a hostList one list of hosts.
type (
	keptKey  struct{ Key, Path, List, All string }
	hostList struct{ Name, Hosts string }
)

// listNames are the lists of hosts in the expression, by transport.
var listNames = map[string]string{mirror.HTTP: "h", mirror.SkipVerify: "k"}

// render is the rule's text.
func (e *equipment) render(plan *mirror.Plan) (string, error) {
	secrets, err := e.secretsExpression()
	if err != nil {
		return "", err
	}
	var lists []hostList
	for _, transport := range []string{mirror.HTTP, mirror.SkipVerify} {
		hosts := hostsBy(plan, transport)
		rows := make([]string, len(hosts))
		for i, host := range hosts {
			if rows[i], err = jmesString(host); err != nil {
				return "", err
			}
			rows[i] += ":1"
		}
		if len(hosts) > 0 && e.lists(transport) {
			lists = append(lists, hostList{listNames[transport], strings.Join(rows, ",")})
		}
	}
	keys := make([]keptKey, len(e.annotations))
	for i, a := range e.annotations {
		keys[i] = keptKey{a.Key, pointer(a.Key), listNames[a.Transport], a.All}
	}
	legend := "h: registries by plain HTTP, k: by HTTPS whose certificate is not verified."
	if len(lists) == 0 {
		legend = "No registry has to be listed in an annotation."
	}
	config, configPath := "", ""
	if e.config {
		config, configPath = mirror.RegistryConfigKey, pointer(mirror.RegistryConfigKey)
	}
	text, err := render("kyverno/equip.yaml", map[string]any{
		"Rule":       e.rule,
		"Scope":      e.scope,
		"Legend":     legend,
		"First":      strings.TrimLeft(indent(10, e.first), " "),
		"References": plan.Limits.References,
		"Characters": plan.Limits.Characters,
		"MaxLength":  longestReference(maps.Keys(e.secrets), maps.Keys(plan.Transports)),
		"Grammar":    kyvernoGrammar,
		"Hub":        kyvernoHub,
		"MaxList":    mirror.MaxListLength,
		"Secrets":    secrets,
		"Lists":      lists,
		"Keys":       keys,
		"Config":     config,
		"ConfigPath": configPath,
		"ConfigList": listNames[mirror.SkipVerify],
		"Named":      e.named,
		"Entry":      e.entry,
		"All":        e.all,
	})
	return string(text), err
}

// lists reports whether an annotation names hosts of the transport.
func (e *equipment) lists(transport string) bool {
	if e.config && transport == mirror.SkipVerify {
		return true
	}
	return slices.ContainsFunc(e.annotations, func(a mirror.Annotation) bool { return a.Transport == transport })
}

// secretsExpression looks up each image's secret.
func (e *equipment) secretsExpression() (string, error) {
	if len(e.secrets) == 0 {
		return "`[]`", nil
	}
	lookup, err := secretLookup(e.secrets)
	return "i[].{m:" + lookup + "}|[].m", err
}

// secretLookup is the secret of the address that an image lies on, given its
// name's components as q; null where it lies on none.
func secretLookup(secrets map[string]string) (string, error) {
	depth := 1
	var rows []jmesRow
	for _, address := range slices.Sorted(maps.Keys(secrets)) {
		depth = max(depth, 1+strings.Count(address, "/"))
		rows = append(rows, jmesRow{key: address, values: []string{secrets[address]}})
	}
	table, err := jmesTable(rows)
	if err != nil {
		return "", err
	}
	return jmesProbes(depth) + "[].lookup(`{" + strings.ReplaceAll(table, "\n", "") + "}`,@)|[0]", nil
}

// pointer escapes a key as a part of a JSON Pointer (RFC 6901).
func pointer(key string) string {
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}
