package spec

// mirrorSet is the shape of a MirrorSet: the field names of semantics.md §1.
func mirrorSet() *shape {
	return object(
		field{name: "apiVersion", doc: "The version of this format.", shape: text(oneOf(APIVersion)), need: `write "apiVersion: ` + APIVersion + `"`},
		field{name: "kind", doc: "The kind of this object.", shape: text(oneOf(Kind)), need: `write "kind: ` + Kind + `"`},
		field{name: "metadata", doc: "Names the set.", shape: metadata(), need: `write "metadata: {name: <name>}"`},
		field{name: "spec", doc: "The mirrors and what is done with them.", shape: body(), need: `write "spec:" with at least one mirror`},
	)
}

func metadata() *shape {
	return object(
		field{name: "name", doc: "The prefix of every generated object's name.", shape: text(label(maxSetName)), need: "give the set a name"},
		field{name: "namespace", doc: "Kept for kustomize, which sets it; it has no meaning here.", shape: text(label(maxObjectName))},
		field{name: "annotations", doc: "Kept for kustomize; none has a meaning here.", shape: dictionary(qualifiedName(), anyText())},
		field{name: "labels", doc: "Kept for kustomize; none has a meaning here.", shape: dictionary(qualifiedName(), labelValue())},
	)
}

func body() *shape {
	return object(
		field{name: "mirrors", doc: "What is served by which mirror; the order has no meaning.", need: "list at least one mirror",
			shape: list(mirror()).notEmpty("a MirrorSet needs at least one mirror; add one")},
		field{name: "registries", doc: "Registries that are no mirror, but whose transport is declared.", shape: list(registry())},
		field{name: "scope", doc: "Which namespaces and Pods are rewritten and judged.", shape: scope()},
		field{name: "rewrite", doc: "How the rewriting policy behaves.", shape: object(
			field{name: "failurePolicy", doc: "What the API server does while the rewriting policy cannot be asked.", shape: text(oneOf("Ignore", "Fail")), unset: "Ignore"})},
		field{name: "constraint", doc: "How refusals behave.", shape: constraint()},
		field{name: "nodes", doc: "How node configuration behaves.", shape: object(
			field{name: "onUnsupported", doc: "Whether a rule that a node's configuration cannot express is an error or skipped.", shape: text(oneOf("error", "skip")), unset: "error"},
			field{name: "fallbackToUpstream", doc: "Whether nodes ask the source itself where the mirror and its fallbacks fail.", shape: boolean(), unset: false})},
		field{name: "serverless", doc: "The serverless platforms whose annotations are set on Pods.", shape: set(text(oneOf("alibaba-eci", "tencent-eks", "huawei-cci", "volcengine-vci")))},
	)
}

func mirror() *shape {
	return object(
		field{name: "name", doc: "A name that is unique in the set; derived from the source where unset.", shape: text(label(maxMirrorName))},
		field{name: "source", doc: "What is redirected: host[:port][/path].", shape: text(address()), need: `name what is redirected, such as "source: docker.io"`},
		field{name: "aliases", doc: "Further host names of the same registry; those of Docker Hub are built in.", shape: set(text(host()))},
		field{name: "mirror", doc: "Where the source is served: host[:port][/path].", shape: text(address()), need: `name where the source is served, such as "mirror: registry.example.com/dockerhub"`},
		field{name: "fallbacks", doc: "Further addresses, for nodes and probes only; reached by https unless registries declares their hosts.", shape: set(text(address()))},
		field{name: "only", doc: "The repository prefixes below the source that the mirror holds; all where unset.",
			shape: set(text(repository())).notEmpty("an empty list would hold nothing; list what the mirror holds, or remove the line where it holds everything")},
		field{name: "except", doc: "The repository prefixes below the source that are left alone.", shape: set(text(repository()))},
		field{name: "transport", doc: "How the mirror is reached.", shape: text(transport()), unset: "https"},
		field{name: "caFile", doc: "A file of certificates for nodes, relative to this file and in a folder below it.", shape: text(relativeFile())},
		field{name: "pullSecret", doc: "The Secret that holds the credentials; the credentials themselves never stand here.", shape: object(
			field{name: "name", doc: "The Secret's name.", shape: text(subdomain()), need: "name the Secret"},
			field{name: "namespace", doc: "The namespace that the Secret is cloned from.", shape: text(label(maxObjectName)), need: "name the namespace that the Secret is in"},
			field{name: "serviceAccounts", doc: "ServiceAccounts that get the secret instead of each Pod.", shape: set(text(subdomain()))},
			field{name: "allNamespaces", doc: "Allows the clone everywhere, without a namespace selector.", shape: boolean(), unset: false})},
	)
}

func registry() *shape {
	return object(
		field{name: "host", doc: "The registry: host[:port], no path.", shape: text(host()), need: `name the registry, such as "host: registry.example.com:5000"`},
		field{name: "transport", doc: "How the registry is reached.", shape: text(transport()), unset: "https"},
		field{name: "caFile", doc: "A file of certificates for nodes, relative to this file and in a folder below it.", shape: text(relativeFile())},
	)
}

func scope() *shape {
	return object(
		field{name: "excludeNamespaces", doc: "Namespaces that are left alone, in addition to the system's.", shape: set(text(namespace()))},
		field{name: "includeSystemNamespaces", doc: "Whether the system's namespaces are not left alone.", shape: boolean(), unset: false},
		field{name: "namespaceSelector", doc: "Limits the namespaces by their labels.", shape: selector()},
		field{name: "podSelector", doc: "Limits the Pods that are rewritten by their labels.", shape: selector()},
	)
}

func selector() *shape {
	return object(
		field{name: "matchLabels", doc: "Labels that must be there with these values.", shape: dictionary(qualifiedName(), labelValue())},
		field{name: "matchExpressions", doc: "Expressions that must all hold.", shape: list(object(
			field{name: "key", doc: "The label.", shape: text(qualifiedName()), need: "name the label"},
			field{name: "operator", doc: "How the label is judged.", shape: text(oneOf("In", "NotIn", "Exists", "DoesNotExist")), need: "write In, NotIn, Exists or DoesNotExist"},
			field{name: "values", doc: "The values for In and NotIn.", shape: set(text(labelValue()))}))},
	)
}

func constraint() *shape {
	return object(
		field{name: "enforcement", doc: "What becomes of a request that breaks a rule.", shape: text(oneOf("deny", "warn", "dryrun")), unset: "deny"},
		field{name: "failurePolicy", doc: "What the API server does while the constraint cannot be asked.", shape: text(oneOf("Ignore", "Fail")), unset: "Ignore"},
		field{name: "honourPodSelector", doc: "Whether a Pod that opted out of rewriting may use the upstream.", shape: boolean(), unset: false},
		field{name: "allowRegistries", doc: "Registries that may be used beside the mirrors: host[:port][/path]; any where unset.",
			shape: set(text(address())).notEmpty("an empty list may mean nothing or everything; list registries, or remove the line where any is allowed")},
	)
}

func transport() *grammar { return oneOf("https", "https-skip-verify", "http") }
