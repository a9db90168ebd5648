package diagnosis

// kubeletCauses are mended in the Pod, in the kubelet or on the node's disk: no
// registry has the last word in them.
func kubeletCauses() []Cause {
	return []Cause{
		{
			ID: causeGeneric,
			Anchors: anchors(
				wrapper("errimagepull", "imagepullbackoff", "back-off pulling image", "failed to pull image", "failed pulling image", "failing to pull image", "image pull failed", "error pulling image", "failed to pull and unpack image", "failed to resolve reference", "failed to resolve ref",
					"failed to get sandbox image", "failed to inspect image", "failed to inspect sandbox image", "imageinspecterror", "cannotpullcontainererror", "cannotpullimagemanifesterror", "pullimage * failed", "image was unsuccessful", "unable to pull", "can't pull image", "can't pull docker image", "cannot pull image", "could not pull image", "fail to pull image", "pullimage fails", "when pulling image", "while pulling image", "no available registry endpoint", "failed to extract layer", "failed to register layer", "importlayer failed", "initializing source docker://",
					"拉取镜像失败", "镜像拉取失败", "拉取镜像异常"),
				// A login asks the same.
				ofPull(wrapper("error response from daemon: get *://*/v2/", "error response from daemon: head *://*/v2/")),
			),
			Summary: Text{
				En: "The image was not pulled, and this text does not say why: it is only the outer wrapper.",
				Zh: "镜像没有拉取成功，但这段文字只是最外层的包装，没有说明原因。",
			},
			Remedy: []Step{
				step("Read the whole error: `kubectl describe pod NAME -n NAMESPACE`, the event with reason Failed, or `kubectl get events -n NAMESPACE --field-selector reason=Failed -o json | gen diagnose`. From Kubernetes 1.32 on the back-off message itself ends in the error before it.",
					"查看完整报错：`kubectl describe pod NAME -n NAMESPACE` 中 reason 为 Failed 的事件，或执行 `kubectl get events -n NAMESPACE --field-selector reason=Failed -o json | gen diagnose`。自 Kubernetes 1.32 起，back-off 消息末尾会带上前一次的错误。"),
				step("If the events have expired, delete the Pod so that it is created again, or pull by hand on the node: `crictl pull {image}`.",
					"如果事件已过期，删除该 Pod 让它重建，或在节点上手动拉取：`crictl pull {image}`。"),
			},
			Source: "https://kubernetes.io/docs/concepts/containers/images/#imagepullbackoff",
		},
		{
			ID: "invalid-image-name",
			Anchors: anchors(
				verdict("invalidimagename", "failed to apply default image tag", "invalid reference format", "couldn't parse image", "could not parse image", "failed to parse image", "unable to parse image", "invalid image name", "invalid image reference", "repository name must be lowercase", "repository name * must be lowercase", "invalid repository name", "invalid tag format", "cannot specify 64-byte hexadecimal strings",
					"invalid checksum digest", "unsupported digest algorithm"),
				ofPull(verdict("failed to parse reference", "invalid namespace name", "error parsing reference")),
			),
			Summary: Text{
				En: "The image is written in a form that is no image reference; no registry was asked.",
				Zh: "镜像地址的写法不合法，还没有访问任何仓库就失败了。",
			},
			Remedy: []Step{
				step("Compare the image with [host[:port]/]path[:tag][@digest]: no https://, no upper case in the path, no blank, one tag, no empty tag, a digest behind @ and not behind a colon. `gen explain '{image}'` says which rule is broken.",
					"对照格式 [host[:port]/]path[:tag][@digest] 检查：不要写 https://，路径不能有大写字母和空格，只能有一个标签且不能为空，摘要写在 @ 之后而不是冒号之后。`gen explain '{image}'` 会指出违反了哪条规则。"),
				step("If a template or a rewriting policy made the name, mend that: a policy that joins repository and identifier with a colon breaks images with a digest.",
					"如果镜像名由模板或改写策略拼出，请修改模板或策略：用冒号拼接 repository 与 identifier 的策略会破坏带摘要的镜像。"),
			},
			Source: "https://pkg.go.dev/github.com/distribution/reference",
		},
		{
			ID:      "registry-unavailable",
			Anchors: verdict("registryunavailable", "because the registry is unavailable"),
			Summary: Text{
				En: "The runtime says that the registry is unavailable; what it met stands behind that word.",
				Zh: "容器运行时报告仓库不可用；具体遇到的问题在这个词之后。",
			},
			Remedy: []Step{
				step("Read the text behind RegistryUnavailable: a name that does not resolve, a refused connection, a certificate or a status 5xx. It has the steps that follow here, if there are any.",
					"查看 RegistryUnavailable 之后的文字：域名解析失败、连接被拒绝、证书问题或 5xx 状态。若能识别，其处理步骤列在下面。"),
				step("If nothing stands there, ask from the node: `curl -v https://{endpoint}/v2/`.",
					"如果后面没有内容，在节点上访问：`curl -v https://{endpoint}/v2/`。"),
			},
			Source: "https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/images/image_manager.go",
		},
		{
			ID:      "signature-validation-failed",
			Anchors: verdict("signaturevalidationfailed", "signature validation failed", "source image rejected", "a signature was required", "is rejected by policy", "no matching signatures", "none of the signatures were accepted", "signature for identity", "image verifier * blocked pull", "cryptographic signature verification failed", "signature verification failed", "failed to verify signature", "invalid gpg signature", "invalid policy in"),
			Summary: Text{
				En: "The node's signature policy refuses the image: it is not signed, or not by whom the policy names.",
				Zh: "节点的签名策略拒绝了该镜像：没有签名，或签名者与策略不符。",
			},
			Remedy: []Step{
				step("See which rule of /etc/containers/policy.json (OpenShift: ImagePolicy, ClusterImagePolicy) covers {repository}.",
					"查看 /etc/containers/policy.json（OpenShift 为 ImagePolicy、ClusterImagePolicy）中哪条规则覆盖 {repository}。"),
				step("Copy the signatures along with the image: `skopeo copy --preserve-digests` and `cosign copy`; enable use-sigstore-attachments for the mirror in /etc/containers/registries.d.",
					"同步镜像时一并复制签名：`skopeo copy --preserve-digests` 与 `cosign copy`；并在 /etc/containers/registries.d 中为镜像站开启 use-sigstore-attachments。"),
				step("A mirror changes the image's identity: use signedIdentity matchRepository or remapIdentity with the mirror's prefix.",
					"经过镜像站后镜像身份会变化：使用 signedIdentity 的 matchRepository，或以镜像站前缀配置 remapIdentity。"),
			},
			Source: "https://github.com/containers/image/blob/main/docs/containers-policy.json.5.md",
		},
		{
			ID:      "pull-secret-missing",
			Anchors: verdict("failedtoretrieveimagepullsecret", "unable to retrieve some image pull secrets", "unable to retrieve pull secret", "pull the image may not succeed", "image pull may not succeed"),
			Summary: Text{
				En: "The Pod names a pull secret that is not in its namespace. This is only a warning; if the pull fails, another event says how.",
				Zh: "Pod 引用的拉取密钥在其命名空间中不存在。这只是警告；若拉取失败，原因在另一条事件里。",
			},
			Remedy: []Step{
				step("List what is there: `kubectl get secret -n NAMESPACE --field-selector type=kubernetes.io/dockerconfigjson`. A secret serves its own namespace only.",
					"查看现有密钥：`kubectl get secret -n NAMESPACE --field-selector type=kubernetes.io/dockerconfigjson`。密钥只在所属命名空间内有效。"),
				step("Create it there, or have it cloned by a MirrorSet's pullSecret: `kubectl create secret docker-registry NAME -n NAMESPACE --docker-server={host} --docker-username=USER --docker-password=PASSWORD`.",
					"在该命名空间创建密钥，或用 MirrorSet 的 pullSecret 自动克隆：`kubectl create secret docker-registry NAME -n NAMESPACE --docker-server={host} --docker-username=USER --docker-password=PASSWORD`。"),
				step("If the name is that of a secret long gone, remove it from the Pod's imagePullSecrets or from the ServiceAccount.",
					"如果引用的是早已删除的密钥，从 Pod 的 imagePullSecrets 或 ServiceAccount 中去掉它。"),
			},
			Source: "https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/",
		},
		{
			ID:      "never-pull-image-absent",
			Anchors: verdict("errimageneverpull", "not present with pull policy of never"),
			Summary: Text{
				En: "imagePullPolicy is Never and the node does not have the image under exactly this name.",
				Zh: "imagePullPolicy 为 Never，而节点上没有名称完全相同的镜像。",
			},
			Remedy: []Step{
				step("See what the node has: `crictl images | grep NAME`. After a rewrite the name begins with the mirror's host.",
					"查看节点已有镜像：`crictl images | grep NAME`。改写之后镜像名以镜像站域名开头。"),
				step("Load it under the name that the Pod uses (`ctr -n k8s.io images import FILE`, `ctr -n k8s.io images tag OLD {image}`), or set imagePullPolicy: IfNotPresent, or take the repository out of the rewrite with except.",
					"以 Pod 使用的名称导入镜像（`ctr -n k8s.io images import FILE`、`ctr -n k8s.io images tag OLD {image}`），或设为 imagePullPolicy: IfNotPresent，或用 except 让该仓库不被改写。"),
			},
			Source: "https://kubernetes.io/docs/concepts/containers/images/#image-pull-policy",
		},
		{
			ID:      "short-name-ambiguous",
			Anchors: verdict("short name mode is enforcing", "short-name resolution enforced", "did not resolve to an alias", "returns ambiguous list", "no registries configured while trying to pull an unqualified image", "no unqualified-search registries"),
			Summary: Text{
				En: "CRI-O or podman does not know which registry an image without a host comes from.",
				Zh: "CRI-O 或 podman 无法确定不带域名的镜像来自哪个仓库。",
			},
			Remedy: []Step{
				step("Write the image with its registry, such as docker.io/library/nginx:1.27. A rewriting policy does this for every image that a mirror serves.",
					"写出完整镜像名，例如 docker.io/library/nginx:1.27。改写策略会为镜像站所覆盖的镜像自动补全。"),
				step("If charts cannot be changed, set unqualified-search-registries = [\"docker.io\"], one entry only, in /etc/containers/registries.conf on every node.",
					"如果无法修改 chart，在每个节点的 /etc/containers/registries.conf 中设置 unqualified-search-registries = [\"docker.io\"]（只写一个）。"),
			},
			Source: "https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md",
		},
		{
			ID:      "kubelet-qps-exceeded",
			Anchors: verdict("pull qps exceeded"),
			Summary: Text{
				En: "The kubelet limits its own pulls; no registry refused anything, and it tries again by itself.",
				Zh: "kubelet 限制了自身的拉取频率；并非仓库拒绝，会自动重试。",
			},
			Remedy: []Step{
				step("Wait: the Pod starts once its turn comes.", "等待：轮到之后 Pod 会正常启动。"),
				step("If it happens often, raise registryPullQPS (5) and registryBurst (10) in the KubeletConfiguration, and set serializeImagePulls: false with maxParallelImagePulls.",
					"如果经常出现，在 KubeletConfiguration 中调大 registryPullQPS（默认 5）与 registryBurst（默认 10），并设置 serializeImagePulls: false 和 maxParallelImagePulls。"),
			},
			Source: "https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/",
		},
		{
			ID:      "no-space-left",
			Anchors: ofPull(verdict("no space left on device", "disk quota exceeded", "there is not enough space on the disk")),
			Summary: Text{
				En: "The disk that holds the node's images is full, or out of inodes.",
				Zh: "节点上存放镜像的磁盘已满，或 inode 耗尽。",
			},
			Remedy: []Step{
				step("Look on the node: `df -h /var/lib/containerd /var/lib/docker /var/lib/kubelet` and `df -i`.",
					"在节点上查看：`df -h /var/lib/containerd /var/lib/docker /var/lib/kubelet` 以及 `df -i`。"),
				step("Make room: `crictl rmi --prune`. The kubelet does it itself from imageGCHighThresholdPercent (85) on.",
					"清理空间：`crictl rmi --prune`。达到 imageGCHighThresholdPercent（默认 85）时 kubelet 也会自动清理。"),
				step("If it is one large image, give nodes a larger image disk; serverless Pods need more ephemeral storage.",
					"如果是单个镜像过大，为节点换用更大的镜像盘；Serverless Pod 需要增加临时存储。"),
			},
			Source: "https://kubernetes.io/docs/concepts/architecture/garbage-collection/#containers-images",
		},
	}
}
