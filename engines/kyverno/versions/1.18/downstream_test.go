package admission

import (
	"github.com/kyverno/kyverno/pkg/background/common"
	"github.com/kyverno/kyverno/pkg/clients/dclient"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// downstream is that of Kyverno 1.18.
func downstream(client dclient.Interface, version, kind string, labels map[string]string) (*unstructured.UnstructuredList, error) {
	return common.FindDownstream(client, version, kind, labels)
}
