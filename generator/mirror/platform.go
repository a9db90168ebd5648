package mirror

import (
	"encoding/json"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/spec"
)

// An Annotation lists registries by host[:port], comma-separated, on the Pods of
// a serverless platform, which reads it when the Pod is created and never again.
type Annotation struct {
	// Platform is the name in spec.serverless.
	Platform string
	// Key is the annotation's.
	Key string
	// Transport is the one that the listed registries have: http or https-skip-verify.
	Transport string
	// All is the one entry that stands for every registry; empty: the platform has none.
	All string
	// Most is how many entries the platform takes; 0: it says nothing of a limit.
	Most int
}

// Annotations are those of every platform, in the order of their keys.
//
// Sources: Alibaba Cloud ECI, "pull images from a self-managed image repository";
// Huawei Cloud CCI 2.0, cci_01_0117 (at most ten entries, none empty); Tencent
// Cloud TKE Serverless, "use self-managed registries" (the word "all").
func Annotations() []Annotation {
	return []Annotation{
		{Platform: "huawei-cci", Key: "cci.io/http-registries", Transport: HTTP, Most: spec.MostCCIEntries},
		{Platform: "huawei-cci", Key: "cci.io/insecure-registries", Transport: SkipVerify, Most: spec.MostCCIEntries},
		{Platform: "tencent-eks", Key: "eks.tke.cloud.tencent.com/registry-http-endpoint", Transport: HTTP, All: "all"},
		{Platform: "tencent-eks", Key: "eks.tke.cloud.tencent.com/registry-insecure-skip-verify", Transport: SkipVerify, All: "all"},
		{Platform: AlibabaECI, Key: "k8s.aliyun.com/insecure-registry", Transport: SkipVerify},
		{Platform: AlibabaECI, Key: "k8s.aliyun.com/plain-http-registry", Transport: HTTP},
	}
}

// MaxListLength is how many characters an annotation may have to be added to: a
// few hundred registries. What is longer is left as it is, so that reading it
// costs no engine more than an admission may.
const MaxListLength = 4_000

// AlibabaECI is the platform that also has ImageCaches.
const AlibabaECI = "alibaba-eci"

// VolcengineVCI is the platform whose annotation is a JSON document, RegistryConfigKey.
const VolcengineVCI = "volcengine-vci"

// RegistryConfigKey is the annotation of Volcengine VCI (volcengine.com/docs/6460/1382631).
// It can carry credentials; this program never writes any there.
const RegistryConfigKey = "vci.volcengine.com/registry-mirror-config"

// Annotations are the lists that the plan keeps, in the order of their keys.
func (p *Plan) Annotations() []Annotation {
	return slices.DeleteFunc(Annotations(), func(a Annotation) bool { return !p.serves(a.Platform) })
}

// CacheAnnotations are the lists that an ImageCache has, in the order of their keys.
func CacheAnnotations() []Annotation {
	return slices.DeleteFunc(Annotations(), func(a Annotation) bool { return a.Platform != AlibabaECI })
}

func (p *Plan) serves(platform string) bool { return slices.Contains(p.Serverless, platform) }

// WithHosts is the annotation's value with hosts added that no entry equals, in
// the order given. What is there stays byte for byte; where it ends in a comma,
// or holds nothing, none is put before the first host. changed is false where
// every host is listed, or the platform's word for all registries is.
func (a Annotation) WithHosts(value string, hosts []string) (with string, changed bool) {
	listed := map[string]bool{}
	for _, entry := range strings.Split(value, ",") {
		listed[trim(entry)] = true
	}
	if a.All != "" && listed[a.All] {
		return value, false
	}
	var missing []string
	for _, host := range hosts {
		if !listed[host] {
			missing = append(missing, host)
		}
	}
	if len(missing) == 0 {
		return value, false
	}
	separator := ","
	if end := trim(value); end == "" || strings.HasSuffix(end, ",") {
		separator = ""
	}
	return value + separator + strings.Join(missing, ","), true
}

// Entries counts what a value lists: the items between commas.
func Entries(value string) int { return strings.Count(value, ",") + 1 }

// trim takes off what may stand around an entry. Only what every engine can trim
// alike counts as space.
func trim(text string) string { return strings.Trim(text, " \t\r\n") }

// RegistryConfig is the value of RegistryConfigKey for registries whose
// certificate is not verified: no mirrors, as images name them already, and no
// credentials.
func RegistryConfig(hosts []string) string {
	type tls struct {
		InsecureSkipVerify bool `json:"insecure_skip_verify"`
	}
	type config struct {
		TLS tls `json:"tls"`
	}
	configs := make(map[string]config, len(hosts))
	for _, host := range hosts {
		configs[host] = config{tls{true}}
	}
	text, err := json.Marshal(map[string]any{"configs": configs})
	if err != nil {
		panic("strings and booleans marshal: " + err.Error())
	}
	return string(text)
}
