package diagnosis

// tlsCauses are mended at certificates and at the choice between HTTP and HTTPS.
func tlsCauses() []Cause {
	return []Cause{
		{
			ID: "x509-unknown-authority",
			Anchors: anchors(
				reason("certificate signed by unknown authority", "self signed certificate", "self-signed certificate", "certificate is not trusted", "certificate verify failed", "unable to get local issuer certificate", "unable to get issuer certificate", "unable to verify the first certificate", "unknownissuer", "failed to load system roots", "not authorized to sign other certificates",
					"parent certificate cannot sign", "insecure algorithm", "certificate is not standards compliant", "incompatible key usage", "too many intermediates", "certificate chain was issued by an authority that is not trusted", "untrusted root"),
				outcome("x509: "),
			),
			Summary: Text{
				En: "The certificate that {endpoint} shows was issued by nobody that the node trusts: a private or self-signed CA, a root that the system has dropped, or a gateway that reads TLS. It may be the host of the layers rather than the registry.",
				Zh: "{endpoint} 的证书不是由节点信任的机构签发：私有 CA 或自签名证书、系统已移除的根证书，或中间有解密 TLS 的网关。出问题的也可能是存放镜像层的主机，而不是仓库本身。",
			},
			Remedy: []Step{
				step("See who issued it, from the node: `openssl s_client -showcerts -connect {endpoint} </dev/null`. A company's gateway as issuer of a public registry's certificate means that TLS is intercepted.",
					"在节点上查看签发者：`openssl s_client -showcerts -connect {endpoint} </dev/null`。如果公共仓库的证书由公司网关签发，说明 TLS 被解密。"),
				step("Best: get the CA's certificate from whoever runs the registry (what the server sends is trust on first use) and give it to the runtime alone: containerd `ca` in /etc/containerd/certs.d/{host}/hosts.toml, Docker /etc/docker/certs.d/{host}/ca.crt, CRI-O /etc/containers/certs.d/{host}/ca.crt. `gen nodes` writes these from a mirror's caFile.",
					"推荐：向仓库管理方索取 CA 证书（直接信任服务器发来的证书等于首次使用即信任），只交给运行时使用：containerd 在 /etc/containerd/certs.d/{host}/hosts.toml 写 `ca`，Docker 放 /etc/docker/certs.d/{host}/ca.crt，CRI-O 放 /etc/containers/certs.d/{host}/ca.crt。`gen nodes` 会根据镜像的 caFile 生成这些文件。"),
				step("System trust on EulerOS, CentOS, RHEL (CCE: EulerOS 2.9 dropped some well-known roots): put the CA into /etc/pki/ca-trust/source/anchors/, `update-ca-trust`, then `systemctl restart containerd` (or docker), on every node that pulls.",
					"EulerOS、CentOS、RHEL 的系统信任（CCE：EulerOS 2.9 移除了部分知名根证书）：将 CA 放入 /etc/pki/ca-trust/source/anchors/，执行 `update-ca-trust`，再 `systemctl restart containerd`（或 docker）；每个拉取镜像的节点都要做。"),
				step("System trust on Debian, Ubuntu: put the CA as NAME.crt into /usr/local/share/ca-certificates/, `update-ca-certificates`, then restart the runtime.",
					"Debian、Ubuntu 的系统信任：将 CA 以 NAME.crt 放入 /usr/local/share/ca-certificates/，执行 `update-ca-certificates`，再重启运行时。"),
				step("Serverless Pods cannot be given a CA; skip the check for this registry by an annotation on the Pod template, set at creation: Alibaba ECI k8s.aliyun.com/insecure-registry, Tencent TKE Serverless eks.tke.cloud.tencent.com/registry-insecure-skip-verify, Huawei CCI cci.io/insecure-registries, each with the value \"{host}\". `gen policies` sets it from transport: https-skip-verify.",
					"Serverless Pod 无法安装 CA，只能在 Pod 模板上（创建时）加注解跳过校验：阿里云 ECI 用 k8s.aliyun.com/insecure-registry，腾讯云 TKE Serverless 用 eks.tke.cloud.tencent.com/registry-insecure-skip-verify，华为云 CCI 用 cci.io/insecure-registries，值为 \"{host}\"。`gen policies` 会根据 transport: https-skip-verify 自动添加。"),
			},
			Source: "Huawei Cloud CCE, 使用第三方镜像; Alibaba Cloud ECI, 拉取自建镜像仓库的镜像; https://github.com/containerd/containerd/blob/main/docs/hosts.md",
		},
		{
			ID:      "x509-name-mismatch",
			Anchors: reason("certificate is valid for *, not", "is not valid for any names", "certificate is not valid for", "relies on legacy common name", "hostname mismatch", "doesn't match the hostname", "does not match host name", "no alternative certificate subject name matches", "notvalidforname", "certificate is not valid for name", "tls: unrecognized name", "cannot validate certificate for * because it doesn't contain any dns"),
			Summary: Text{
				En: "The server behind {endpoint} shows a certificate for another name: a wrong DNS answer, a login or filtering gateway in between, or a certificate without this name.",
				Zh: "{endpoint} 返回的证书属于其他域名：DNS 结果有误、中间有认证或过滤网关，或证书未包含该域名。",
			},
			Remedy: []Step{
				step("Do not skip the check: that would hide a man in the middle, which this may be.",
					"不要跳过证书校验：这会掩盖中间人攻击，而此报错正可能是中间人造成的。"),
				step("See where the name leads and what is shown there, from the node: `getent hosts {host}`, `openssl s_client -connect {endpoint} -servername {host} </dev/null | openssl x509 -noout -subject -ext subjectAltName`.",
					"在节点上查看域名解析结果与证书内容：`getent hosts {host}`，`openssl s_client -connect {endpoint} -servername {host} </dev/null | openssl x509 -noout -subject -ext subjectAltName`。"),
				step("If the address is not the registry's, mend DNS, /etc/hosts or the proxy. If it is, use a name that the certificate has, or reissue it with this name as subjectAltName; a common name alone does not count since Go 1.15.",
					"如果解析到的不是仓库地址，修正 DNS、/etc/hosts 或代理；如果是，改用证书中已有的域名，或重新签发并把该域名写入 subjectAltName（Go 1.15 起只写 CN 无效）。"),
			},
			Source: "https://pkg.go.dev/crypto/x509#HostnameError",
		},
		{
			ID:      "x509-no-ip-san",
			Anchors: reason("because it doesn't contain any ip sans", "ip address mismatch"),
			Summary: Text{
				En: "The registry is addressed by IP, and its certificate names no IP address.",
				Zh: "以 IP 访问仓库，而证书中没有 IP 地址。",
			},
			Remedy: []Step{
				step("Use a name that the certificate has, in the image and in the MirrorSet.",
					"在镜像地址和 MirrorSet 中改用证书包含的域名。"),
				step("Or reissue the certificate with the address as an IP entry: `openssl req -x509 ... -addext 'subjectAltName=IP:ADDRESS'`.",
					"或重新签发证书并写入 IP：`openssl req -x509 ... -addext 'subjectAltName=IP:ADDRESS'`。"),
				step("On serverless platforms, where neither can be done, the skip-verify annotation is the last resort.",
					"Serverless 平台两者都做不到时，最后的办法是跳过校验的注解。"),
			},
			Source: "https://pkg.go.dev/crypto/x509#HostnameError",
		},
		{
			ID:      "x509-expired",
			Anchors: reason("certificate has expired or is not yet valid", "certificate has expired", "certificate is not yet valid", "certexpired", "certnotvalidyet", "invalid peer certificate: expired"),
			Summary: Text{
				En: "The certificate of {endpoint}, or one above it, has expired or is not valid yet, or the node's clock is wrong.",
				Zh: "{endpoint} 的证书（或其上级证书）已过期或尚未生效，或者节点时钟不准。",
			},
			Remedy: []Step{
				step("Compare the clock with the dates, on the node: `date -u`, `timedatectl`, `openssl s_client -connect {endpoint} </dev/null | openssl x509 -noout -dates`.",
					"在节点上比较时间与有效期：`date -u`、`timedatectl`、`openssl s_client -connect {endpoint} </dev/null | openssl x509 -noout -dates`。"),
				step("If the clock is off, mend NTP (chronyd). If not, have the registry's certificate renewed, the whole chain sent, and old roots replaced on the node (`update-ca-trust`, `update-ca-certificates`).",
					"时钟不准就修复 NTP（chronyd）；否则请仓库管理方续期证书并发送完整证书链，同时更新节点上的旧根证书（`update-ca-trust`、`update-ca-certificates`）。"),
			},
			Source: "https://pkg.go.dev/crypto/x509#CertificateInvalidError",
		},
		{
			ID:      "http-response-to-https-client",
			Anchors: reason("server gave http response to https client", "first record does not look like a tls handshake", "oversized record received", "ssl routines * wrong version number", "ssl3_get_record: wrong version number", "packet length too long", "received corrupt message", "unknown protocol"),
			Summary: Text{
				En: "{endpoint} speaks plain HTTP, and the runtime asked by HTTPS, which is its default.",
				Zh: "{endpoint} 使用明文 HTTP，而运行时默认用 HTTPS 访问。",
			},
			Remedy: []Step{
				step("If this host should speak HTTPS (it is a public registry), something in between answers in its place: look at DNS and at the proxy.",
					"如果该主机本应使用 HTTPS（例如公共仓库），说明有中间设备代答：检查 DNS 与代理。"),
				step("Nodes: containerd `[host.\"http://{host}\"]` in /etc/containerd/certs.d/{host}/hosts.toml, Docker insecure-registries, CRI-O insecure = true, k3s an endpoint with http://. `gen nodes` writes these from transport: http.",
					"节点：containerd 在 /etc/containerd/certs.d/{host}/hosts.toml 写 `[host.\"http://{host}\"]`，Docker 配 insecure-registries，CRI-O 设 insecure = true，k3s 的 endpoint 写 http://。`gen nodes` 会根据 transport: http 生成。"),
				step("Serverless Pods: an annotation on the Pod template, set at creation: Alibaba ECI k8s.aliyun.com/plain-http-registry, Tencent TKE Serverless eks.tke.cloud.tencent.com/registry-http-endpoint, Huawei CCI cci.io/http-registries, each with the value \"{host}\", the port included. `gen policies` sets it from transport: http.",
					"Serverless Pod：在 Pod 模板上（创建时）加注解：阿里云 ECI 用 k8s.aliyun.com/plain-http-registry，腾讯云 TKE Serverless 用 eks.tke.cloud.tencent.com/registry-http-endpoint，华为云 CCI 用 cci.io/http-registries，值为 \"{host}\"，有端口必须写端口。`gen policies` 会根据 transport: http 自动添加。"),
				step("Better than all of these: give the registry a certificate.", "更好的办法：给仓库配置证书。"),
			},
			Source: "Tencent Cloud TKE, Serverless 集群如何使用自建的自签名镜像仓库或 HTTP 协议镜像仓库; Alibaba Cloud ECI, 拉取自建镜像仓库的镜像",
		},
		{
			ID:      "http-request-to-https-port",
			Anchors: reason("client sent an http request to an https server", "plain http request was sent to https port", "malformed http response", "malformed http version", "malformed http status code"),
			Summary: Text{
				En: "The runtime is configured for plain HTTP, but {endpoint} speaks TLS.",
				Zh: "运行时被配置为明文 HTTP，而 {endpoint} 使用 TLS。",
			},
			Remedy: []Step{
				step("Take the http:// away: hosts.toml `[host.\"https://{host}\"]`, registries.yaml https://, Docker's insecure-registries without this host, transport: https in the MirrorSet, no plain-http annotation.",
					"去掉 http://：hosts.toml 写 `[host.\"https://{host}\"]`，registries.yaml 写 https://，Docker 的 insecure-registries 去掉该主机，MirrorSet 写 transport: https，并删除明文 HTTP 注解。"),
				step("Then the certificate counts: `openssl s_client -connect {endpoint} </dev/null`.",
					"改用 HTTPS 后证书必须有效：`openssl s_client -connect {endpoint} </dev/null`。"),
			},
			Source: "https://github.com/containerd/containerd/blob/main/docs/hosts.md",
		},
		{
			ID:      "tls-handshake-timeout",
			Anchors: reason("tls handshake timeout", "tls: handshake failure", "tls: internal error", "protocol version not supported", "sslv3 alert handshake failure", "no cipher suite supported", "no supported versions satisfy", "tls: unexpected message", "tls: illegal parameter", "tls: error decoding message", "tls: decode error", "bad record mac", "server selected unsupported protocol version", "no mutual cipher"),
			Summary: Text{
				En: "The connection to {endpoint} came about, but the TLS handshake did not: packets are lost or filtered on the way, or the two sides have no version or cipher in common.",
				Zh: "与 {endpoint} 的连接已建立，但 TLS 握手未完成：途中丢包或被过滤，或双方没有共同支持的版本或加密套件。",
			},
			Remedy: []Step{
				step("Try from the node: `curl -v --max-time 20 https://{endpoint}/v2/`. Slow for every registry: bandwidth, MTU (`ping -M do -s 1400 {host}`) or a firewall. Only for this one: it is filtered; use a mirror.",
					"在节点上测试：`curl -v --max-time 20 https://{endpoint}/v2/`。所有仓库都慢：带宽、MTU（`ping -M do -s 1400 {host}`）或防火墙问题；只有这一个慢：被过滤，请使用镜像站。"),
				step("An alert rather than a time-out (handshake failure, protocol version): the server, or a gateway in between, is too old or too strict; compare `openssl s_client -connect {endpoint} -tls1_2` with `-tls1_3`.",
					"如果是告警而非超时（handshake failure、protocol version）：服务器或中间网关过旧或限制过严；用 `openssl s_client -connect {endpoint} -tls1_2` 与 `-tls1_3` 对比。"),
			},
			Source: "https://github.com/kubernetes/kubernetes/issues/107340",
		},
	}
}
