package diagnosis

import (
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/image"
)

// atMirrors advises on a failure at mirrors' own host. The first is the one
// that the image names, if it names one.
func (a *adviser) atMirrors(found []mirrorAt) {
	first := found[0]
	switch a.finding.Cause {
	case "x509-unknown-authority":
		a.trust(found)
	case "x509-name-mismatch":
		a.add(first.set, first.path+".mirror", "", Text{
			En: "The certificate is for another name. If " + a.host + " is not what the registry is called, correct the address; transport: https-skip-verify would make the error go away and hide a man in the middle with it.",
			Zh: "证书属于其他域名。如果仓库的域名不是 " + a.host + "，请修正地址；transport: https-skip-verify 虽能消除报错，但也会掩盖中间人攻击。",
		})
	case "x509-no-ip-san":
		a.add(first.set, first.path+".mirror", "", Text{
			En: "Address the mirror by a name that its certificate has, instead of by IP; on serverless platforms transport: https-skip-verify is the last resort.",
			Zh: "请用证书中包含的域名代替 IP 作为镜像站地址；Serverless 平台上最后的办法是 transport: https-skip-verify。",
		})
	case "http-response-to-https-client":
		a.transport(found, "http", Text{
			En: "This host speaks plain HTTP: gen policies then sets the serverless annotation, gen nodes the node's configuration. Whoever is on the way can read and change images.",
			Zh: "该主机使用明文 HTTP：gen policies 会据此添加 Serverless 注解，gen nodes 生成节点配置。途中的任何人都能读取和篡改镜像。",
		})
		a.serverless(first.set)
	case "http-request-to-https-port":
		a.transport(found, "https", Text{
			En: "This host speaks TLS, and the MirrorSet says http.",
			Zh: "该主机使用 TLS，而 MirrorSet 写的是 http。",
		})
	case "no-credentials", "unauthorized", "pull-secret-missing":
		a.credentials(first)
	case "access-denied", "forbidden":
		if !a.library(first) {
			a.credentials(first)
			a.leaveOut(first)
		}
	case "not-found", "proxy-repository-not-found", "mirror-not-allowlisted", "platform-mismatch", "schema1-unsupported", "never-pull-image-absent", "signature-validation-failed":
		if !a.library(first) {
			a.leaveOut(first)
		}
	case "html-instead-of-registry":
		a.add(first.set, first.path+".mirror", "", Text{
			En: "What is behind this address is no registry: is the path the one that images are pulled by (Harbor: the project; Nexus: a connector's port), and has every node the hosts.toml of gen nodes, with override_path?",
			Zh: "该地址背后不是镜像仓库：路径是否为拉取镜像所用的路径（Harbor 为项目名，Nexus 为连接器端口）？每个节点是否都安装了 gen nodes 生成的、带 override_path 的 hosts.toml？",
		})
	case "invalid-image-name", "short-name-ambiguous", "kubelet-qps-exceeded", "no-space-left", "x509-expired":
		// No field of a MirrorSet has a part in these.
	default:
		a.reach(first)
	}
}

// trust advises on a mirror whose certificate nobody trusts.
func (a *adviser) trust(found []mirrorAt) {
	first := found[0]
	m := first.mirror()
	switch {
	case m.Transport == "https-skip-verify":
		a.add(first.set, first.path+".transport", "", Text{
			En: "The check is skipped already, but only for Pods created since on a serverless platform, and on nodes that have the files of gen nodes: create the Pod again, or install those.",
			Zh: "已经配置为跳过校验，但只对之后在 Serverless 平台创建的 Pod、以及安装了 gen nodes 文件的节点生效：重建 Pod 或安装这些文件。",
		})
		return
	case m.CAFile != "":
		a.add(first.set, first.path+".caFile", "", Text{
			En: "A CA is named already: install what gen nodes writes on every node, and see whether it is the one that issued this certificate.",
			Zh: "已指定 CA：请在每个节点安装 gen nodes 的输出，并确认该证书确由此 CA 签发。",
		})
	default:
		a.add(first.set, first.path+".caFile", "caFile: certs/"+fileName(hostOfAddress(m.Mirror))+".crt", Text{
			En: "Put the certificate of the registry's CA there, beside the MirrorSet, and gen nodes gives it to every runtime.",
			Zh: "将仓库的 CA 证书放到 MirrorSet 旁的该路径，gen nodes 会把它配置给各容器运行时。",
		})
	}
	a.transport(found, "https-skip-verify", Text{
		En: "Instead, and only for Pods on serverless platforms, which take no CA: the annotation that skips the check. Whoever is on the way can then answer in the registry's place.",
		Zh: "或者，仅针对无法安装 CA 的 Serverless Pod：添加跳过校验的注解。此后途中的任何人都能冒充该仓库。",
	})
	a.serverless(first.set)
}

// transport asks for another transport of every mirror at the host, since a
// registry has one.
func (a *adviser) transport(found []mirrorAt, to string, why Text) {
	for i, m := range found {
		have := m.mirror().Transport
		if have == "" {
			have = "https"
		}
		if have == to {
			if i == 0 {
				a.add(m.set, m.path+".transport", "", Text{
					En: "The transport is " + to + " already: the Pod was created before the policy, or the node lacks the files of gen nodes.",
					Zh: "transport 已经是 " + to + "：Pod 早于策略创建，或节点尚未安装 gen nodes 的文件。",
				})
			}
			continue
		}
		a.add(m.set, m.path+".transport", "transport: "+to, why)
	}
}

// credentials asks for a pull secret, or says where the one that is there fails.
func (a *adviser) credentials(m mirrorAt) {
	switch {
	case a.finding.Sandbox:
		a.add(m.set, m.path, "", Text{
			En: "No pull secret counts for the sandbox image: let the mirror give it out without credentials.",
			Zh: "拉取密钥对沙箱镜像无效：请让镜像站允许匿名拉取该镜像。",
		})
	case m.mirror().PullSecret == nil:
		all := ", allNamespaces: true"
		if m.set.Spec.Scope.NamespaceSelector != nil {
			all = ""
		}
		a.add(m.set, m.path+".pullSecret", "pullSecret: {name: regcred, namespace: registry-credentials"+all+"}", Text{
			En: "Keep a read-only account for " + a.host + " in that Secret; gen policies clones it into the namespaces in scope and names it in each Pod that uses the mirror.",
			Zh: "在该 Secret 中保存 " + a.host + " 的只读账号；gen policies 会把它克隆到范围内的命名空间，并写入使用该镜像站的 Pod。",
		})
	default:
		clone := "mirrorgen-" + m.set.Name + "-" + m.mirror().Name
		a.add(m.set, m.path+".pullSecret", "", Text{
			En: "Is the clone in the Pod's namespace (kubectl get secret " + clone + "), are its credentials for " + a.host + " still good, and was the Pod created after the policy?",
			Zh: "检查：Pod 所在命名空间是否有克隆的密钥（kubectl get secret " + clone + "）、其中 " + a.host + " 的凭据是否仍有效、Pod 是否在策略之后创建。",
		})
	}
}

// library reports an official image of Docker Hub that was written by hand
// without library/; done where that is the case.
func (a *adviser) library(m mirrorAt) bool {
	rest := a.below(m)
	if rest == "" || strings.Contains(rest, "/") || !image.IsDockerHub(m.mirror().Source) || !sameHost(a.ref.Registry, hostOfAddress(m.mirror().Mirror)) {
		return false
	}
	a.add(m.set, m.path+".mirror", "", Text{
		En: "The image was written with the mirror's address and lacks library/: write " + rest + a.ref.Suffix() + " and leave the rest to the rewrite, or " + m.mirror().Mirror + "/library/" + rest + a.ref.Suffix() + ".",
		Zh: "镜像直接写了镜像站地址却缺少 library/：请写 " + rest + a.ref.Suffix() + " 并交给策略改写，或写 " + m.mirror().Mirror + "/library/" + rest + a.ref.Suffix() + "。",
	})
	return true
}

// leaveOut takes the image's repository out of what the mirror serves.
func (a *adviser) leaveOut(m mirrorAt) {
	rest := a.below(m)
	if rest == "" {
		return
	}
	declared := m.mirror()
	if slices.Contains(declared.Only, rest) {
		a.add(m.set, m.path+".only", "only: "+flow(slices.DeleteFunc(slices.Clone(declared.Only), func(entry string) bool { return entry == rest })), Text{
			En: "If the mirror does not hold this repository after all: it is then left as it is, and pulled from upstream.",
			Zh: "如果镜像站实际上没有该仓库：从列表去掉后不再改写，直接从上游拉取。",
		})
		return
	}
	if slices.Contains(declared.Except, rest) {
		return
	}
	a.add(m.set, m.path+".except", "except: "+flow(append(slices.Clone(declared.Except), rest)), Text{
		En: "If the mirror does not hold this repository, or not so: it is then left as it is, and pulled from upstream. Where most of a source is missing, list what is there in only instead.",
		Zh: "如果镜像站没有该仓库或内容不符：排除后不再改写，直接从上游拉取。若大部分仓库都没有，改用 only 列出已有的。",
	})
}

// reach advises on a mirror that does not answer as it should.
func (a *adviser) reach(m mirrorAt) {
	a.add(m.set, m.path+".mirror", "", Text{
		En: "The mirror itself fails. Ask it from the node's network: gen probe -f " + m.set.Position(m.path).File + ". fallbacks of this mirror are tried by nodes only: admission rewrites to one address.",
		Zh: "镜像站自身出现故障。请在节点所在网络检测：gen probe -f " + m.set.Position(m.path).File + "。该镜像的 fallbacks 只有节点会尝试：准入改写只指向一个地址。",
	})
}

// fileName is a host as a file may be called.
func fileName(host string) string {
	return strings.Trim(strings.NewReplacer(":", "_", "[", "", "]", "").Replace(host), "._")
}
