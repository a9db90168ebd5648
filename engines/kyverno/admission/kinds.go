package admission

import (
	"fmt"
	"slices"
	"strings"

	policiesv1beta1 "github.com/kyverno/api/api/policies.kyverno.io/v1beta1"
	kyvernov1 "github.com/kyverno/kyverno/api/kyverno/v1"
	"github.com/kyverno/kyverno/ext/resource/convert"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"

	"mirrorgen.dev/gen/engines/protocol/serve"
)

// The groups of Kyverno's policies.
const (
	classicGroup = "kyverno.io"
	celGroup     = "policies.kyverno.io"
)

// A kind is one that Kyverno's API has.
type kind struct {
	// versions are those that an API server with Kyverno's CRDs serves.
	versions []string
	// unread are those of them that this engine does not decode.
	unread []string
	// crd is the file of the CustomResourceDefinition.
	crd string
	// decode makes the Go type. nil: the engine does not run the kind, and refused says
	// why.
	decode  func(unstructured.Unstructured) (runtime.Object, error)
	refused string
}

var (
	allVersions        = []string{"v1", "v1beta1", "v1alpha1"}
	namespacedVersions = []string{"v1", "v1beta1"} // these kinds came later
)

const (
	noImages     = "this engine has no registry and no keys to verify images with"
	noDeletion   = "this engine runs no clean-up"
	noExceptions = "this engine runs policies without exceptions"
)

// kinds are those of Kyverno v1.19's policies. A test compares the versions with
// Kyverno's CRDs. The versions of a kind of policies.kyverno.io are one schema, and
// Kyverno itself decodes all into the Go type of v1beta1.
var kinds = map[runtimeschema.GroupKind]kind{
	{Group: classicGroup, Kind: "ClusterPolicy"}:        {versions: []string{"v1", "v2beta1"}, unread: []string{"v2beta1"}, crd: "kyverno.io_clusterpolicies.yaml", decode: to[kyvernov1.ClusterPolicy]},
	{Group: classicGroup, Kind: "Policy"}:               {versions: []string{"v1", "v2beta1"}, unread: []string{"v2beta1"}, crd: "kyverno.io_policies.yaml", decode: to[kyvernov1.Policy]},
	{Group: classicGroup, Kind: "CleanupPolicy"}:        {versions: []string{"v2", "v2beta1"}, refused: noDeletion},
	{Group: classicGroup, Kind: "ClusterCleanupPolicy"}: {versions: []string{"v2", "v2beta1"}, refused: noDeletion},
	{Group: classicGroup, Kind: "PolicyException"}:      {versions: []string{"v2", "v2beta1"}, refused: noExceptions},

	{Group: celGroup, Kind: "MutatingPolicy"}:                  {versions: allVersions, crd: "policies.kyverno.io_mutatingpolicies.yaml", decode: to[policiesv1beta1.MutatingPolicy]},
	{Group: celGroup, Kind: "NamespacedMutatingPolicy"}:        {versions: namespacedVersions, crd: "policies.kyverno.io_namespacedmutatingpolicies.yaml", decode: to[policiesv1beta1.NamespacedMutatingPolicy]},
	{Group: celGroup, Kind: "ValidatingPolicy"}:                {versions: allVersions, crd: "policies.kyverno.io_validatingpolicies.yaml", decode: to[policiesv1beta1.ValidatingPolicy]},
	{Group: celGroup, Kind: "NamespacedValidatingPolicy"}:      {versions: namespacedVersions, crd: "policies.kyverno.io_namespacedvalidatingpolicies.yaml", decode: to[policiesv1beta1.NamespacedValidatingPolicy]},
	{Group: celGroup, Kind: "GeneratingPolicy"}:                {versions: allVersions, crd: "policies.kyverno.io_generatingpolicies.yaml", decode: to[policiesv1beta1.GeneratingPolicy]},
	{Group: celGroup, Kind: "NamespacedGeneratingPolicy"}:      {versions: namespacedVersions, crd: "policies.kyverno.io_namespacedgeneratingpolicies.yaml", decode: to[policiesv1beta1.NamespacedGeneratingPolicy]},
	{Group: celGroup, Kind: "ImageValidatingPolicy"}:           {versions: allVersions, refused: noImages},
	{Group: celGroup, Kind: "NamespacedImageValidatingPolicy"}: {versions: namespacedVersions, refused: noImages},
	{Group: celGroup, Kind: "DeletingPolicy"}:                  {versions: allVersions, refused: noDeletion},
	{Group: celGroup, Kind: "NamespacedDeletingPolicy"}:        {versions: namespacedVersions, refused: noDeletion},
	{Group: celGroup, Kind: "PolicyException"}:                 {versions: allVersions, refused: noExceptions},
}

// kindOf finds the kind of a document. The error says whether it is Kyverno that does
// not know it, or this engine that does not run it.
func kindOf(meta metav1.TypeMeta) (kind, error) {
	gvk := runtimeschema.FromAPIVersionAndKind(meta.APIVersion, meta.Kind)
	found, known := kinds[gvk.GroupKind()]
	switch version := serve.ModuleVersion("github.com/kyverno/kyverno"); {
	case known && !slices.Contains(found.versions, gvk.Version):
		return kind{}, fmt.Errorf("%s %s: Kyverno %s does not know it; it knows %s", meta.APIVersion, meta.Kind, version, strings.Join(found.versions, ", "))
	case known && slices.Contains(found.unread, gvk.Version):
		return kind{}, fmt.Errorf("%s %s: this engine reads %s of it only", meta.APIVersion, meta.Kind, found.versions[0])
	case known && found.decode == nil:
		return kind{}, fmt.Errorf("%s %s: %s", meta.APIVersion, meta.Kind, found.refused)
	case known:
		return found, nil
	case gvk.Group == classicGroup || gvk.Group == celGroup:
		return kind{}, fmt.Errorf("%s %s: Kyverno %s does not know it", meta.APIVersion, meta.Kind, version)
	}
	return kind{}, fmt.Errorf("apiVersion %q, kind %q: this engine knows ClusterPolicy and Policy of %s/v1, and MutatingPolicy, ValidatingPolicy and GeneratingPolicy of %s/v1 only", meta.APIVersion, meta.Kind, classicGroup, celGroup)
}

func to[T any, P interface {
	*T
	runtime.Object
}](object unstructured.Unstructured) (runtime.Object, error) {
	made, err := convert.To[T](object)
	if err != nil {
		return nil, err
	}
	return P(made), nil
}
