package diagnosis

import (
	"net"
	"strings"

	"mirrorgen.dev/gen/generator/image"
)

// What is said beside the table.
var (
	textCut = Text{
		En: "the message is longer than 1 MiB; what follows was not read",
		Zh: "消息超过 1 MiB，其后的内容没有读取",
	}
	textSandbox = Text{
		En: "This is the Pod's sandbox (pause) image, which the runtime pulls for itself: pull secrets and rewriting policies do not apply to it. Set the mirrored name in containerd's config.toml (1.x: sandbox_image; 2.x: pinned_images.sandbox), CRI-O's pause_image or the kubelet's --pod-infra-container-image, or redirect its registry on the node (`gen nodes`), and let it be pulled without credentials; then restart the runtime.",
		Zh: "这是 Pod 的沙箱（pause）镜像，由容器运行时自己拉取：拉取密钥和改写策略对它都不生效。请在 containerd 的 config.toml（1.x 为 sandbox_image,2.x 为 pinned_images.sandbox）、CRI-O 的 pause_image 或 kubelet 的 --pod-infra-container-image 中写入镜像站上的名称，或在节点上重定向其仓库(`gen nodes`)，并保证无需凭据即可拉取；然后重启运行时。",
	}
	textMirrors = Text{
		En: "Before that, {host} failed as a mirror: {cause}. Mend that first if the mirror should have served the image.",
		Zh: "在此之前，镜像站 {host} 也失败了：{cause}。如果该镜像本应由镜像站提供，请先解决它。",
	}
)

// explain fills in summary and remedy from the table.
func (f *Finding) explain(language Language) {
	row, ok := causeByID(f.Cause)
	if !ok {
		return
	}
	fill := f.filler(language)
	f.Summary = fill.summary.Replace(row.Summary.In(language))
	if rest, ok := strings.CutPrefix(f.Summary, "the "); ok {
		f.Summary = "The " + rest
	}
	if f.Sandbox {
		f.Remedy = append(f.Remedy, textSandbox.In(language))
	}
	for _, m := range f.Mirrors {
		if safe := safeHost(m.Host); safe != "" {
			f.Remedy = append(f.Remedy, strings.NewReplacer("{host}", safe, "{cause}", m.Cause).Replace(textMirrors.In(language)))
		}
	}
	steps := row.Remedy
	if inner, ok := causeByID(f.Inner); ok {
		steps = append(append([]Step(nil), steps[0]), inner.Remedy...)
	}
	for _, step := range steps {
		if step.concerns(f.Host) {
			f.Remedy = append(f.Remedy, fill.steps.Replace(step.Text.In(language)))
		}
	}
}

// concerns reports whether a step is for a registry at host.
func (s Step) concerns(host string) bool {
	if len(s.Hosts) == 0 {
		return true
	}
	name := image.LowerASCII(hostname(host))
	if name == "" || !strings.Contains(name, ".") || net.ParseIP(name) != nil || strings.Contains(name, "*") || strings.Trim(name, "x.0123456789") == "" {
		return true
	}
	for _, domain := range s.Hosts {
		if name == domain || strings.HasSuffix(name, "."+domain) {
			return true
		}
	}
	return false
}

// A filler puts what a message names into the table's texts.
type filler struct{ summary, steps *strings.Replacer }

func (f *Finding) filler(language Language) filler {
	registry := Text{En: "the registry", Zh: "该仓库"}.In(language)
	anImage := Text{En: "the image", Zh: "该镜像"}.In(language)
	it := Text{En: "that is configured for it", Zh: "（运行时所配置的）"}.In(language)
	host, ref, proxy := safeHost(f.Host), safeImage(f.Image), safeHost(f.proxy)
	repository := ""
	if parsed, err := image.Parse(ref); ref != "" && err == nil {
		repository = parsed.Registry + "/" + parsed.Repository
	}
	or := func(value, otherwise string) string {
		if value == "" {
			return otherwise
		}
		return value
	}
	return filler{
		summary: strings.NewReplacer("{host}", or(host, registry), "{endpoint}", or(host, registry), "{proxy}", or(proxy, it), "{image}", or(ref, anImage), "{repository}", or(repository, anImage)),
		steps:   strings.NewReplacer("{host}", or(host, "<host>"), "{name}", or(hostname(host), "<host>"), "{endpoint}", or(endpoint(host), "<host>:443"), "{proxy}", or(proxy, "<proxy>"), "{image}", or(ref, "<image>"), "{repository}", or(repository, "<registry>/<repository>")),
	}
}

// safeHost is a host that may be pasted into a shell; empty where it may not.
func safeHost(host string) string {
	for i := 0; i < len(host); i++ {
		if c := host[i]; !isWord(c) && !strings.ContainsRune(".-_:[]", rune(c)) {
			return ""
		}
	}
	return host
}

// safeImage is an image that may be pasted: the grammar of references has no
// character that means something to a shell.
func safeImage(ref string) string {
	if !image.Valid(ref) {
		return ""
	}
	return ref
}

// endpoint is host with the port that HTTPS has where none is written.
func endpoint(host string) string {
	if host == "" {
		return ""
	}
	if _, _, err := net.SplitHostPort(host); err == nil {
		return host
	}
	return host + ":443"
}
