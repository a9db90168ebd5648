package target

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

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
