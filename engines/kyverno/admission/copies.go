package admission

import (
	"sync/atomic"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
)

// mostCopied is how many bytes the copies of one JSON patch of a CEL policy may add:
// what an API server allows (k8s.io/apiserver/pkg/server, NewConfig,
// JSONPatchMaxCopyBytes). Kyverno 1.19 has no limit there, and 40 copies of a field
// into itself would take all memory that the machine has.
const mostCopied = 3 << 20

// limitCopies sets that limit for the process.
func limitCopies() { atomic.StoreInt64(&jsonpatch.AccumulatedCopySizeLimit, mostCopied) }
