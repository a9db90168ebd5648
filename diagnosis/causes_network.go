package diagnosis

// networkCauses are mended between the node and the registry.
func networkCauses() []Cause {
	return []Cause{
		{
			ID: "network-timeout",
			Anchors: anchors(
				reason("i/o timeout", "client.timeout exceeded", "client.timeout or context cancellation", "connection timed out", "operation timed out", "no route to host", "network is unreachable", "host is unreachable", "host is down", "request canceled while waiting for connection", "while awaiting headers", "timeout awaiting response headers", "connected party did not properly respond", "unreachable network", "unreachable host", "etimedout", "ehostunreach",
					"connect timed out", "connection attempt timed out", "deadline has elapsed", "read timed out"),
			),
			Summary: Text{
				En: "{endpoint} does not answer from where the image is pulled: no route, a firewall, a registry that is closed to this network, or a name that leads to the wrong (public or private) address.",
				Zh: "从拉取镜像的位置访问 {endpoint} 没有响应：没有路由、被防火墙拦截、仓库未对该网络开放，或域名解析到了错误的（公网或内网）地址。",
			},
			Remedy: []Step{
				step("Is the address in `dial tcp` public or private? Ask from the node: `getent hosts {name}`, `curl -v --max-time 10 https://{endpoint}/v2/` (401 is a good answer).",
					"看 `dial tcp` 后的 IP 是公网还是内网，并在节点上测试：`getent hosts {name}`、`curl -v --max-time 10 https://{endpoint}/v2/`（返回 401 即为连通）。"),
				stepAt(tencentHosts(), "Tencent TKE Serverless to TCR is closed by default. Private link: TCR console, 访问控制 > 内网访问 > 新建, choose the cluster's VPC and subnet; private DNS comes with it. Or public: open 公网访问 and allow the NAT gateway's EIP, and give the cluster's subnet a route to the NAT gateway.",
					"腾讯云 TKE Serverless 到 TCR 默认不通。内网：TCR 控制台 访问控制 > 内网访问 > 新建，选择集群的 VPC 与子网，内网解析会自动配置。公网：开启公网访问并放行 NAT 网关的弹性 IP，同时把集群子网关联到 NAT 网关的路由表。"),
				stepAt(volcanoHosts(), "Volcengine CR, standard edition: add the cluster's VPC under 访问控制 > VPC. The micro edition is open to the same region's private network.",
					"火山引擎镜像仓库标准版：在 访问控制 > VPC 中添加集群所在 VPC；小微版默认可用同地域内网。"),
				stepAt(alibabaHosts(), "Alibaba ACR: add the VPC under 访问控制 > 专有网络 and use the -vpc address of the instance; ECI Pods need a NAT gateway or an EIP for public registries.",
					"阿里云 ACR：在 访问控制 > 专有网络 中添加 VPC，并使用实例的 -vpc 域名；ECI Pod 访问公网仓库需要 NAT 网关或 EIP。"),
				stepAt(huaweiHosts(), "Huawei SWR: nodes need a route to the public network for third-party registries (an EIP or a NAT gateway), and a VPC endpoint for SWR.",
					"华为云 SWR：节点访问第三方仓库需要公网出口（EIP 或 NAT 网关），访问 SWR 可使用 VPC 终端节点。"),
				step("A public registry that this network cannot reach: serve it from a mirror; add it to the MirrorSet and run `gen policies`.",
					"该网络无法访问的公共仓库：改由镜像站提供；在 MirrorSet 中添加后执行 `gen policies`。"),
			},
			Source: "Tencent Cloud TKE, Serverless 集群如何使用容器镜像服务 TCR; Volcengine, 通过容器服务 VKE 拉取 Docker Hub 镜像",
		},
		{
			ID:      "pull-deadline-exceeded",
			Anchors: gaveUp("context deadline exceeded", "context canceled", "context cancelled", "code = deadlineexceeded", "code = canceled", "because of no progress", "net/http: request canceled", "operation was canceled", "deadline exceeded"),
			Summary: Text{
				En: "The pull took longer than the kubelet or the runtime waits, or was cancelled with the Pod; no single error is named.",
				Zh: "拉取时间超过了 kubelet 或运行时的等待上限，或随 Pod 一起被取消；没有更具体的错误。",
			},
			Remedy: []Step{
				step("Time it on the node: `time crictl pull {image}`. If it stands still, it is the network or a mirror that answers /v2/ and hangs on layers: `gen probe`. If it is only slow, go on.",
					"在节点上计时：`time crictl pull {image}`。如果停住不动，是网络问题或镜像站能响应 /v2/ 却卡在镜像层：`gen probe`；如果只是慢，继续下面的步骤。"),
				step("Raise the limit: containerd image_pull_progress_timeout, kubelet runtimeRequestTimeout (2m; a pull counts with Docker), cri-dockerd --image-pull-progress-deadline.",
					"调大上限：containerd 的 image_pull_progress_timeout，kubelet 的 runtimeRequestTimeout（默认 2m；使用 Docker 时包含拉取），cri-dockerd 的 --image-pull-progress-deadline。"),
				step("Pull less: a mirror nearby, smaller layers, images pulled in advance (a DaemonSet, ECI ImageCache).",
					"减少拉取量：就近的镜像站、更小的镜像层、提前拉取（DaemonSet、ECI ImageCache）。"),
			},
			Source: "https://github.com/containerd/containerd/blob/main/docs/cri/config.md",
		},
		{
			ID:      "connection-refused",
			Anchors: reason("connection refused", "actively refused", "econnrefused"),
			Summary: Text{
				En: "Nothing listens at {endpoint}, or a firewall says so.",
				Zh: "{endpoint} 上没有服务监听，或防火墙拒绝了连接。",
			},
			Remedy: []Step{
				step("Is the port right? An image without a port means 443 (or 80 for plain HTTP); 5000 has to be written. Ask: `curl -v https://{endpoint}/v2/`.",
					"端口是否正确？不写端口表示 443（明文 HTTP 为 80），5000 必须写出。测试：`curl -v https://{endpoint}/v2/`。"),
				step("localhost or 127.0.0.1 is the node, not the Pod and not your machine: the mirror has to run on every node, or be addressed by another name.",
					"localhost 或 127.0.0.1 指节点自身，不是 Pod，也不是你的电脑：镜像站须在每个节点上运行，或改用其他地址。"),
				step("If the text names a unix socket, the runtime itself is down: `systemctl status containerd crio docker`.",
					"如果提示的是 unix socket，说明容器运行时没有运行：`systemctl status containerd crio docker`。"),
				step("Else start the registry, or take the mirror out of the node's configuration until it is back.",
					"否则启动仓库服务，或在恢复前从节点配置中移除该镜像站。"),
			},
			Source: "https://pkg.go.dev/syscall#ECONNREFUSED",
		},
		{
			ID:      "connection-reset",
			Anchors: reason("connection reset by peer", "connection reset", "broken pipe", "forcibly closed by the remote host", "an existing connection was forcibly closed by the remote host", "connection was aborted", "use of closed network connection", "server sent goaway", "client connection lost", "stream error: stream id", "econnreset", "server closed idle connection", "connection aborted"),
			Summary: Text{
				En: "The connection to {endpoint} came about and was cut: by filtering on the way, by a load balancer, or by the registry.",
				Zh: "与 {endpoint} 的连接建立后被切断：途中被过滤，或被负载均衡、仓库断开。",
			},
			Remedy: []Step{
				step("Always at once, and only for Docker Hub, ghcr.io, gcr.io and the like: the connection is filtered. Serve the registry from a mirror.",
					"如果每次立即断开，且只发生在 Docker Hub、ghcr.io、gcr.io 等：连接被过滤，请改用镜像站。"),
				step("Only now and then, or in large layers: look at the load balancer's idle time-out and body limits before {host}, and at the MTU (`ping -M do -s 1400 {host}`).",
					"如果偶发或只在大层时出现：检查 {host} 前负载均衡的空闲超时与请求体限制，以及 MTU（`ping -M do -s 1400 {host}`）。"),
			},
			Source: "https://github.com/kubernetes/minikube/issues/13097",
		},
		{
			ID: "unexpected-eof",
			Anchors: anchors(
				ofPull(outcome("unexpected eof", ": eof$", "eof$", "failed size validation", "unexpected commit digest", "layer verification failed", "digest mismatch", "digest did not match", "does not match expected", "does not match provided manifest digest", "does not match selected manifest digest", "content mismatch: ", "short read", "invalid tar header", "gzip: invalid", "corrupt input before offset", "unexpected digest", "content digest * not found", "manifest verification failed", "does not match manifest digest")),
				ofPull(wrapper("unexpected end of json input")),
			),
			Summary: Text{
				En: "What came from {endpoint} ended too early or is not what the digest says: a truncated or damaged layer, often out of a proxy's cache.",
				Zh: "从 {endpoint} 收到的内容提前结束或与摘要不符：镜像层被截断或损坏，常见于代理缓存。",
			},
			Remedy: []Step{
				step("Try again once: `crictl pull {image}`. A cut connection heals by itself.",
					"先重试一次：`crictl pull {image}`。偶发的断连会自行恢复。"),
				step("If it stays, the copy is broken: pull it from upstream to compare, then delete the artifact from the mirror's cache so that it is fetched again.",
					"如果一直失败，说明副本已损坏：从上游拉取对比，再删除镜像站缓存中的该制品，使其重新拉取。"),
				step("In front of a registry switch response buffering off and raise limits (nginx: proxy_buffering off, proxy_max_temp_file_size 0, client_max_body_size 0).",
					"仓库前的反向代理关闭响应缓冲并放宽限制（nginx：proxy_buffering off、proxy_max_temp_file_size 0、client_max_body_size 0）。"),
				step("Only on one node: its partial downloads are damaged; `crictl rmi {image}` and, as a last resort, `ctr -n k8s.io content prune references`.",
					"只在一个节点出现：该节点的半成品已损坏；执行 `crictl rmi {image}`，必要时 `ctr -n k8s.io content prune references`。"),
			},
			Source: "https://github.com/containerd/containerd/issues/3974",
		},
		{
			ID: "dns-failure",
			Anchors: anchors(
				lookup("dial tcp: lookup ", "lookup * on *:53", "no such host", "server misbehaving", "temporary failure in name resolution", "name or service not known", "could not resolve host", "couldn't resolve host", "nodename nor servname provided", "no such host is known", "failed to lookup address information", "getaddrinfow", "eai_again", "enotfound", "unknown host", "cannot unmarshal dns message"),
				reason("dns error"),
			),
			Summary: Text{
				En: "The node's resolver does not know {host}, or does not answer.",
				Zh: "节点无法解析 {host}：DNS 中没有该域名，或 DNS 服务器没有响应。",
			},
			Remedy: []Step{
				step("Ask the node's resolver, not the cluster's: `getent hosts {name}`, `cat /etc/resolv.conf`. Runtimes pull with the node's DNS; CoreDNS has no part in it, so that a Service name is no registry host.",
					"查询节点（而非集群）的解析：`getent hosts {name}`、`cat /etc/resolv.conf`。运行时使用节点的 DNS，与 CoreDNS 无关，因此不能用 Service 域名作为仓库地址。"),
				step("The name is wrong: correct the image, or mirror in the MirrorSet.",
					"域名写错：修正镜像地址或 MirrorSet 中的 mirror。"),
				step("The name exists only inside a VPC: link the VPC to the private zone (TCR 内网访问, ACR 专有网络, Route 53), or add it to /etc/hosts on every node.",
					"域名只在 VPC 内有效：把 VPC 关联到内网解析（TCR 内网访问、ACR 专有网络、Route 53），或在每个节点的 /etc/hosts 中添加。"),
				step("The resolver itself does not answer (i/o timeout, connection refused at port 53, server misbehaving): mend it or name another in /etc/resolv.conf, then restart the runtime.",
					"DNS 服务器本身不响应（53 端口 i/o timeout、connection refused、server misbehaving）：修复它，或在 /etc/resolv.conf 换一个，然后重启运行时。"),
			},
			Source: "https://pkg.go.dev/net#DNSError",
		},
		{
			ID:      "http-proxy-failure",
			Anchors: verdict("proxyconnect tcp", "proxy authentication required", "socks connect", "tunnel connection failed", "invalid proxy", "proxy error: ", "error connecting to proxy", "unexpected proxy response", "proxyconnect"),
			Summary: Text{
				En: "The runtime goes through the HTTP proxy {proxy}, and that fails; {host} was not reached.",
				Zh: "运行时通过 HTTP 代理 {proxy} 访问时失败，还没有到达 {host}。",
			},
			Remedy: []Step{
				step("See which proxy the runtime has: `systemctl show containerd docker crio --property=Environment`. An http:// proxy is written with http:// in HTTPS_PROXY too.",
					"查看运行时的代理设置：`systemctl show containerd docker crio --property=Environment`。即使在 HTTPS_PROXY 中，HTTP 代理也要写成 http://。"),
				step("A mirror in your own network should not go through it: add {host} to NO_PROXY in /etc/systemd/system/containerd.service.d/http-proxy.conf, then `systemctl daemon-reload && systemctl restart containerd`.",
					"内网镜像站不应经过代理：在 /etc/systemd/system/containerd.service.d/http-proxy.conf 的 NO_PROXY 中加入 {host}，再执行 `systemctl daemon-reload && systemctl restart containerd`。"),
				step("If the proxy is meant: is it up (`curl -x http://{proxy} -v https://{host}/v2/`), does it want a password (407), does it allow this host (a bare Forbidden or Bad Request behind the URL is the proxy's answer)?",
					"如果确实要用代理：代理是否在运行（`curl -x http://{proxy} -v https://{host}/v2/`）、是否需要密码（407）、是否放行该主机（URL 后只有 Forbidden 或 Bad Request 是代理的回答）？"),
			},
			Source: "https://docs.docker.com/engine/daemon/proxy/",
		},
	}
}
