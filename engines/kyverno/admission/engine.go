// Package admission runs Kyverno's policies offline: the classic ones (kyverno.io/v1
// ClusterPolicy and Policy) and those in CEL (policies.kyverno.io MutatingPolicy,
// ValidatingPolicy and GeneratingPolicy, and theirs of a namespace), as Kyverno's
// admission webhooks and, for what is generated and for mutations of what exists, its
// background controllers run them in a cluster.
//
// The engine itself is Kyverno's, imported, and so are the controllers. What is
// written here is what the webhooks do around it: which policies see a request, in
// which order, with which context, and what an error or a violation means for the
// request; and a cluster for the controllers to work on.
package admission

import (
	"sync"

	"github.com/go-logr/logr"
	"github.com/kyverno/kyverno/pkg/cel/libs"
	"github.com/kyverno/kyverno/pkg/cel/matching"
	"github.com/kyverno/kyverno/pkg/config"
	"github.com/kyverno/kyverno/pkg/engine"
	engineapi "github.com/kyverno/kyverno/pkg/engine/api"
	"github.com/kyverno/kyverno/pkg/engine/factories"
	"github.com/kyverno/kyverno/pkg/engine/jmespath"
	imageverifycache "github.com/kyverno/kyverno/pkg/image/verification/cache"
	reportutils "github.com/kyverno/kyverno/pkg/utils/report"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
	ctrllog "sigs.k8s.io/controller-runtime/pkg/log"
)

// An Engine loads policies. It may be used by several goroutines at once.
type Engine struct {
	configuration config.Configuration
	jmespath      jmespath.Interface
	kyverno       engineapi.Engine
	schema        schema
	// matcher, schemas and libraries are what CEL policies share.
	matcher   matching.Matcher
	schemas   mergeSchemas
	libraries library
}

// New makes an engine as Kyverno's default installation has it, except that the
// ConfigMap's resource filters and excluded groups are empty: kube-system is
// judged like any other namespace, so that a policy's own scope is what is tested.
func New() *Engine {
	quiet()
	limitCopies()
	// An empty ConfigMap, not none, is what sets the limits that a cluster has.
	configuration := config.NewDefaultConfiguration(true)
	configuration.Load(&corev1.ConfigMap{})
	jp := newQueries(jmespath.New(configuration))
	offline := false
	return &Engine{
		configuration: configuration,
		jmespath:      jp,
		kyverno: engine.NewEngine(
			configuration,
			jp,
			nil, // no cluster
			declaredImages{},
			imageverifycache.DisabledImageVerifyCache(),
			factories.DefaultContextLoaderFactory(nil),
			nil, // no PolicyExceptions
			&offline,
		),
		matcher:   matching.NewMatcher(),
		libraries: libraries(),
	}
}

var quietOnce sync.Once

// quiet silences the loggers that Kyverno and Kubernetes share process-wide, and
// its reports; their errors come back as rule results, which are reported.
func quiet() {
	quietOnce.Do(func() {
		klog.SetLogger(logr.Discard())
		ctrllog.SetLogger(logr.Discard())
		// The background controllers ask what to report on, and take none for an answer
		// only if there is a configuration.
		reportutils.NewReportingConfig(nil)
		// The compilers of CEL policies take their libraries from a variable of Kyverno's.
		libs.LibraryContext = newLibrary()
	})
}
