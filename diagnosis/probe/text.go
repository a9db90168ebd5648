package probe

import "fmt"

// A text is one sentence in both languages, with the verbs of fmt.
type text struct{ en, zh string }

func (t text) in(lang language, args ...any) string {
	format := t.en
	if lang == "zh" {
		format = t.zh
	}
	if len(args) == 0 {
		return format
	}
	return fmt.Sprintf(format, args...)
}

// What the guard and the leash say.
var (
	textMetadata         = text{"%s is a cloud's metadata service: the probe does not connect there", "%s 是云平台的元数据服务：不连接"}
	textLinkLocal        = text{"%s is link-local: the probe does not connect there", "%s 是链路本地地址：不连接"}
	textMulticast        = text{"%s is a multicast address: the probe does not connect there", "%s 是组播地址：不连接"}
	textUnspecified      = text{"%s is no address of a host: the probe does not connect there", "%s 不是主机地址：不连接"}
	textLoopback         = text{"%s is this machine, and what led there does not say so: the probe does not connect there", "%s 是本机，但指向它的名称并未写明本机：不连接"}
	textScheme           = text{"led to something that is neither http nor https: not followed", "指向的地址既不是 http 也不是 https：不跟随"}
	textNumericHost      = text{"led to a host of digits that is no IP address: not followed", "指向一个由数字组成却不是 IP 地址的主机：不跟随"}
	textElsewhere        = text{"%s asked for a credential that is not meant for it: not sent", "%s 索要不属于它的凭据：未发送"}
	textPlainCredentials = text{"a credential is there, and never goes over plain HTTP: not sent", "有凭据，但绝不通过明文 HTTP 发送：未发送"}
	textPlainRealm       = text{"the token service %s is reached over plain HTTP: not asked", "令牌服务 %s 使用明文 HTTP：未请求"}
	textForeignRealm     = text{"the credential is not given to the token service %s, which is another host; if it is the registry's own, add --realm %s", "令牌服务 %s 是另一台主机，凭据未发送；如果它确实属于该仓库，请加 --realm %s"}
	textNoPassword       = text{"the credential is a token and the registry wants a password: not sent", "凭据是令牌，而仓库要求密码：未发送"}
	textRedirects        = text{"more than %d redirects", "重定向超过 %d 次"}
	textRedirected       = text{"redirected to %s, without credentials", "被重定向到 %s（不带凭据）"}
)

// What the steps up to /v2/ say.
var (
	textNotReached    = text{"not reached", "未到达这一步"}
	textIsAddress     = text{"is an IP address", "本身就是 IP 地址"}
	textNotResolved   = text{"not looked up", "未解析"}
	textProxyResolves = text{"left to the proxy %s", "由代理 %s 解析"}
	textByProxy       = text{"through the proxy %s", "经由代理 %s"}
	textProxyFails    = text{"the proxy %s does not connect: %s", "代理 %s 无法连接：%s"}
	textPlainHTTP     = text{"plain HTTP by its transport", "按 transport 使用明文 HTTP"}
	textCertificate   = text{"%s, the certificate is valid for %d more days", "%s，证书还有 %d 天到期"}
	textExpiresSoon   = text{"%s, the certificate expires in %d days, on %s", "%s，证书将在 %d 天后（%s）到期"}
	textSkipped       = text{"%s, not verified by its transport, and it would fail: %s", "%s，按 transport 不校验证书；若校验则失败：%s"}
	textSkipNotNeeded = text{"%s; verification would succeed, so that transport: https would do", "%s；校验可以通过，用 transport: https 即可"}
	textNotYetValid   = text{"x509: certificate is not valid before %s, in %d days; or this clock is wrong", "x509: 证书在 %s 之前（还有 %d 天）无效；或本机时钟不准"}
	textExpired       = text{"x509: certificate has expired on %s, %d days ago; or this clock is wrong", "x509: 证书已于 %s 过期（%d 天前）；或本机时钟不准"}
	textOpen          = text{"200 OK, open to anybody", "200 OK，任何人可访问"}
	textWantsToken    = text{"401 with a token service at %s", "401，令牌服务在 %s"}
	textWantsPassword = text{"401, wants a password (Basic)", "401，要求用户名和密码（Basic）"}
	textNoChallenge   = text{"401 without a challenge that a runtime can answer", "401，但没有运行时能应答的质询"}
	textPage          = text{"%s: %s, a page for people and no registry", "%s：%s，返回的是网页而不是镜像仓库"}
	textStatus        = text{"%s: %s", "%s：%s"}
	textNoAnswer      = text{"%s: no answer within %s", "%s：%s 内没有应答"}
	textTimedOut      = text{"no answer within %s", "%s 内没有应答"}
	textEOF           = text{"EOF: the connection was closed before an answer", "EOF：应答之前连接被关闭"}
	textAnswersHTTP   = text{"%s; asked in plain HTTP, the server answers", "%s；改用明文 HTTP 请求则有应答"}
	textAnswersTLS    = text{"%s; asked in TLS, the server answers", "%s；改用 TLS 请求则有应答"}
	textServerIsTLS   = text{"a TLS record came back: the server speaks HTTPS", "返回的是 TLS 记录：服务器使用 HTTPS"}
	textNoHTTP        = text{"what came back cannot be read as HTTP", "返回的内容不是 HTTP"}
)

// What the credentials step says.
var (
	textNoneAsked   = text{"none wanted", "不需要凭据"}
	textNotAskedFor = text{"/v2/ wants none, so that the one given is not sent", "/v2/ 不要求凭据，因此未发送已有的凭据"}
	textNoConfig    = text{"no --docker-config is given", "没有给出 --docker-config"}
	textNoEntry     = text{"the docker config has no entry for this host", "docker 配置中没有该主机的条目"}
	textLoggedIn    = text{"accepted", "登录成功"}
)

// What is said of images.
var (
	textToken               = text{"given to anybody by %s", "%s 发放了匿名令牌"}
	textTokenWithCredential = text{"given for the credential by %s", "%s 凭凭据发放了令牌"}
	textNoToken             = text{"%s gives no token", "%s 没有发放令牌"}
	textAddressFails        = text{"not asked: the address does not answer", "未询问：该地址没有应答"}
	textNoReference         = text{"the address and the image's path make no valid reference", "该地址与镜像路径不能组成有效的镜像名"}
	textHangs               = text{"answers /v2/, and does not answer for the manifest within %s: a pull hangs", "/v2/ 有应答，但 manifest 在 %s 内没有应答：拉取会一直挂起"}
	textSchema1             = text{"the manifest is of schema 1, which runtimes no longer read", "manifest 为 schema 1，运行时已不再支持"}
	textHuge                = text{"the manifest has more than %d MiB", "manifest 超过 %d MiB"}
	textNoDigest            = text{"200 OK without a digest and without a manifest", "200 OK，但没有摘要也没有 manifest"}
	textDigestLies          = text{"says %s and sends %s", "声称 %s，实际内容是 %s"}
	textOtherDigest         = text{"answers with %s", "返回的是 %s"}
	textSameDigest          = text{"the same as upstream", "与上游一致"}
	textNoUpstream          = text{"%s did not answer with one", "%s 没有给出摘要"}
	textUpstreamHas         = text{"%s has %s", "%s 上是 %s"}
	textInvalidImage        = text{"is no image reference: %v", "不是有效的镜像名：%v"}
	textUnmatched           = text{"no mirror serves it: no source covers it", "没有镜像站服务它：没有 source 覆盖它"}
	textKept                = text{"no mirror serves it: except covers %s", "没有镜像站服务它：except 覆盖了 %s"}
	textNotHeld             = text{"no mirror serves it: mirror %s does not hold it (only)", "没有镜像站服务它：镜像站 %s 的 only 不含它"}
	textUnrewritable        = text{"mirror %s cannot serve it: %v", "镜像站 %s 无法服务它：%v"}
)

// What the console says around the steps.
var (
	textOfMirror   = text{"mirror %s of MirrorSet %s: %s", "MirrorSet %[2]s 的镜像站 %[1]s：%[3]s"}
	textOfFallback = text{"fallback of mirror %s of MirrorSet %s: %s", "MirrorSet %[2]s 的镜像站 %[1]s 的备用地址：%[3]s"}
	textOfRegistry = text{"registry of MirrorSet %s: %s", "MirrorSet %s 声明的仓库：%s"}
	textOfUpstream = text{"upstream registry: %s", "上游仓库：%s"}
	textOfImage    = text{"image %s", "镜像 %s"}
	textCause      = text{"cause", "原因"}
	textChange     = text{"change", "修改"}
	textAsAbove    = text{"the remedy stands above", "处理办法同上"}
	textNoneServed = text{"no mirror serves any of the images given", "给出的镜像没有一个由镜像站提供"}
	textAddresses  = text{"addresses: %s", "地址：%s"}
	textImages     = text{"images: %s", "镜像：%s"}
)

// What is said of causes.
var (
	textUnknownSummary  = text{"What came back is nothing that a registry answers, and no cause that is known.", "返回的内容不像镜像仓库的应答，也不属于任何已知原因。"}
	textUnknownRemedy   = text{"Ask by hand from here, with curl -v, and show the answer to whoever runs the mirror.", "在本机用 curl -v 手动请求，并把结果交给镜像站的管理方。"}
	textSoonSummary     = text{"The certificate works today, and pulls fail when it expires.", "证书目前有效，到期后拉取会失败。"}
	textSoonRemedy      = text{"Renew it, and see why that did not happen by itself.", "续签证书，并检查为何没有自动续签。"}
	textClosedSummary   = text{"The connection came about, and is closed instead of answered: by the server, or by something on the way to it.", "连接已建立，但没有得到应答就被关闭：由服务器或途中的设备关闭。"}
	textClosedServer    = text{"See whether a registry listens on this port, and in its log why it closes: a load balancer without a backend, a list of clients, and a server that wants a client certificate do so.", "检查该端口上是否为镜像仓库，并在其日志中查看关闭原因：没有后端的负载均衡、客户端白名单、要求客户端证书的服务器都会这样。"}
	textClosedFilter    = text{"Only for Docker Hub, ghcr.io, gcr.io and the like: the connection is filtered on the way. Serve the registry from a mirror.", "如果只发生在 Docker Hub、ghcr.io、gcr.io 等：连接在途中被过滤，请改用镜像站。"}
	textRefusedSummary  = text{"The address is one that the probe does not connect to, whatever name or redirect led there.", "该地址属于探测程序拒绝连接的范围，无论是由域名还是重定向指向它。"}
	textRefusedRemedy   = text{"See what the name resolves to, and who answers for that: a registry has an address of its own. Where it is this machine, write localhost or the address into the MirrorSet.", "检查该域名解析到什么地址、由谁管理：镜像仓库应有自己的地址。如果确实是本机，请在 MirrorSet 中直接写 localhost 或该地址。"}
	textDiffersSummary  = text{"What the mirror holds under this name is not what was asked for, or not what the source has.", "镜像站上该名称对应的内容与要求的不同，或与来源仓库不同。"}
	textDiffersStale    = text{"A mirror that copies on a schedule, or keeps tags for a time, is behind: copy again, or wait for as long as it keeps them.", "定时同步或缓存标签的镜像站可能滞后：重新同步，或等缓存过期。"}
	textDiffersConverts = text{"A mirror that converts manifests changes every digest, and pulls by digest fail there: have it keep them (zot: preserveDigest with compat).", "转换 manifest 的镜像站会改变所有摘要，按摘要拉取会失败：让它保留原摘要（zot：preserveDigest 与 compat）。"}
	textSpeaksHTTP      = text{"The server speaks plain HTTP. Whoever is on the way can then read and change images.", "该服务器使用明文 HTTP。改后，途中的任何人都能读取和篡改镜像。"}
	textSpeaksTLS       = text{"The server speaks TLS.", "该服务器使用 TLS。"}
	textSetCAFile       = text{"Put the certificate of the CA there, beside the MirrorSet, as whoever runs the registry gives it to you.", "将 CA 证书放到 MirrorSet 旁的该路径；证书应由仓库管理方提供。"}
	textCANotRead       = text{"%s is not read for a MirrorSet from stdin or from a kustomization; name the file with -f", "从标准输入或 kustomization 读取 MirrorSet 时不会读取 %s；请用 -f 指定文件"}
	textWrongCA         = text{"%s holds another CA than the one that issued this certificate; replace it", "%s 中的 CA 不是签发该证书的 CA；请更换"}
)
