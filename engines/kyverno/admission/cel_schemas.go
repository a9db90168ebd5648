package admission

import (
	"strings"
	"sync"

	mpolcompiler "github.com/kyverno/kyverno/pkg/cel/policies/mpol/compiler"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"sigs.k8s.io/kubectl-validate/pkg/openapiclient"
)

// builtins is the Kubernetes version whose schemas ApplyConfigurations are merged by:
// the newest that kubectl-validate holds.
const builtins = "1.35"

// mergeSchemas are the schemas of the API's own kinds, each group and version read when
// a mutation first asks for it; that takes some 50 ms. In a cluster there are those of
// its CustomResourceDefinitions as well.
type mergeSchemas struct {
	// mutex: Kyverno's manager is not safe for several goroutines.
	mutex   sync.Mutex
	manager mpolcompiler.TypeConverterManager
	// held is nil until it is first asked for.
	held map[string]bool
}

// has reports whether there is a schema for the kind's group and version. Kyverno's
// manager would log that there is none, and sleep over it.
func (m *mergeSchemas) has(gvk runtimeschema.GroupVersionKind) bool {
	m.mutex.Lock()
	defer m.mutex.Unlock()
	if m.held == nil {
		client := openapiclient.NewHardcodedBuiltins(builtins)
		m.held = map[string]bool{}
		paths, _ := client.Paths() // they are in the program
		for path := range paths {
			_, groupVersion, _ := strings.Cut(path, "/")
			m.held[groupVersion] = true
		}
		m.manager = mpolcompiler.NewStaticTypeConverterManager(client)
	}
	return m.held[gvk.GroupVersion().String()]
}

// GetTypeConverter is nil for a kind without schema, and the mutation then fails.
func (m *mergeSchemas) GetTypeConverter(gvk runtimeschema.GroupVersionKind) managedfields.TypeConverter {
	if !m.has(gvk) {
		return nil
	}
	m.mutex.Lock()
	defer m.mutex.Unlock()
	return m.manager.GetTypeConverter(gvk)
}

// noSchemas is for policies that merge nothing: Kyverno asks all the same.
type noSchemas struct{}

// GetTypeConverter is nil.
func (noSchemas) GetTypeConverter(runtimeschema.GroupVersionKind) managedfields.TypeConverter {
	return nil
}
