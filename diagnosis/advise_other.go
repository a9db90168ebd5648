package diagnosis

import (
	"fmt"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/image"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// atRegistry advises on a registry that is declared for its transport; false
// where the host is none, or its transport has no part in the failure.
func (a *adviser) atRegistry() bool {
	for _, set := range a.sets {
		for i, r := range set.Spec.Registries {
			if !sameHost(r.Host, a.host) {
				continue
			}
			path := fmt.Sprintf("spec.registries[%d]", i)
			to, why := a.transportFor()
			if to == "" {
				return false
			}
			if r.Transport == to {
				a.add(set, path+".transport", "", Text{
					En: "The transport is " + to + " already: the Pod was created before the policy, or the node lacks the files of gen nodes.",
					Zh: "transport 已经是 " + to + "：Pod 早于策略创建，或节点尚未安装 gen nodes 的文件。",
				})
				return true
			}
			a.add(set, path+".transport", "transport: "+to, why)
			a.serverless(set)
			return true
		}
	}
	return false
}

// transportFor is the transport that mends the failure; empty: none does.
func (a *adviser) transportFor() (string, Text) {
	switch a.finding.Cause {
	case "http-response-to-https-client":
		return "http", Text{
			En: "This registry speaks plain HTTP: gen policies sets the serverless annotation, gen nodes the node's configuration. Whoever is on the way can read and change images.",
			Zh: "该仓库使用明文 HTTP：gen policies 添加 Serverless 注解，gen nodes 生成节点配置。途中的任何人都能读取和篡改镜像。",
		}
	case "x509-unknown-authority":
		return "https-skip-verify", Text{
			En: "For serverless Pods, which take no CA: the annotation that skips the check. Whoever is on the way can then answer in the registry's place; on nodes install the CA instead.",
			Zh: "针对无法安装 CA 的 Serverless Pod：添加跳过校验的注解。此后途中的任何人都能冒充该仓库；节点上请改为安装 CA。",
		}
	case "http-request-to-https-port":
		return "https", Text{
			En: "This registry speaks TLS.",
			Zh: "该仓库使用 TLS。",
		}
	}
	return "", Text{}
}

// atSource advises on an upstream that a mirror serves, or would but for only
// and except; false where no mirror covers it.
func (a *adviser) atSource() bool {
	for _, set := range a.sets {
		plan := a.plans[set.Name]
		if plan == nil {
			continue
		}
		if a.hasRef {
			switch d := plan.Rewrite(a.finding.Image); d.Status {
			case mirror.Rewritten:
				a.notRewritten(set, plan, d.Mirror)
				return true
			case mirror.NotHeld:
				a.notHeld(set, plan, d)
				return true
			case mirror.Kept:
				a.kept(set)
				return true
			}
			continue
		}
		for i, m := range set.Spec.Mirrors {
			for _, host := range append([]string{hostOfAddress(m.Source)}, m.Aliases...) {
				if sameHost(host, a.host) || image.IsDockerHub(host) && image.IsDockerHub(a.host) {
					a.notRewritten(set, plan, set.Spec.Mirrors[i].Name)
					return true
				}
			}
		}
	}
	return false
}

// notRewritten says why a Pod may still pull from a source.
func (a *adviser) notRewritten(set *spec.MirrorSet, plan *mirror.Plan, name string) {
	path := pathOf(set, name)
	scope := set.Spec.Scope
	address := plan.Mirrors[name].Address
	switch {
	case a.finding.Sandbox:
		a.add(set, path, "", Text{
			En: "Admission never sees the sandbox image: redirect the source on the node with gen nodes, or name the mirror's copy in the runtime's configuration.",
			Zh: "准入策略看不到沙箱镜像：用 gen nodes 在节点上重定向该源，或在运行时配置中写镜像站上的名称。",
		})
		return
	case slices.Contains(scope.ExcludeNamespaces, a.namespace):
		rest := slices.DeleteFunc(slices.Clone(scope.ExcludeNamespaces), func(n string) bool { return n == a.namespace })
		a.add(set, "spec.scope.excludeNamespaces", "excludeNamespaces: "+flow(rest), Text{
			En: "Namespace " + a.namespace + " is excluded, so that its Pods pull from upstream.",
			Zh: "命名空间 " + a.namespace + " 被排除，其中的 Pod 直接从上游拉取。",
		})
		return
	case slices.Contains(plan.Scope.ExcludeNamespaces, a.namespace):
		a.add(set, "spec.scope", "", Text{
			En: "Namespace " + a.namespace + " belongs to the system and is left alone by default. Redirect the source on the nodes with gen nodes; includeSystemNamespaces: true makes the cluster's own start depend on the policy engine.",
			Zh: "命名空间 " + a.namespace + " 属于系统命名空间，默认不改写。请用 gen nodes 在节点上重定向该源；includeSystemNamespaces: true 会使集群自身的启动依赖策略引擎。",
		})
		return
	}
	why := Text{
		En: "A mirror serves this image at " + address + ", but the Pod was not rewritten: it is older than the policy (delete it, so that it is created again), the policies are not installed (gen policies), or a node's runtime asked upstream after the mirror had failed (gen nodes, gen probe).",
		Zh: "镜像站 " + address + " 可以提供该镜像，但 Pod 没有被改写：Pod 早于策略创建（删除后会重建）、策略未安装（gen policies），或节点运行时在镜像站失败后回退到了上游（gen nodes、gen probe）。",
	}
	if scope.NamespaceSelector != nil {
		why.En += " scope.namespaceSelector limits the namespaces: has this one the labels?"
		why.Zh += " scope.namespaceSelector 限制了命名空间：该命名空间是否带有相应标签？"
	}
	if scope.PodSelector != nil {
		why.En += " scope.podSelector leaves Pods out: does this one opt out?"
		why.Zh += " scope.podSelector 会排除部分 Pod：该 Pod 是否被排除？"
	}
	a.add(set, path, "", why)
}

// notHeld offers to add a repository to what a mirror holds.
func (a *adviser) notHeld(set *spec.MirrorSet, plan *mirror.Plan, d mirror.Decision) {
	path := pathOf(set, d.Mirror)
	source := plan.Mirrors[d.Mirror].Source
	rest := strings.TrimPrefix(a.ref.Name(), source+"/")
	a.add(set, path+".only", "only: "+flow(append(slices.Clone(plan.Mirrors[d.Mirror].Only), rest)), Text{
		En: "The image is pulled from upstream, as only does not list it. Add it if the mirror has it.",
		Zh: "only 中没有该镜像，因此从上游拉取。如果镜像站有，请添加。",
	})
}

// kept points at the except that leaves the image alone.
func (a *adviser) kept(set *spec.MirrorSet) {
	for i, m := range set.Spec.Mirrors {
		source := canonical(m.Source)
		for j, entry := range m.Except {
			if mirror.Below(a.ref.Name(), source+"/"+entry) {
				a.add(set, fmt.Sprintf("spec.mirrors[%d].except[%d]", i, j), "", Text{
					En: "except leaves this image alone, so that it is pulled from upstream. Remove the entry if the mirror has it.",
					Zh: "except 排除了该镜像，因此从上游拉取。如果镜像站有，请删除该项。",
				})
			}
		}
	}
}

// atUnknown advises on a registry that no MirrorSet mentions.
func (a *adviser) atUnknown() {
	set := a.sets[0]
	if to, why := a.transportFor(); to != "" && to != "https" && a.ownRegistry() {
		entry := "{host: " + quoted(a.host) + ", transport: " + to + "}"
		if n := len(set.Spec.Registries); n > 0 {
			a.add(set, fmt.Sprintf("spec.registries[%d]", n), "- "+entry, why)
		} else {
			a.add(set, "spec.registries", "registries: ["+entry+"]", why)
		}
		a.serverless(set)
		return
	}
	if !a.hasRef || a.finding.Sandbox {
		return
	}
	switch a.finding.Cause {
	case "network-timeout", "connection-reset", "connection-refused", "tls-handshake-timeout", "dns-failure", "rate-limited", "forbidden", "unexpected-eof", "pull-deadline-exceeded", "registry-server-error", "x509-name-mismatch", "x509-unknown-authority", "http-response-to-https-client", "registry-unavailable":
	default:
		return
	}
	source := image.LowerASCII(a.ref.Registry)
	if len(set.Spec.Mirrors) == 0 || strings.HasSuffix(source, ".localhost") || source == "localhost" {
		return
	}
	if a.servesAlready(source) {
		// The image is at a mirror; what fails is a host that the mirror sends clients
		// to, or an address that stands for it.
		if a.finding.Cause == "x509-unknown-authority" && !sameHost(source, a.host) {
			entry := "{host: " + quoted(a.host) + ", caFile: certs/" + fileName(a.host) + ".crt}"
			why := Text{
				En: "The mirror sends clients to this host for layers. Put the certificate of its CA there, and gen nodes gives it to every runtime.",
				Zh: "镜像站把镜像层的下载转到了该主机。将其 CA 证书放到该路径，gen nodes 会把它配置给各容器运行时。",
			}
			if n := len(set.Spec.Registries); n > 0 {
				a.add(set, fmt.Sprintf("spec.registries[%d]", n), "- "+entry, why)
			} else {
				a.add(set, "spec.registries", "registries: ["+entry+"]", why)
			}
		}
		return
	}
	like := set.Spec.Mirrors[0]
	// A path has no colon.
	path := strings.NewReplacer(":", "-", "[", "", "]", "").Replace(source)
	address := hostOfAddress(like.Mirror) + "/" + path
	if base, ok := strings.CutSuffix(like.Mirror, "/"+hostOfAddress(like.Source)); ok {
		address = base + "/" + path
	}
	a.add(set, fmt.Sprintf("spec.mirrors[%d]", len(set.Spec.Mirrors)), "- {source: "+quoted(source)+", mirror: "+quoted(address)+"}", Text{
		En: "No mirror serves " + source + ". Add one, at the address where yours has it.",
		Zh: "没有镜像站提供 " + source + "。请添加，地址填写镜像站上的实际位置。",
	})
}

// servesAlready reports that a registry is where a mirror, a fallback or a
// declared registry of the sets is: it is no source to be mirrored.
func (a *adviser) servesAlready(registry string) bool {
	for _, set := range a.sets {
		for _, m := range set.Spec.Mirrors {
			if sameHost(hostOfAddress(m.Mirror), registry) || addressAt(m.Fallbacks, registry) != "" {
				return true
			}
		}
		for _, r := range set.Spec.Registries {
			if sameHost(r.Host, registry) {
				return true
			}
		}
	}
	return false
}

// ownRegistry reports that the host may be a registry of the user's own, whose
// transport is theirs to say: neither the host that keeps another's layers nor a
// public registry, where plain HTTP or an unknown certificate means that
// somebody answers in its place.
func (a *adviser) ownRegistry() bool {
	if a.hasRef && !sameHost(a.ref.Registry, a.host) {
		return false
	}
	name := hostname(a.host)
	for _, domain := range []string{"docker.io", "docker.com", "ghcr.io", "quay.io", "gcr.io", "pkg.dev", "registry.k8s.io", "mcr.microsoft.com", "nvcr.io", "public.ecr.aws", "githubusercontent.com", "cloudfront.net"} {
		if name == domain || strings.HasSuffix(name, "."+domain) {
			return false
		}
	}
	return true
}

// pathOf is the field of a mirror by its name.
func pathOf(set *spec.MirrorSet, name string) string {
	for i, m := range set.Spec.Mirrors {
		if m.Name == name {
			return fmt.Sprintf("spec.mirrors[%d]", i)
		}
	}
	return "spec.mirrors"
}
