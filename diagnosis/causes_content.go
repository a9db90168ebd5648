package diagnosis

// contentCauses are mended at what the registry holds or serves.
func contentCauses() []Cause {
	return []Cause{
		{
			ID: "not-found",
			Anchors: anchors(
				// Artifact Registry; "unknown: repository" alone is Harbor's.
				verdict("name unknown: repository * not found"),
				reason("manifest unknown", "manifest_unknown", "name unknown", "name_unknown", "repository name not known to registry", "could not fetch content", "does not exist in the registry", "was deleted or has expired", "no such manifest", "blob unknown", "manifest for * not found", "artifact * not found", "requested image not found", "image * does not exist in registry", "tag does not exist"),
				outcome("failed to resolve reference * not found$", "failed to resolve source metadata * not found$"),
				ofPull(outcome(": not found$", "not found: not found", "image not found", "tag not found", "tag * not found$", "repository not found")),
				ofPull(gaveUp("code = notfound * not found")),
			),
			Summary: Text{
				En: "{host} does not have {image}: the tag, the digest or the repository is not there.",
				Zh: "{host} 上没有 {image}：标签、摘要或仓库不存在。",
			},
			Remedy: []Step{
				step("Look what is there: `skopeo list-tags docker://{repository}` or `crane ls {repository}`; then mend the tag in the workload.",
					"查看现有标签：`skopeo list-tags docker://{repository}` 或 `crane ls {repository}`，再修正工作负载中的标签。"),
				step("Behind a mirror: upstream has it and the mirror has not? Then it has to be synced (copying mirrors), its namespace created (Volcengine CR), library/ written (Docker Hub's official images), or the repository be taken out by `except`.",
					"经镜像站拉取：上游有而镜像站没有？需要同步（同步型仓库）、创建命名空间（火山引擎）、补上 library/（Docker Hub 官方镜像），或用 `except` 排除该仓库。"),
				step("A digest that only upstream has: the mirror converted the manifest (zot without preserveDigest) or keeps other platforms only.",
					"摘要只在上游存在：镜像站转换了 manifest（zot 未开 preserveDigest），或只保存了部分平台。"),
			},
			Source: "Tencent Cloud TKE, Serverless 集群如何使用容器镜像服务 TCR; https://distribution.github.io/distribution/spec/api/#errors-2",
		},
		{
			ID:      "proxy-repository-not-found",
			Anchors: verdict("unknown: repository * not found"),
			Summary: Text{
				En: "The proxy project on {host} could not fetch {repository} from upstream and looked in its own storage, where it is not.",
				Zh: "{host} 上的代理项目没能从上游获取 {repository}，转而查找本地存储，而本地没有。",
			},
			Remedy: []Step{
				step("Can the proxy itself reach upstream? In Harbor: Registries > the endpoint > Test Connection; the log of harbor-core says `Proxy to remote failed, fallback to local repo`.",
					"代理自身能否访问上游？Harbor：仓库管理 > 对应 endpoint > 测试连接；harbor-core 日志中会有 `Proxy to remote failed, fallback to local repo`。"),
				step("The endpoint for Docker Hub is https://hub.docker.com with provider type Docker Hub, https://registry-1.docker.io with type Docker Registry; a wrong pair fails like this.",
					"Docker Hub 的 endpoint：提供者选 Docker Hub 时填 https://hub.docker.com，选 Docker Registry 时填 https://registry-1.docker.io；配错就会如此。"),
				step("Upstream may limit the proxy's address: give the endpoint an account.",
					"上游可能对代理的 IP 限流：为 endpoint 配置账号。"),
				step("Does the name exist upstream? Official Docker Hub images need library/.",
					"该名称在上游是否存在？Docker Hub 官方镜像需要 library/。"),
			},
			Source: "https://github.com/goharbor/harbor/issues/23051",
		},
		{
			ID:      "platform-mismatch",
			Anchors: verdict("no match for platform in manifest", "no matching manifest for", "no image found in manifest list for architecture", "no image found in image index for architecture", "no supported platform found in manifest list", "does not match the specified platform", "cannot be used on this platform", "cannot download linux image on windows", "cannot download windows image on linux", "is incompatible with a * host", "no child with platform"),
			Summary: Text{
				En: "{image} exists, but not for this node's architecture or system.",
				Zh: "{image} 存在，但没有适用于该节点架构或系统的版本。",
			},
			Remedy: []Step{
				step("Compare: `kubectl get nodes -L kubernetes.io/arch,kubernetes.io/os` with `crane manifest {image} | jq '.manifests[].platform'`.",
					"对比：`kubectl get nodes -L kubernetes.io/arch,kubernetes.io/os` 与 `crane manifest {image} | jq '.manifests[].platform'`。"),
				step("Upstream has the platform and the mirror has not: copy all of them (`skopeo copy --all`, `crane copy`, all platforms in the replication rule).",
					"上游有该平台而镜像站没有：复制全部平台（`skopeo copy --all`、`crane copy`，同步规则选择全部平台）。"),
				step("Else use an image that is built for it, or keep the Pod off such nodes: nodeSelector: {kubernetes.io/arch: amd64}.",
					"否则换用对应架构的镜像，或让 Pod 不调度到这些节点：nodeSelector: {kubernetes.io/arch: amd64}。"),
			},
			Source: "https://github.com/opencontainers/image-spec/blob/main/image-index.md",
		},
		{
			ID: "schema1-unsupported",
			Anchors: anchors(verdict("manifest.v1+prettyjws", "docker.distribution.manifest.v1+json", "docker image format v1", "manifest version 2, schema 1", "manifest schema 1", "schema 1 not supported", "schema 1 image manifests", "schema version 1", "schema1 manifests are not", "unsupported schema1", "missing signature key", "schemaversion 1"),
				ofPull(verdict(": no signatures$"))),
			Summary: Text{
				En: "{image} is in Docker's schema 1 of before 2016, which this runtime no longer pulls (containerd from 2.1 on; Docker refuses it by default from 26 on).",
				Zh: "{image} 是 2016 年以前的 Docker schema 1 格式，当前运行时已不支持（containerd 2.1 起；Docker 26 起默认拒绝）。",
			},
			Remedy: []Step{
				step("Use a newer tag, or convert it: `skopeo copy --format v2s2 docker://{image} docker://YOUR-REGISTRY/NAME:TAG`, and run that.",
					"使用更新的标签，或转换格式：`skopeo copy --format v2s2 docker://{image} docker://YOUR-REGISTRY/NAME:TAG`，再使用转换后的镜像。"),
				step("If upstream serves schema 2 or OCI, the mirror keeps an old copy or does not accept newer types: refresh or upgrade it.",
					"如果上游已是 schema 2 或 OCI，说明镜像站保存了旧副本或不支持新格式：刷新或升级镜像站。"),
			},
			Source: "https://github.com/containerd/containerd/blob/main/RELEASES.md#deprecated-features",
		},
		{
			ID: "html-instead-of-registry",
			Anchors: anchors(
				verdict("unexpected media type text/html", "media type text/html", "mediatype=text/html", "content type text/html", "target.mediatype must be set", `unsupported content type "text/html`, `unsupported mediatype: "text/html`),
				outcome("invalid character '<'", "looking for beginning of value", "no error details found in http response body", "missing docker-content-digest header", "content type html"),
				ofPull(outcome("stopped after 10 redirects", "<!doctype html", "<html")),
			),
			Summary: Text{
				En: "{host} answered with a web page: this path leads to a web interface, a login page or a gateway, not to a registry.",
				Zh: "{host} 返回的是网页：该路径指向 Web 界面、登录页或网关，而不是镜像仓库。",
			},
			Remedy: []Step{
				step("Ask for the path that the runtime asks for: `curl -sI https://{endpoint}/v2/` has to have Docker-Distribution-Api-Version or answer 401 with Www-Authenticate, and no Location to a login page.",
					"访问运行时所请求的路径：`curl -sI https://{endpoint}/v2/` 应带有 Docker-Distribution-Api-Version，或返回 401 与 Www-Authenticate，而不是跳转到登录页。"),
				step("A mirror with a path (Harbor project and the like) needs /v2/PROJECT and override_path = true in hosts.toml; `gen nodes` writes that.",
					"带路径的镜像站（如 Harbor 项目）在 hosts.toml 中需要 /v2/PROJECT 并设置 override_path = true；`gen nodes` 会生成。"),
				step("Else the mirror is gone or moved, or the port is that of its web interface (Nexus, Artifactory): correct `mirror` in the MirrorSet.",
					"否则镜像站已下线或迁移，或端口是 Web 界面的端口（Nexus、Artifactory）：修正 MirrorSet 的 `mirror`。"),
			},
			Source: "https://github.com/containerd/containerd/issues/7400",
		},
		{
			ID:      "registry-server-error",
			Anchors: reason("bad gateway", "service unavailable", "service temporarily unavailable", "internal server error", "gateway timeout", "gateway time-out", "registryerrorresponse"),
			Summary: Text{
				En: "{host}, or a proxy before it, failed with a status of 500 or above: it is broken, overloaded or being updated.",
				Zh: "{host} 或其前置代理返回 5xx 错误：服务故障、过载或正在升级。",
			},
			Remedy: []Step{
				step("Wait a little; the kubelet tries again by itself. Public registries tell of outages: https://www.dockerstatus.com, https://status.redhat.com (quay.io), https://www.githubstatus.com (ghcr.io).",
					"稍等，kubelet 会自动重试。公共仓库的状态页：https://www.dockerstatus.com、https://status.redhat.com（quay.io）、https://www.githubstatus.com（ghcr.io）。"),
				step("If the status has no number (Get \"https://...\": Bad Gateway), it is the HTTP proxy of the runtime that answers: see its HTTPS_PROXY and NO_PROXY.",
					"如果状态没有数字（Get \"https://...\": Bad Gateway），回答来自运行时的 HTTP 代理：检查 HTTPS_PROXY 与 NO_PROXY。"),
				step("Your own registry: read its log and that of the load balancer; 502 and 504 mean that the backend did not answer in time (large layers: raise the time-outs).",
					"自建仓库：查看仓库与负载均衡日志；502、504 表示后端未及时响应（大镜像层请调大超时）。"),
				step("Name fallbacks for the mirror, which nodes try in order.", "为镜像站配置 fallbacks，节点会按顺序尝试。"),
			},
			Source: "https://distribution.github.io/distribution/spec/api/",
		},
	}
}
