package admission

import (
	"strings"

	"github.com/go-logr/logr"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	kyvernov2 "github.com/kyverno/kyverno/api/kyverno/v2"
	"github.com/kyverno/kyverno/pkg/background/generate"
	"github.com/kyverno/kyverno/pkg/background/mutate"
	kyvernov1listers "github.com/kyverno/kyverno/pkg/client/listers/kyverno/v1"
	"github.com/kyverno/kyverno/pkg/event"
	"k8s.io/client-go/tools/cache"
)

// work has Kyverno's controllers work UpdateRequests off, one for each rule, so that
// what they say can be told apart. A cluster tries a failed one three times more.
func (b *background) work(specs []kyvernov2.UpdateRequestSpec) {
	for _, spec := range specs {
		if spec.Type == kyvernov2.Mutate {
			b.process(spec, spec.Rule)
			continue
		}
		rules := spec.RuleContext
		for i := range rules {
			spec.RuleContext = rules[i : i+1]
			b.process(spec, rules[i].Rule)
		}
	}
}

// process works one UpdateRequest off. A failure is no verdict: in a cluster it is
// an event, and a status that is soon gone.
func (b *background) process(spec kyvernov2.UpdateRequestSpec, rule string) {
	p := b.session.named[spec.Policy]
	e := b.session.engine
	before := b.store.changes
	status := &status{}
	var err error
	if spec.Type == kyvernov2.Mutate {
		clusterPolicies, namespacedPolicies := listers(p.only(rule))
		err = mutate.NewMutateExistingController(b.client, nil, status, b.kyverno, clusterPolicies, namespacedPolicies,
			namespaces{store: b.store}, e.configuration, event.NewFake(), logr.Discard(), e.jmespath).ProcessUR(&kyvernov2.UpdateRequest{Spec: spec})
	} else {
		err = generate.NewGenerateController(b.client, nil, status, b.kyverno, b.session.clusterPolicies, b.session.namespacedPolicies,
			nil, namespaces{store: b.store}, e.configuration, event.NewFake(), logr.Discard(), e.jmespath).ProcessUR(&kyvernov2.UpdateRequest{Spec: spec})
	}
	b.findings.ran(p, rule, b.store.changes > before)
	if err != nil {
		status.messages = append(status.messages, err.Error())
	}
	for _, message := range status.messages {
		b.findings.failed(p, rule, strings.TrimPrefix(message, "rule "+rule+" failed: "))
	}
}

// only is the policy with one rule. The mutate controller runs the whole policy for
// each UpdateRequest of a rule of it, and writes over what it wrote itself a moment
// ago, which the API server refuses until all are tried again in turn. What that
// comes to is each rule once.
func (p *policy) only(name string) kyvernov1.PolicyInterface {
	for _, rule := range p.source.GetSpec().Rules {
		if rule.Name == name {
			return withRules(p.source, []kyvernov1.Rule{rule}).CreateDeepCopy()
		}
	}
	return p.source
}

// listers are what the controllers look policies up in.
func listers(policies ...kyvernov1.PolicyInterface) (kyvernov1listers.ClusterPolicyLister, kyvernov1listers.PolicyLister) {
	indexers := cache.Indexers{cache.NamespaceIndex: cache.MetaNamespaceIndexFunc}
	cluster, namespaced := cache.NewIndexer(cache.MetaNamespaceKeyFunc, indexers), cache.NewIndexer(cache.MetaNamespaceKeyFunc, indexers)
	for _, p := range policies {
		if p.IsNamespaced() {
			_ = namespaced.Add(p) // an object with metadata has a key
		} else {
			_ = cluster.Add(p)
		}
	}
	return kyvernov1listers.NewClusterPolicyLister(cluster), kyvernov1listers.NewPolicyLister(namespaced)
}

// status takes down how an UpdateRequest went.
type status struct{ messages []string }

func (s *status) Failed(_, message string, _ []kyvernov1.ResourceSpec) (*kyvernov2.UpdateRequest, error) {
	s.messages = append(s.messages, message)
	return nil, nil
}

func (s *status) Success(string, []kyvernov1.ResourceSpec) (*kyvernov2.UpdateRequest, error) {
	return nil, nil
}

func (s *status) Skip(string, []kyvernov1.ResourceSpec) (*kyvernov2.UpdateRequest, error) {
	return nil, nil
}
