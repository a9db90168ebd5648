package admission

import (
	"errors"
	"fmt"
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/apimachinery/pkg/util/version"
	baseversion "k8s.io/component-base/version"
	"k8s.io/kubernetes/pkg/apis/admissionregistration"
	"k8s.io/kubernetes/pkg/apis/admissionregistration/install"
	sigsyaml "sigs.k8s.io/yaml"
)

// kubernetesVersion is the minor version whose code this is: 1.36.
const kubernetesVersion = baseversion.DefaultKubeBinaryVersion

// The kinds that are read.
const (
	kindMutating          = "MutatingAdmissionPolicy"
	kindMutatingBinding   = "MutatingAdmissionPolicyBinding"
	kindValidating        = "ValidatingAdmissionPolicy"
	kindValidatingBinding = "ValidatingAdmissionPolicyBinding"
)

// A manifest is one document as the API server stores it: version v1, defaults
// filled in.
type manifest struct {
	metav1.Object
	kind string
	// stored is a *admissionregistrationv1.<kind>, internal the same as the validators take it.
	stored, internal runtime.Object
	warnings         []string
	// at is where it stands, for errors: file, document, kind and name.
	at string
}

// A decoder reads documents as an API server does: unknown and repeated fields are
// refused, defaults are filled in, other versions are converted to v1.
type decoder struct {
	scheme *runtime.Scheme
	codecs serializer.CodecFactory
}

func newDecoder() *decoder {
	scheme := runtime.NewScheme()
	install.Install(scheme)
	return &decoder{scheme: scheme, codecs: serializer.NewCodecFactory(scheme, serializer.EnableStrict)}
}

func (d *decoder) decode(document []byte) (*manifest, error) {
	var meta metav1.TypeMeta
	if err := sigsyaml.Unmarshal(document, &meta); err != nil {
		return nil, err
	}
	gvk := schema.FromAPIVersionAndKind(meta.APIVersion, meta.Kind)
	stored, internal := empty(gvk.Kind)
	if stored == nil || gvk.Group != admissionregistrationv1.GroupName || !d.scheme.Recognizes(gvk) {
		return nil, fmt.Errorf("apiVersion %q, kind %q: Kubernetes %s has no such admission policy; this engine knows %s, %s, %s and %s of %s",
			meta.APIVersion, meta.Kind, kubernetesVersion, kindMutating, kindMutatingBinding, kindValidating, kindValidatingBinding, admissionregistrationv1.SchemeGroupVersion)
	}
	written, _, err := d.codecs.UniversalDeserializer().Decode(document, nil, nil)
	if err != nil {
		return nil, errors.New(strings.TrimSpace(err.Error()))
	}
	warning, err := served(written, gvk)
	if err != nil {
		return nil, err
	}
	d.scheme.Default(written)
	if err := d.scheme.Convert(written, internal, nil); err != nil {
		return nil, err
	}
	if err := d.scheme.Convert(internal, stored, nil); err != nil {
		return nil, err
	}
	made := &manifest{Object: stored.(metav1.Object), kind: gvk.Kind, stored: stored, internal: internal}
	if warning != "" {
		made.warnings = append(made.warnings, warning)
	}
	return made, nil
}

// empty makes what a kind is decoded into; nil: the kind is none of the four.
func empty(kind string) (stored, internal runtime.Object) {
	switch kind {
	case kindMutating:
		return &admissionregistrationv1.MutatingAdmissionPolicy{}, &admissionregistration.MutatingAdmissionPolicy{}
	case kindMutatingBinding:
		return &admissionregistrationv1.MutatingAdmissionPolicyBinding{}, &admissionregistration.MutatingAdmissionPolicyBinding{}
	case kindValidating:
		return &admissionregistrationv1.ValidatingAdmissionPolicy{}, &admissionregistration.ValidatingAdmissionPolicy{}
	case kindValidatingBinding:
		return &admissionregistrationv1.ValidatingAdmissionPolicyBinding{}, &admissionregistration.ValidatingAdmissionPolicyBinding{}
	}
	return nil, nil
}

// served refuses a version that the API server serves no more, and warns of one
// that it serves only where it is told to: alpha and beta versions are off.
func served(object runtime.Object, gvk schema.GroupVersionKind) (warning string, err error) {
	if gvk.Version == admissionregistrationv1.SchemeGroupVersion.Version {
		return "", nil
	}
	if lifecycle, ok := object.(interface{ APILifecycleRemoved() (major, minor int) }); ok {
		major, minor := lifecycle.APILifecycleRemoved()
		if removed := version.MajorMinor(uint(major), uint(minor)); version.MustParseGeneric(kubernetesVersion).AtLeast(removed) {
			return "", fmt.Errorf("%s of %s: gone since Kubernetes %s; write %s", gvk.Kind, gvk.GroupVersion(), removed, admissionregistrationv1.SchemeGroupVersion)
		}
	}
	return fmt.Sprintf("%s of %s: Kubernetes %s serves it only with --runtime-config=%s=true; write %s",
		gvk.Kind, gvk.GroupVersion(), kubernetesVersion, gvk.GroupVersion(), admissionregistrationv1.SchemeGroupVersion), nil
}
