package admission

import (
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/engines/protocol"
)

func TestTheConstraintJudgesWhatIsNew(t *testing.T) {
	session := load(t, policyFile(t, "constraint.yaml"))
	const must = `spec.containers[0] "a": image "nginx" (docker.io/library/nginx:latest) must be "cr.example.com/dockerhub/library/nginx:latest"; ` +
		`spec.containers[0] "a": image "nginx" comes from docker.io, which is not allowed; allowed: cr.example.com/dockerhub, cr.example.com/quay, r.example.com:5000/distroless, registry.corp.example`
	right := podOf("cr.example.com/dockerhub/library/busybox:latest", "nginx", "registry.corp.example/b")
	mirrored := strings.Replace(right, `"nginx"`, `"cr.example.com/quay/nginx"`, 1)
	static := strings.Replace(right, `"labels":`, `"annotations":{"kubernetes.io/config.mirror":"x"},"labels":`, 1)
	cases := []struct {
		reason   string
		request  protocol.Admit
		messages []string
		matched  bool
	}{
		{"what is mirrored", protocol.Admit{Object: object(t, mirrored)}, nil, true},
		{"one image that is not", protocol.Admit{Object: object(t, right)}, []string{must}, true},
		{"what is there already stays", protocol.Admit{Operation: "UPDATE", Object: object(t, strings.Replace(right, `"app":"web"`, `"app":"new"`, 1)), OldObject: object(t, right)}, nil, true},
		{"what is changed does not", protocol.Admit{Operation: "UPDATE", Object: object(t, right), OldObject: object(t, mirrored)}, []string{must}, true},
		{"an ephemeral container alone", protocol.Admit{Operation: "UPDATE", SubResource: "ephemeralcontainers", Object: object(t, ephemeral(right, "???")), OldObject: object(t, right)},
			[]string{`spec.ephemeralContainers[0] "debug": image "???" is not a valid reference`}, true},
		{"a static Pod's mirror", protocol.Admit{Object: object(t, static)}, nil, false},
		{"an excluded namespace", protocol.Admit{Object: object(t, strings.Replace(right, `"shop"`, `"kube-system"`, 1))}, nil, false},
		{"a DELETE", protocol.Admit{Operation: "DELETE", OldObject: object(t, right)}, nil, false},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			outcome := admit(t, session, &test.request)
			if outcome.Allowed != (test.messages == nil) || !slices.Equal(outcome.Messages, test.messages) || len(outcome.Warnings) > 0 ||
				(len(outcome.Matched) == 1) != test.matched || (len(outcome.Fired) == 1) == outcome.Allowed || outcome.Object != nil {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}

func TestWhatAValidationMeans(t *testing.T) {
	const no, fails = "expression: 'false'\nmessage: not here", "expression: \"" + errs + " == 'me'\"\nmessage: not here"
	const problem = "no such key: annotations"
	badCondition := "\nmatchConditions: [{name: c, expression: \"" + errs + " == 'me'\"}]"
	cases := []struct {
		reason, more, validation     string
		allowed                      bool
		messages, warnings, recorded []string
		matched                      bool
	}{
		{"Deny is the default", "", no, false, []string{"not here"}, nil, nil, true},
		{"Deny", "validationActions: [Deny]", no, false, []string{"not here"}, nil, nil, true},
		{"Warn", "validationActions: [Warn]", no, true, nil, []string{"not here"}, nil, true},
		{"Audit", "validationActions: [Audit]", no, true, nil, nil, []string{"not here"}, true},
		{"two actions", "validationActions: [Warn, Audit]", no, true, nil, []string{"not here"}, []string{"not here"}, true},
		{"what is right", "", "expression: 'true'\nmessage: not here", true, nil, nil, nil, true},
		{"the first that fails says it", "", "expression: 'true'\nmessage: a\n", true, nil, nil, nil, true},
		{"an expression's words", "", "expression: 'false'\nmessage: plain\nmessageExpression: object.metadata.name + ' is not here'", false, []string{"web is not here"}, nil, nil, true},
		{"words that fail", "", "expression: 'false'\nmessage: plain\nmessageExpression: string(object.metadata.annotations.x)", false, []string{"failed to evaluate message expression: " + problem}, nil, nil, true},
		{"no words", "", "expression: 'false'", false, []string{"CEL expression validation failed at index 0"}, nil, nil, true},
		{"words of two lines are one message", "", "expression: 'false'\nmessageExpression: \"'a\\\\nb'\"", false, []string{"a\nb"}, nil, nil, true},
		{"a condition that is false", "matchConditions: [{name: c, expression: 'false'}]", no, true, nil, nil, nil, false},
		{"what cannot be evaluated denies under Deny", "", fails, false, []string{"Policy p error: error: " + problem}, []string{"engine: p: error: error: " + problem}, nil, true},
		{"whatever the failurePolicy", "failurePolicy: Ignore", fails, false, []string{"Policy p error: error: " + problem}, []string{"engine: p: error: error: " + problem}, nil, true},
		{"under Warn it passes", "validationActions: [Warn]", fails, true, nil, []string{"engine: p: error: error: " + problem}, nil, true},
		{"under Audit it passes", "validationActions: [Audit]", fails, true, nil, []string{"engine: p: error: error: " + problem}, nil, true},
		{"a condition that cannot be evaluated denies", "failurePolicy: Fail" + badCondition, no, false, []string{"Policy p error: failed to load context: " + problem}, []string{"engine: p: error: failed to load context: " + problem}, nil, true},
		{"under Ignore the policy is left out, which is told", "failurePolicy: Ignore" + badCondition, no, true, nil, []string{"engine: p: error: " + problem}, nil, true},
		{"an annotation for the audit that fails", "auditAnnotations: [{key: k, valueExpression: \"string(" + errs + ")\"}]", "expression: 'true'", false, []string{"Policy p error: failed to load context: failed to evaluate auditAnnotation 'k': " + problem}, []string{"engine: p: error: failed to load context: failed to evaluate auditAnnotation 'k': " + problem}, nil, true},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			outcome := admit(t, load(t, validates("p", test.more, test.validation)), &protocol.Admit{Object: object(t, pod)})
			if outcome.Allowed != test.allowed || !slices.Equal(outcome.Messages, test.messages) || !slices.Equal(outcome.Warnings, test.warnings) || !slices.Equal(outcome.Recorded, test.recorded) {
				t.Errorf("got %s", text(t, outcome))
			}
			fires := len(test.messages)+len(test.warnings)+len(test.recorded) > 0
			if slices.Contains(outcome.Matched, "p") != test.matched || slices.Contains(outcome.Fired, "p") != fires {
				t.Errorf("matched %v, fired %v", outcome.Matched, outcome.Fired)
			}
		})
	}
}

func TestTheFirstFailingValidationSpeaks(t *testing.T) {
	policy := validates("p", "", "expression: 'true'\nmessage: a") + "  - {expression: 'false', message: b}\n  - {expression: 'false', message: c}\n"
	outcome := admit(t, load(t, policy), &protocol.Admit{Object: object(t, pod)})
	if !slices.Equal(outcome.Messages, []string{"b"}) {
		t.Errorf("messages %q", outcome.Messages)
	}
}

func TestEveryValidatingPolicySpeaks(t *testing.T) {
	session := load(t,
		validates("b", "validationActions: [Deny]", "expression: 'false'\nmessage: from b"),
		validates("a", "validationActions: [Deny]", "expression: 'false'\nmessage: from a"),
		validates("c", "validationActions: [Warn]", "expression: 'false'\nmessage: from c"),
		validates("d", "validationActions: [Audit]", "expression: 'false'\nmessage: from d"),
		validates("e", "", "expression: 'true'"),
	)
	outcome := admit(t, session, &protocol.Admit{Object: object(t, pod)})
	if outcome.Allowed || !slices.Equal(outcome.Messages, []string{"from a", "from b"}) || !slices.Equal(outcome.Warnings, []string{"from c"}) || !slices.Equal(outcome.Recorded, []string{"from d"}) {
		t.Errorf("got %s", text(t, outcome))
	}
	if !slices.Equal(outcome.Matched, session.Rules()) || !slices.Equal(outcome.Fired, []string{"a", "b", "c", "d"}) {
		t.Errorf("matched %v, fired %v", outcome.Matched, outcome.Fired)
	}
}

func TestWhatKyvernoDerivesJudgesWorkloads(t *testing.T) {
	onPods := func(more string) string {
		return celOf("ValidatingPolicy", "p", more+`
matchConstraints: {resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]}
variables: [{name: all, expression: object.spec.containers}]
validations: [{expression: "variables.all.all(c, c.image.startsWith('m/'))", message: mirror it}]`)
	}
	template := `{"template":{"spec":{"containers":[{"name":"a","image":"nginx"}]}}}`
	workload := func(group, kind, spec string) string {
		return `{"apiVersion":"` + group + `","kind":"` + kind + `","metadata":{"name":"web","namespace":"shop"},"spec":` + spec + `}`
	}
	jobSet := workload("jobset.x-k8s.io/v1alpha2", "JobSet", `{"replicatedJobs":[{"name":"x","template":{"spec":`+template+`}}]}`)
	only := func(controllers string) string {
		return "autogen: {podControllers: {controllers: [" + controllers + "]}}"
	}
	cases := []struct {
		reason, more, object string
		denied               bool
		message              string
	}{
		{"a Deployment", "", workload("apps/v1", "Deployment", template), true, "mirror it"},
		{"a CronJob", "", workload("batch/v1", "CronJob", `{"jobTemplate":{"spec":`+template+`}}`), true, "mirror it"},
		{"not if none is to be derived", only(""), workload("apps/v1", "Deployment", template), false, ""},
		{"not if another is", only("daemonsets"), workload("apps/v1", "Deployment", template), false, ""},
		{"a kind whose templates Kyverno finds", only("jobsets.v1alpha2.jobset.x-k8s.io"), jobSet, true, "mirror it (pod template at spec.replicatedJobs[0].template.spec.template)"},
		{"such a kind without an offence", only("jobsets.v1alpha2.jobset.x-k8s.io"), strings.Replace(jobSet, `"nginx"`, `"m/nginx"`, 1), false, ""},
	}
	for _, test := range cases {
		t.Run(test.reason, func(t *testing.T) {
			outcome := admit(t, load(t, onPods(test.more)), &protocol.Admit{Object: object(t, test.object)})
			if outcome.Allowed == test.denied || strings.Join(outcome.Messages, "|") != test.message {
				t.Errorf("got %s", text(t, outcome))
			}
		})
	}
}
