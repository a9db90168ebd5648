package diagnosis

// permissionCauses are mended at credentials, rights and quotas.
func permissionCauses() []Cause {
	return []Cause{
		{
			ID:      "no-credentials",
			Anchors: reason("no basic auth credentials", "no credentials found", "missing username or secret", "unauthenticated request", "unauthenticated requests do not have permission", "no valid credentials"),
			Summary: Text{
				En: "{host} wants credentials and the node had none for it: no pull secret of the Pod names this host.",
				Zh: "{host} 需要凭据，而节点没有：Pod 的拉取密钥都不对应这个主机。",
			},
			Remedy: []Step{
				step("A secret is chosen by the host in the image, port included. After a rewrite that is the mirror's, so that a secret for docker.io no longer counts: `kubectl get secret NAME -n NAMESPACE -o jsonpath='{.data.\\.dockerconfigjson}' | base64 -d` must have {host} among its auths.",
					"密钥按镜像地址中的主机（含端口）匹配。镜像被改写后主机变成镜像站，docker.io 的密钥不再生效：`kubectl get secret NAME -n NAMESPACE -o jsonpath='{.data.\\.dockerconfigjson}' | base64 -d` 的 auths 中必须有 {host}。"),
				step("Create it in the Pod's namespace: `kubectl create secret docker-registry regcred -n NAMESPACE --docker-server={host} --docker-username=USER --docker-password=PASSWORD`, and name it in imagePullSecrets of the Pod or of its ServiceAccount. ~/.docker/config.json on the node is not used.",
					"在 Pod 所在命名空间创建：`kubectl create secret docker-registry regcred -n NAMESPACE --docker-server={host} --docker-username=USER --docker-password=PASSWORD`，并写入 Pod 或其 ServiceAccount 的 imagePullSecrets。节点上的 ~/.docker/config.json 不起作用。"),
				stepAt(amazonHosts(), "Amazon ECR: tokens last 12 hours; use the kubelet credential provider (ecr-credential-provider) rather than a secret, and give the node's role AmazonEC2ContainerRegistryReadOnly.",
					"Amazon ECR：令牌有效期 12 小时；请使用 kubelet 凭据提供程序（ecr-credential-provider）而不是密钥，并给节点角色 AmazonEC2ContainerRegistryReadOnly 权限。"),
				stepAt(tencentHosts(), "Tencent TKE Serverless: create a Dockercfg secret for the TCR instance in this namespace (命名空间 > 配置管理 > Secret); it is matched by itself.",
					"腾讯云 TKE Serverless：在该命名空间为 TCR 实例创建 Dockercfg 类型的 Secret（命名空间 > 配置管理 > Secret），会自动匹配。"),
			},
			Source: "https://kubernetes.io/docs/tasks/configure-pod-container/pull-image-private-registry/",
		},
		{
			ID: "unauthorized",
			Anchors: anchors(
				reason("unauthorized: ", "authentication required", "incorrect username or password", "invalid username/password", "http basic: access denied", "authorization token has expired", "invalid token", "unauthorized to access repository", "tls: bad certificate", "tls: certificate required", "no authenticated user", "bad credentials", "wrong password", "failed to find supported auth scheme"),
				outcome("code = unauthenticated"),
				ofPull(outcome("unauthorized$", "unable to retrieve auth token")),
			),
			Summary: Text{
				En: "{host} did not accept the credentials, or got none: they are wrong, expired, for another registry, or the repository is private.",
				Zh: "{host} 不接受所用凭据，或没有收到凭据：密码错误、已过期、属于其他仓库，或该仓库是私有的。",
			},
			Remedy: []Step{
				step("Try the same account by hand: `crictl pull --creds USER:PASSWORD {image}` or `docker login {host}`. If that fails, renew the password or the robot account.",
					"用同一账号手动测试：`crictl pull --creds USER:PASSWORD {image}` 或 `docker login {host}`。失败则更新密码或机器人账号。"),
				step("If it works, the Pod does not use it: the secret must be in the Pod's namespace, be named in imagePullSecrets, and have exactly {host} (port included) among its auths.",
					"若成功，说明 Pod 没有用到它：密钥须在 Pod 所在命名空间、写入 imagePullSecrets，且 auths 中的主机与 {host} 完全一致（含端口）。"),
				step("Harbor and others answer 401 for what does not exist, too: is the project or namespace there, and is library/ written for official Docker Hub images?",
					"Harbor 等仓库对不存在的内容也返回 401：项目或命名空间是否存在？Docker Hub 官方镜像是否写了 library/？"),
			},
			Source: "https://github.com/goharbor/harbor/issues/14767",
		},
		{
			ID: "forbidden",
			Anchors: anchors(
				reason("is not authorized to perform", "denied: permission * denied", "permission denied for * from request", "access forbidden", "caller does not have permission", "does not have permission", "cannot be pulled due to configured policy", "projectpolicyviolation", "blocked by policy", "export control regulations"),
				outcome("code = permissiondenied", blockedSource),
			),
			Summary: Text{
				En: "{host} knows who asks, or does not care, and refuses: a missing right, a policy of the registry or of its owner, a blocked network.",
				Zh: "{host} 拒绝了请求：账号缺少权限、被仓库或其所有者的策略拦截，或所在网络被封禁。",
			},
			Remedy: []Step{
				step("Give the account the right to pull {repository}: Harbor project member or robot scope, ACR AcrPull, GAR roles/artifactregistry.reader, ECR ecr:BatchGetImage, CCE/SWR and TCR access policies.",
					"授予账号拉取 {repository} 的权限：Harbor 项目成员或机器人权限、ACR 的 AcrPull、GAR 的 roles/artifactregistry.reader、ECR 的 ecr:BatchGetImage、SWR 与 TCR 的访问策略。"),
				step("Public mirrors (DaoCloud and others) answer 403 for images that they do not serve, and for names that do not exist: check the name, or use another mirror.",
					"公共镜像站（DaoCloud 等）对不提供的镜像和不存在的名称都返回 403：检查名称，或换用其他镜像站。"),
				step("A policy of the registry (vulnerabilities, signatures, quarantine) names itself in the text: see the artifact in the registry's console.",
					"如果是仓库策略（漏洞、签名、隔离），文字中会说明：在仓库控制台查看该制品。"),
				stepAt(amazonHosts(), "Amazon ECR Public answers 403 to an outdated login: `docker logout public.ecr.aws`.",
					"Amazon ECR Public 对过期的登录返回 403：执行 `docker logout public.ecr.aws`。"),
				step("`is blocked in registries.conf` is the node's own refusal, and no registry was asked: blocked = true, or OpenShift's NeverContactSource, and no mirror that serves {repository} by a tag (mirror-by-digest-only, IDMS) or by a digest (ITMS).",
					"`is blocked in registries.conf` 是节点自身的拒绝，没有访问任何仓库：设置了 blocked = true 或 OpenShift 的 NeverContactSource，而没有镜像站能按标签（mirror-by-digest-only、IDMS 只按摘要）或按摘要（ITMS 只按标签）提供 {repository}。"),
			},
			Source: "https://distribution.github.io/distribution/spec/api/#errors-2",
		},
		{
			ID: "access-denied",
			Anchors: anchors(
				reason("pull access denied", "insufficient_scope", "requested access to the resource is denied", "requested access to the resource is denied unauthorized: authentication required", "denied: denied", "may require 'docker login'", "may require authorization", "repository does not exist or", "inaccessibleimage"),
				ofPull(reason("denied: ", ": denied$")),
			),
			Summary: Text{
				En: "{host} says no and does not say whether {repository} does not exist there or may not be seen by this account.",
				Zh: "{host} 拒绝访问，但不说明 {repository} 是不存在，还是该账号无权查看。",
			},
			Remedy: []Step{
				step("Check the name first: host, namespace (library/ for Docker Hub's official images behind a mirror), repository. An image without a host comes from Docker Hub.",
					"先核对名称：主机、命名空间（经镜像站拉取 Docker Hub 官方镜像要写 library/）、仓库名。不带主机的镜像来自 Docker Hub。"),
				step("Then the secret: it must be in the Pod's own namespace, for {host}, and for an account that may pull {repository}. `kubectl create secret docker-registry regcred -n NAMESPACE --docker-server={host} --docker-username=USER --docker-password=PASSWORD`; then `kubectl patch serviceaccount default -n NAMESPACE -p '{\"imagePullSecrets\": [{\"name\": \"regcred\"}]}'` (this replaces the list that is there).",
					"再检查密钥：必须在 Pod 所在命名空间、对应 {host}，且账号有权拉取 {repository}。`kubectl create secret docker-registry regcred -n NAMESPACE --docker-server={host} --docker-username=USER --docker-password=PASSWORD`；然后 `kubectl patch serviceaccount default -n NAMESPACE -p '{\"imagePullSecrets\": [{\"name\": \"regcred\"}]}'`（会覆盖已有列表）。"),
				stepAt(tencentHosts(), "Tencent TCR (insufficient_scope): the network is fine; the namespace does not exist in the instance, the secret is wrong, or it is not for this instance or image.",
					"腾讯云 TCR（insufficient_scope）：网络已通；实例中没有该命名空间、密钥不正确，或密钥不适用于该实例或镜像。"),
				stepAt(volcanoHosts(), "Volcengine remote proxy: the namespace has to be created with the upstream's name; without an upstream account only library can be.",
					"火山引擎远端代理仓：必须先创建与上游同名的命名空间；未填写上游账号时只能创建 library。"),
			},
			Source: "Tencent Cloud TKE, Serverless 集群如何使用容器镜像服务 TCR; https://note.qidong.name/2019/01/pull-private-images-in-k8s/",
		},
		{
			ID:      "rate-limited",
			Anchors: reason("toomanyrequests", "too many requests", "pull rate limit", "rate limit exceeded", "rate exceeded", "quota exceeded for quota metric", "throttlingexception", "throttled"),
			Summary: Text{
				En: "{host} counts pulls and this address or account has had its share.",
				Zh: "{host} 限制拉取次数，该 IP 或账号已用完额度。",
			},
			Remedy: []Step{
				step("Now: wait (Docker Hub counts over some hours), or pull as a logged-in account with a secret for {host}.",
					"眼下：等待（Docker Hub 按数小时统计），或为 {host} 配置密钥，以登录账号拉取。"),
				stepAt(dockerHubHosts(), "Docker Hub counts anonymous pulls by address (IPv6: by /64), so that all nodes behind one NAT share a quota; what is left: `curl -sI -H \"Authorization: Bearer $TOKEN\" https://registry-1.docker.io/v2/ratelimitpreview/test/manifests/latest | grep -i ratelimit`.",
					"Docker Hub 按 IP（IPv6 按 /64）统计匿名拉取，同一 NAT 后的节点共用额度；查询余额：`curl -sI -H \"Authorization: Bearer $TOKEN\" https://registry-1.docker.io/v2/ratelimitpreview/test/manifests/latest | grep -i ratelimit`。"),
				step("For good: a pull-through mirror asks once for all nodes. Add it to the MirrorSet, with the upstream account set in the mirror.",
					"长期：使用代理缓存镜像站，所有节点只向上游请求一次。在 MirrorSet 中添加，并在镜像站配置上游账号。"),
				step("If {host} is the mirror itself, it passes on upstream's answer, or has a limit of its own.",
					"如果 {host} 就是镜像站，它可能转发了上游的回答，或自身有限流。"),
			},
			Source: "https://docs.docker.com/docker-hub/usage/",
		},
		{
			ID:      "mirror-not-allowlisted",
			Anchors: verdict("不在白名单", "白名单", "not in the allowlist", "not in allowlist", "not in the allow list", "not in the whitelist", "not in whitelist", "not on the allowlist", "not whitelisted", "not allowlisted"),
			Summary: Text{
				En: "{host} is a mirror with a list of what it serves, and {repository} is not on it.",
				Zh: "{host} 是带白名单的镜像站，{repository} 不在其中。",
			},
			Remedy: []Step{
				step("Leave the repository out of this mirror: `except` in the MirrorSet, or `only` with what the mirror has.",
					"让该仓库不走这个镜像站：在 MirrorSet 中用 `except` 排除，或用 `only` 列出镜像站已有的内容。"),
				step("Or serve it from a mirror of your own, or ask the mirror's operator to list it (the text often has the link).",
					"或使用自建镜像站，或向镜像站申请加入白名单（报错中通常有链接）。"),
			},
			Source: "https://github.com/DaoCloud/public-image-mirror",
		},
	}
}
