// Package admission runs Kubernetes' admission policies offline
// (admissionregistration.k8s.io MutatingAdmissionPolicy and
// ValidatingAdmissionPolicy, with their bindings), as an API server runs them.
//
// What reads, defaults, validates, matches, evaluates and dispatches is the API
// server's own code, imported. What is written here is what stands around it: how
// the API server's compiler is called (k8s.io/apiserver does not export that), who
// asks for what in which namespace, and what an outcome is.
package admission

import (
	"sync"
	"sync/atomic"

	"github.com/go-logr/logr"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"k8s.io/klog/v2"
)

// An Engine loads policies. It may be used by several goroutines at once.
type Engine struct {
	decoder    *decoder
	converters *converters
}

// New makes an engine. It starts nothing: no goroutine, no informer, no listener.
func New() *Engine {
	quiet()
	limitCopies()
	return &Engine{decoder: newDecoder(), converters: &converters{}}
}

var quietOnce sync.Once

// quiet silences the logger that Kubernetes shares process-wide; what matters of
// it is reported as an outcome or an error.
func quiet() { quietOnce.Do(func() { klog.SetLogger(logr.Discard()) }) }

// mostCopied is how many bytes the copies of a JSON patch may add: what an API server
// is started with (k8s.io/apiserver/pkg/server, NewConfig, JSONPatchMaxCopyBytes).
const mostCopied = 3 << 20

// limitCopies sets that limit for the process, as an API server does: 30 operations
// that copy a field into itself would take all memory there is.
func limitCopies() { atomic.StoreInt64(&jsonpatch.AccumulatedCopySizeLimit, mostCopied) }
