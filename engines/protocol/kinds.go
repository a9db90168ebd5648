package protocol

// ClusterScoped reports whether a kind is one without a namespace that an admission
// policy is likely to see. Offline there is no discovery: any other kind is taken to
// be namespaced. A Namespace is neither, and engines treat it by itself.
func ClusterScoped(group, kind string) bool {
	switch group {
	case "":
		switch kind {
		case "Node", "PersistentVolume":
			return true
		}
	case "rbac.authorization.k8s.io":
		switch kind {
		case "ClusterRole", "ClusterRoleBinding":
			return true
		}
	case "storage.k8s.io":
		switch kind {
		case "StorageClass", "CSIDriver", "CSINode", "VolumeAttachment":
			return true
		}
	case "scheduling.k8s.io":
		switch kind {
		case "PriorityClass":
			return true
		}
	case "node.k8s.io":
		switch kind {
		case "RuntimeClass":
			return true
		}
	case "networking.k8s.io":
		switch kind {
		case "IngressClass":
			return true
		}
	case "certificates.k8s.io":
		switch kind {
		case "CertificateSigningRequest":
			return true
		}
	case "apiextensions.k8s.io":
		switch kind {
		case "CustomResourceDefinition":
			return true
		}
	case "apiregistration.k8s.io":
		switch kind {
		case "APIService":
			return true
		}
	case "admissionregistration.k8s.io":
		switch kind {
		case "MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding":
			return true
		}
	case "kyverno.io":
		switch kind {
		case "ClusterPolicy":
			return true
		}
	case "eci.alibabacloud.com":
		switch kind {
		case "ImageCache":
			return true
		}
	}
	return false
}
