package admission

import (
	"context"

	"github.com/kyverno/kyverno/pkg/background/common"
	"github.com/kyverno/kyverno/pkg/clients/dclient"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// downstream is otherwise in older versions of Kyverno (../versions).
func downstream(client dclient.Interface, version, kind string, labels map[string]string) (*unstructured.UnstructuredList, error) {
	return common.FindDownstream(context.Background(), client, version, kind, labels)
}
