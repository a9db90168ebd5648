package target

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/spec"
)

// needsRichest has every kind of need: all platforms, both transports, secrets
// that Pods get and one that ServiceAccounts carry, and registries that are no
// mirror.
func needsRichest() *spec.MirrorSet {
	secret := func(name string, accounts ...string) *spec.PullSecret {
		return &spec.PullSecret{Name: name, Namespace: "registry-credentials", ServiceAccounts: accounts}
	}
	return &spec.MirrorSet{
		Name:      "needs",
		Positions: map[string]spec.Position{"": {File: "env/needs.yaml", Line: 1, Column: 1}},
		Spec: spec.Spec{
			Mirrors: []spec.Mirror{
				{Name: "docker-io", Source: "docker.io", Mirror: "cr.example.com/dockerhub", Transport: "https-skip-verify", PullSecret: secret("regcred")},
				{Name: "images", Source: "quay.io", Mirror: "harbor.example.com:8443/images", Transport: "http", PullSecret: secret("images")},
				{Name: "ghcr-io", Source: "ghcr.io", Mirror: "robot.example.com/ghcr", Only: []string{"acme"}, PullSecret: secret("robot", "default")},
				{Name: "k8s", Source: "registry.k8s.io", Mirror: "open.example.com/k8s"},
			},
			Registries: []spec.Registry{{Host: "10.16.100.174:5000", Transport: "http"}, {Host: "[::1]:5000", Transport: "https-skip-verify"}, {Host: "images.example.com", Transport: "https-skip-verify"}},
			Serverless: []string{"alibaba-eci", "huawei-cci", "tencent-eks", "volcengine-vci"},
			Scope: spec.Scope{
				ExcludeNamespaces: []string{"build"},
				NamespaceSelector: &spec.Selector{MatchLabels: map[string]string{"mirror": "enabled"}},
				PodSelector:       &spec.Selector{MatchExpressions: []spec.Requirement{{Key: "mirror.opt-out", Operator: "DoesNotExist"}}},
			},
			Rewrite:    spec.Rewrite{FailurePolicy: "Fail"},
			Constraint: spec.Constraint{FailurePolicy: "Fail"},
		},
	}
}

// needsFiles are the files that what images need shows in, those for credentials aside.
func needsFiles(t *testing.T, set *spec.MirrorSet) []artifact.File {
	t.Helper()
	var files []artifact.File
	for _, file := range kyvernoFiles(t, set) {
		if slices.Contains([]string{"rewrite", "imagecache", "constraint", "warnings"}, kindOf(set, file)) {
			files = append(files, file)
		}
	}
	return files
}

func kindOf(set *spec.MirrorSet, file artifact.File) string {
	return strings.TrimSuffix(strings.TrimPrefix(path.Base(file.Path), set.Name+"-"), ".yaml")
}

// rules are the rules of a policy, by name.
func rules(t *testing.T, file artifact.File) map[string]any {
	t.Helper()
	named := map[string]any{}
	list, _ := at(object(t, file), "spec", "rules").([]any)
	for _, rule := range list {
		named[at(rule, "name").(string)] = rule
	}
	if len(named) != len(list) {
		t.Errorf("%s: two rules of one name", file.Path)
	}
	return named
}

// lists are the expressions of a policy's rules, by name.
func lists(t *testing.T, file artifact.File) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for name, rule := range rules(t, file) {
		for _, kind := range []string{"mutate", "validate"} {
			if list, ok := at(rule, kind, "foreach", "0", "list").(string); ok {
				texts[name] = list
			}
		}
	}
	return texts
}

func ruleNames(t *testing.T, file artifact.File) string {
	t.Helper()
	var names []string
	list, _ := at(object(t, file), "spec", "rules").([]any)
	for _, rule := range list {
		names = append(names, at(rule, "name").(string))
	}
	return strings.Join(names, " ")
}

func TestWhatImagesNeedRenders(t *testing.T) {
	golden(t, "kyverno-needs", needsFiles(t, needsRichest()))
	var constraints []artifact.File
	files, err := Gatekeeper().Render(mirror.Compile(needsRichest()))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if path.Dir(file.Path) == "gatekeeper/constraints" {
			constraints = append(constraints, file)
		}
	}
	golden(t, "gatekeeper-needs", constraints)
}

func TestWhatImagesNeedIsTheSameBytesEachTime(t *testing.T) {
	want := needsFiles(t, needsRichest())
	for range 20 {
		for i, file := range needsFiles(t, needsRichest()) {
			if file.Path != want[i].Path || string(file.Data) != string(want[i].Data) {
				t.Fatalf("%s: differs from one run to the next", want[i].Path)
			}
		}
	}
}

// A policy without needs is what it was before there were any; one with needs
// has a rule, or a policy, for each that it has.
func TestOnlyWhatIsNeededIsRendered(t *testing.T) {
	secret := func(accounts ...string) *spec.PullSecret {
		return &spec.PullSecret{Name: "regcred", Namespace: "credentials", ServiceAccounts: accounts, AllNamespaces: true}
	}
	http := []spec.Registry{{Host: "r.example.com", Transport: "http"}}
	skip := []spec.Registry{{Host: "r.example.com", Transport: "https-skip-verify"}}
	for _, row := range []struct {
		why         string
		mirror      spec.Mirror
		registries  []spec.Registry
		serverless  []string
		enforcement string
		want        string // file: its rules; credentials aside
	}{
		{"no need", spec.Mirror{}, nil, nil, "", "rewrite: rewrite-images; constraint: judge-images"},
		{"a transport that no platform is told of", spec.Mirror{Transport: "http"}, http, nil, "", "rewrite: rewrite-images; constraint: judge-images"},
		{"a platform without a transport to tell it of", spec.Mirror{}, nil, []string{"tencent-eks"}, "", "rewrite: rewrite-images; constraint: judge-images"},
		{"a transport that the platform has no word for", spec.Mirror{}, http, []string{"volcengine-vci"}, "", "rewrite: rewrite-images; constraint: judge-images"},
		{"a transport that it has a word for", spec.Mirror{}, skip, []string{"volcengine-vci"}, "", "rewrite: rewrite-images equip-pods; constraint: judge-images"},
		{"a registry in a list", spec.Mirror{}, http, []string{"tencent-eks"}, "", "rewrite: rewrite-images equip-pods; constraint: judge-images"},
		{"a list with a limit is counted", spec.Mirror{}, http, []string{"huawei-cci"}, "", "rewrite: rewrite-images equip-pods; constraint: judge-images judge-registry-lists"},
		{"a list that someone else writes is counted, too", spec.Mirror{}, nil, []string{"huawei-cci"}, "", "rewrite: rewrite-images; constraint: judge-images judge-registry-lists"},
		{"ImageCaches come with Alibaba ECI", spec.Mirror{}, nil, []string{"alibaba-eci"}, "", "rewrite: rewrite-images; imagecache: rewrite-cached-images; constraint: judge-images"},
		{"ImageCaches with something to tell", spec.Mirror{}, http, []string{"alibaba-eci"}, "", "rewrite: rewrite-images equip-pods; imagecache: rewrite-cached-images equip-cached-images; constraint: judge-images"},
		{"a pull secret is added, and its lack warned of", spec.Mirror{PullSecret: secret()}, nil, nil, "", "rewrite: rewrite-images equip-pods; constraint: judge-images; warnings: warn-of-pull-secrets"},
		{"what can be not held is warned of in the same policy", spec.Mirror{PullSecret: secret(), Only: []string{"library"}}, nil, nil, "", "rewrite: rewrite-images equip-pods; constraint: judge-images; warnings: warn-of-images warn-of-pull-secrets"},
		{"what can be not held alone", spec.Mirror{Only: []string{"library"}}, nil, nil, "", "rewrite: rewrite-images; constraint: judge-images; warnings: warn-of-images"},
		{"ServiceAccounts carry it: Pods get none, and stored ones are warned of", spec.Mirror{PullSecret: secret("default")}, nil, nil, "", "rewrite: rewrite-images; constraint: judge-images; warnings: warn-of-pull-secrets"},
		{"no ServiceAccount carries it for an ImageCache", spec.Mirror{PullSecret: secret("default")}, nil, []string{"alibaba-eci"}, "", "rewrite: rewrite-images; imagecache: rewrite-cached-images equip-cached-images; constraint: judge-images; warnings: warn-of-pull-secrets"},
		{"warn: one policy says everything", spec.Mirror{PullSecret: secret(), Only: []string{"library"}}, http, []string{"huawei-cci"}, "warn", "rewrite: rewrite-images equip-pods; constraint: judge-images warn-of-pull-secrets judge-registry-lists"},
		{"dryrun: recorded by one policy", spec.Mirror{PullSecret: secret()}, nil, []string{"huawei-cci"}, "dryrun", "rewrite: rewrite-images equip-pods; constraint: judge-images warn-of-pull-secrets judge-registry-lists"},
	} {
		m := row.mirror
		m.Name, m.Source, m.Mirror = "m", "docker.io", "cr.example.com/hub"
		set := &spec.MirrorSet{Name: "s", Spec: spec.Spec{Mirrors: []spec.Mirror{m}, Registries: row.registries, Serverless: row.serverless,
			Constraint: spec.Constraint{Enforcement: row.enforcement}}}
		var got []string
		for _, file := range needsFiles(t, set) {
			got = append(got, kindOf(set, file)+": "+ruleNames(t, file))
		}
		if strings.Join(got, "; ") != row.want {
			t.Errorf("%s:\ngot  %s\nwant %s", row.why, strings.Join(got, "; "), row.want)
		}
	}
}

// h lists the registries by plain HTTP, k those by unverified HTTPS: each is
// gathered where an annotation is made of it, and nowhere else.
func TestRegistriesAreGatheredForWhoListsThem(t *testing.T) {
	for _, row := range []struct {
		why, http, skip string // registries' hosts; empty: none
		serverless      []string
		want            string
	}{
		{"both, for lists", "h.example", "k.example", []string{"tencent-eks"}, "h k"},
		{"what is not declared is not gathered", "h.example", "", []string{"tencent-eks"}, "h"},
		{"Volcengine's document is made of one alone", "h.example", "k.example", []string{"volcengine-vci"}, "k"},
		{"pull secrets alone gather none", "h.example", "k.example", nil, ""},
	} {
		set := &spec.MirrorSet{Name: "s", Spec: spec.Spec{Serverless: row.serverless,
			Mirrors: []spec.Mirror{{Name: "m", Source: "docker.io", Mirror: "cr.example.com", PullSecret: &spec.PullSecret{Name: "a", Namespace: "b", AllNamespaces: true}}}}}
		for host, transport := range map[string]string{row.http: "http", row.skip: "https-skip-verify"} {
			if host != "" {
				set.Spec.Registries = append(set.Spec.Registries, spec.Registry{Host: host, Transport: transport})
			}
		}
		rewrite := *fileOf(needsFiles(t, set), "rewrite")
		expression := lists(t, rewrite)["equip-pods"]
		var got []string
		for _, list := range []string{"h", "k"} {
			if strings.Contains(expression, ","+list+":i[?lookup(`{\""+list+".example\":1}`,q[0])].q[0]") {
				got = append(got, list)
			}
		}
		if strings.Join(got, " ") != row.want {
			t.Errorf("%s: gathers %v, want %s: %s", row.why, got, row.want, expression)
		}
		if legend := strings.Contains(string(rewrite.Data), "#    No registry has to be listed in an annotation."); legend != (row.want == "") {
			t.Errorf("%s: the comment says that none is listed: %v", row.why, legend)
		}
	}
}

func TestGatekeeperWarnsOfALackingSecretOnPodsAlone(t *testing.T) {
	for _, row := range []struct {
		why         string
		only        []string
		secret      bool
		enforcement string
		want        string
		comment     string // of the -warnings constraint
	}{
		{"nothing can be warned of", nil, false, "deny", "s s-templates", ""},
		{"a lacking secret: a template's Pods are new and get theirs", nil, true, "deny", "s s-templates s-warnings", "Warns of images whose registry has a mirror that does not hold them, or whose pull secret a stored Pod lacks."},
		{"what is not held", []string{"library"}, false, "deny", "s s-templates s-warnings s-template-warnings", "Warns of images whose registry has a mirror that does not hold them."},
		{"both", []string{"library"}, true, "deny", "s s-templates s-warnings s-template-warnings", "Warns of images whose registry has a mirror that does not hold them, or whose pull secret a stored Pod lacks."},
		{"where nothing is denied one says all", []string{"library"}, true, "warn", "s s-templates", ""},
	} {
		m := spec.Mirror{Name: "m", Source: "docker.io", Mirror: "cr.example.com", Only: row.only}
		if row.secret {
			m.PullSecret = &spec.PullSecret{Name: "a", Namespace: "b", AllNamespaces: true}
		}
		var names []string
		for _, c := range gatekeeperConstraints(mirror.Compile(&spec.MirrorSet{Name: "s", Spec: spec.Spec{Mirrors: []spec.Mirror{m}, Constraint: spec.Constraint{Enforcement: row.enforcement}}})) {
			names = append(names, c.name)
			if c.name == "s-warnings" && (strings.Join(c.comment, " ") != row.comment || c.findings != "warnings" || c.action != "warn" || c.source != "Original") {
				t.Errorf("%s: %+v", row.why, c)
			}
		}
		if strings.Join(names, " ") != row.want {
			t.Errorf("%s: %v, want %s", row.why, names, row.want)
		}
	}
}

func TestWhatIsAddedAndWhatIsJudgedHasItsOwnScope(t *testing.T) {
	set := needsRichest()
	for _, honour := range []bool{true, false} {
		set.Spec.Constraint.HonourPodSelector = honour
		for _, row := range []struct {
			kind, rule, operations string
			selected               bool
		}{
			{"rewrite", "rewrite-images", "CREATE UPDATE", true},
			{"rewrite", "equip-pods", "CREATE", true},
			{"constraint", "judge-registry-lists", "CREATE", honour},
			{"warnings", "warn-of-pull-secrets", "UPDATE", honour},
		} {
			for _, file := range needsFiles(t, set) {
				if kindOf(set, file) != row.kind {
					continue
				}
				rule := rules(t, file)[row.rule]
				resources := at(rule, "match", "any", "0", "resources")
				var operations []string
				list, _ := at(resources, "operations").([]any)
				for _, operation := range list {
					operations = append(operations, operation.(string))
				}
				if got := strings.Join(operations, " "); got != row.operations {
					t.Errorf("%s: on %s, want %s", row.rule, got, row.operations)
				}
				if at(resources, "namespaceSelector", "matchLabels", "mirror") != "enabled" || at(rule, "exclude", "any", "0", "resources", "namespaces", "0") != "build" ||
					at(rule, "exclude", "any", "1", "resources", "annotations", "kubernetes.io/config.mirror") != "*" {
					t.Errorf("%s: the scope is not the set's: %v", row.rule, at(rule, "match"))
				}
				if got := at(resources, "selector") != nil; got != row.selected {
					t.Errorf("%s: honourPodSelector %v: a Pod selector %v", row.rule, honour, got)
				}
			}
		}
	}
	for name, rule := range rules(t, *fileOf(kyvernoFiles(t, set), "imagecache")) {
		if at(rule, "exclude") != nil || at(rule, "match", "any", "0", "resources", "namespaceSelector") != nil || at(rule, "match", "any", "0", "resources", "selector") != nil {
			t.Errorf("%s: an ImageCache lies in no namespace: %v", name, rule)
		}
		if at(rule, "match", "any", "0", "resources", "kinds", "0") != "eci.alibabacloud.com/v1/ImageCache" || at(rule, "match", "any", "0", "resources", "operations", "0") != "CREATE" ||
			at(rule, "match", "any", "0", "resources", "operations", "1") != nil {
			t.Errorf("%s: matches %v", name, at(rule, "match"))
		}
	}
}

func TestWhatIsJudgedFollowsTheEnforcement(t *testing.T) {
	for _, row := range []struct {
		why, enforcement string
		lists, secrets   string // kind failureAction emitWarning
	}{
		{"too many registries are refused, a lacking secret is warned of", "deny", "constraint Enforce false", "warnings Audit true"},
		{"nothing is refused", "warn", "constraint Audit true", "constraint Audit true"},
		{"nothing is said", "dryrun", "constraint Audit false", "constraint Audit false"},
	} {
		set := needsRichest()
		set.Spec.Constraint.Enforcement = row.enforcement
		for _, file := range needsFiles(t, set) {
			emits := "false"
			if at(object(t, file), "spec", "emitWarning") == true {
				emits = "true"
			}
			for name, want := range map[string]string{"judge-registry-lists": row.lists, "warn-of-pull-secrets": row.secrets} {
				rule, ok := rules(t, file)[name]
				if !ok {
					continue
				}
				if got := kindOf(set, file) + " " + at(rule, "validate", "failureAction").(string) + " " + emits; got != want {
					t.Errorf("%s: %s: %s, want %s", row.why, name, got, want)
				}
				if at(rule, "validate", "allowExistingViolations") != false {
					t.Errorf("%s: %s tolerates what it finds", row.why, name)
				}
			}
			if kindOf(set, file) == "rewrite" && at(object(t, file), "spec", "failurePolicy") != "Fail" {
				t.Errorf("%s: the rewrite's failurePolicy is not the set's", row.why)
			}
		}
	}
}

// Argo CD compares what was applied with what is stored, where the CRD has filled
// in this field of list items.
func TestEveryRuleOfNeedsSaysWhatTheCRDWouldFillIn(t *testing.T) {
	for _, file := range needsFiles(t, needsRichest()) {
		for name, rule := range rules(t, file) {
			if at(rule, "skipBackgroundRequests") != true {
				t.Errorf("%s: %s leaves a default inside a list to the API server", file.Path, name)
			}
		}
	}
}

var jmesLiteral = regexp.MustCompile("`([^`]*)`")

// literals are what stands between backticks, read as the JSON that it has to be.
func literals(t *testing.T, expression string) []any {
	t.Helper()
	if strings.Count(expression, "`")%2 != 0 {
		t.Fatalf("a backtick is left over in %s", expression)
	}
	var all []any
	for _, match := range jmesLiteral.FindAllStringSubmatch(expression, -1) {
		var value any
		if err := json.Unmarshal([]byte(match[1]), &value); err != nil {
			t.Fatalf("the literal %s is no JSON: %v", match[1], err)
		}
		all = append(all, value)
	}
	return all
}

func holds(all []any, key, value string) bool {
	return slices.ContainsFunc(all, func(literal any) bool {
		table, _ := literal.(map[string]any)
		got, ok := table[key]
		return ok && (value == "" || got == value)
	})
}

// What Kyverno, Flux and kustomize read something into has no place in the
// output, in whatever rule; and a mirror may be called "images".
func TestNoRuleOfNeedsSaysAnythingToOtherReaders(t *testing.T) {
	for _, file := range needsFiles(t, needsRichest()) {
		text := string(file.Data)
		for _, allowed := range []string{`'{{ element.patches }}'`, `"{{ to_string(element.message) }}"`, `"{{ element.broken }}"`, "one {{ }} once", "one\n  # {{ }} once"} {
			text = strings.ReplaceAll(text, allowed, "variable")
		}
		for _, refused := range []string{"${", "$(", "{{", "<no value>", "<%", "%>", "\t", " \n", "\n\n"} {
			if strings.Contains(text, refused) {
				t.Errorf("%s: holds %q", file.Path, refused)
			}
		}
		if !strings.HasSuffix(text, "\n") {
			t.Errorf("%s: the last line is not ended", file.Path)
		}
		for name, expression := range lists(t, file) {
			if deferredImages(expression) {
				t.Errorf("%s: %s makes Kyverno parse every image of the object, and fail if one is invalid", file.Path, name)
			}
			literals(t, expression)
		}
	}
}

// The spec's grammar takes no such addresses and names. This is the second fence.
func TestHostileAddressesStayValuesOfAnExpression(t *testing.T) {
	for _, hostile := range append(mirrortest.Hostile(), "images", "x-images", "a`b", "$1", "{{ request.object }}", "a'b", "')||('") {
		if strings.ContainsAny(hostile, "/") || hostile == "" {
			continue // it would be a host and a path
		}
		set := needsRichest()
		set.Spec.Mirrors = []spec.Mirror{{Name: hostile, Source: "docker.io", Mirror: "h.example.com/" + hostile, Transport: "http",
			PullSecret: &spec.PullSecret{Name: hostile, Namespace: hostile, AllNamespaces: true}}}
		set.Spec.Registries = []spec.Registry{{Host: hostile, Transport: "https-skip-verify"}}
		plan := mirror.Compile(set)
		address, clone := "h.example.com/"+hostile, "mirrorgen-needs-"+hostile
		var host string
		for name, transport := range plan.Transports {
			if transport == "https-skip-verify" {
				host = name
			}
		}
		files := needsFiles(t, set)
		for _, row := range []struct{ kind, rule, key, value string }{
			{"rewrite", "equip-pods", address, clone},
			{"rewrite", "equip-pods", host, ""},
			{"imagecache", "equip-cached-images", address, hostile + ":" + hostile},
			{"imagecache", "equip-cached-images", host, ""},
			{"warnings", "warn-of-pull-secrets", address, clone},
		} {
			expression := lists(t, *fileOf(files, row.kind))[row.rule]
			if !holds(literals(t, expression), row.key, row.value) {
				t.Errorf("%q: %s does not look up %q", hostile, row.rule, row.key)
			}
			if deferredImages(expression) {
				t.Errorf("%q: Kyverno reads its variable images in %s", hostile, row.rule)
			}
			for _, refused := range []string{"{{", "${", "$("} {
				if strings.Contains(expression, refused) {
					t.Errorf("%q: %s holds %q", hostile, row.rule, refused)
				}
			}
		}
		if all := literals(t, lists(t, *fileOf(files, "warnings"))["warn-of-pull-secrets"]); !slices.Contains(all, any(clone)) {
			t.Errorf("%q: the clone's name is no literal", hostile)
		}
	}
}

func TestAKeyIsEscapedForAJSONPointer(t *testing.T) {
	for _, row := range []struct{ why, key, want string }{
		{"a prefix", "k8s.aliyun.com/insecure-registry", "k8s.aliyun.com~1insecure-registry"},
		{"the escape itself", "a~1/b", "a~01~1b"},
		{"nothing to escape", "plain.key", "plain.key"},
	} {
		if got := pointer(row.key); got != row.want {
			t.Errorf("%s: %s, want %s", row.why, got, row.want)
		}
	}
	expression := lists(t, *fileOf(needsFiles(t, needsRichest()), "rewrite"))["equip-pods"]
	for _, a := range mirror.Annotations() {
		if !strings.Contains(expression, "{k:'"+a.Key+"',p:'"+pointer(a.Key)+"',e:a.\""+a.Key+"\"") {
			t.Errorf("%s is not kept", a.Key)
		}
	}
}

func TestNoReferenceWithANeedIsTooLongToBeLookedAt(t *testing.T) {
	longest := "/" + strings.Repeat("p", image.MaxPathLength) + ":" + strings.Repeat("t", image.MaxTagLength) + "@sha512:" + strings.Repeat("0", 128)
	for _, row := range []struct {
		why              string
		addresses, hosts map[string]string
		host             string
	}{
		{"nothing but Docker Hub, in its longest spelling", nil, nil, "registry-1.docker.io"},
		{"an address", map[string]string{"a-registry-with-a-long-name.example.com:5000/x": ""}, nil, "a-registry-with-a-long-name.example.com:5000"},
		{"a host", map[string]string{"a.b": ""}, map[string]string{"another-registry-with-a-long-name.example.com": ""}, "another-registry-with-a-long-name.example.com"},
	} {
		if limit := longestOf(row.addresses, row.hosts); len(row.host+longest) > limit || limit > len(row.host+longest)+len("/") {
			t.Errorf("%s: the limit is %d, the longest reference has %d", row.why, limit, len(row.host+longest))
		}
	}
}
