package admission

import (
	"context"
	"sync"

	"github.com/kyverno/kyverno/pkg/cel/libs"
	"github.com/kyverno/kyverno/pkg/clients/dclient"
	"github.com/kyverno/kyverno/pkg/utils/restmapper"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

// A library is what Kyverno's CEL libraries resource and generator read and write. It
// is Kyverno's own. The compilers bind it to policies for good, and take it from a
// variable of the process, so that there is one, and requests take turns at it.
type library struct {
	libs.Context
	hand *clusterInHand
}

// newLibrary makes it, as Kyverno's own constructor does, which sets the variable too.
func newLibrary() library {
	// Without a client it is the kinds that Kyverno ships a list of.
	mapper, err := restmapper.GetRESTMapper(nil)
	if err != nil {
		mapper = meta.MultiRESTMapper{} // every kind is of a namespace
	}
	hand := &clusterInHand{}
	made, err := newContextProvider(hand, mapper)
	if err != nil {
		panic(err) // it has no way to fail
	}
	return library{made, hand}
}

// libraries are those that policies were and will be compiled with.
func libraries() library { return libs.GetLibsCtx().(library) }

// A clusterInHand is the cluster of the request whose turn it is. Only what Kyverno's
// libraries ask of a client is answered.
type clusterInHand struct {
	dclient.Interface
	turn sync.Mutex
	// now is set by whose turn it is.
	now dclient.Interface
}

func (e *Engine) hand() *clusterInHand { return e.libraries.hand }

// take waits for the turn, and returns what ends it.
func (c *clusterInHand) take() (release func()) {
	c.turn.Lock()
	return func() {
		c.now = nil
		c.turn.Unlock()
	}
}

func (c *clusterInHand) GetDynamicInterface() dynamic.Interface { return c.now.GetDynamicInterface() }

func (c *clusterInHand) GetResource(ctx context.Context, version, kind, namespace, name string, subresources ...string) (*unstructured.Unstructured, error) {
	return c.now.GetResource(ctx, version, kind, namespace, name, subresources...)
}

func (c *clusterInHand) CreateResource(ctx context.Context, version, kind, namespace string, object any, dryRun bool) (*unstructured.Unstructured, error) {
	return c.now.CreateResource(ctx, version, kind, namespace, object, dryRun)
}

func (c *clusterInHand) UpdateResource(ctx context.Context, version, kind, namespace string, object any, dryRun bool, subresources ...string) (*unstructured.Unstructured, error) {
	return c.now.UpdateResource(ctx, version, kind, namespace, object, dryRun, subresources...)
}
