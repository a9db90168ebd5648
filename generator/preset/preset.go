// Package preset holds what is known of other people's proxies: for each one a
// MirrorSet to begin with, by its path convention and within its limits, and the
// first test cases of that MirrorSet.
package preset

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
)

// A Preset is one proxy or registry that many have.
type Preset struct {
	// Name is what gen init --preset takes; it names a file of templates/init/presets.
	Name string
	// Doc says in one sentence what the product serves, and where.
	Doc string
	// Address is the host[:port][/path] that every mirror of the preset begins
	// with, as an example to be replaced: below .example, which RFC 2606 keeps from
	// ever being registered, unless Public. Where it has a path, the product needs one.
	Address string
	// Public: Address is a service that is open to everyone, not an example.
	Public bool

	// images are what the first cases submit: nginx, and one for each further mirror.
	images []string
	// notServed is an image that the MirrorSet leaves alone though others of its
	// registry are served; "" where whole registries are.
	notServed string
}

const (
	nginx        = "nginx:1.27"
	redis        = "bitnami/redis:7.4"
	nodeExporter = "quay.io/prometheus/node-exporter:v1.8.2"
	pause        = "registry.k8s.io/pause:3.10"
)

// All lists the presets by name.
func All() []Preset {
	return []Preset{
		{Name: "acr", Doc: "Azure Container Registry, artifact cache: a rule for each repository, to any target",
			Address: "acme.azurecr.example", images: []string{nginx, nodeExporter}, notServed: redis},
		{Name: "alibaba-acr", Doc: "Alibaba Cloud ACR: copies of chosen images in namespaces of your instance, no proxy",
			Address: "acme-registry.cr.example", images: []string{nginx, nodeExporter}, notServed: redis},
		{Name: "artifactory", Doc: "JFrog Artifactory: a remote repository for each upstream, its key first in the path",
			Address: "artifactory.example", images: []string{nginx, nodeExporter, pause}},
		{Name: "daocloud", Doc: "DaoCloud's public mirror: the upstream's host as a prefix, an allowlist of images",
			Address: "m.daocloud.io", Public: true,
			images: []string{nginx, "docker.elastic.co/elasticsearch/elasticsearch:8.15.0", "gcr.io/distroless/static:nonroot",
				"ghcr.io/fluxcd/source-controller:v1.4.1", "k8s.gcr.io/pause:3.5", "mcr.microsoft.com/dotnet/runtime:8.0",
				"nvcr.io/nvidia/cuda:12.6.1-base-ubuntu24.04", nodeExporter, pause}},
		{Name: "ecr", Doc: "Amazon ECR, pull-through cache: a prefix for each upstream, in the account's own registry",
			Address: "111122223333.dkr.ecr.example", images: []string{nginx, "public.ecr.aws/nginx/nginx:1.27", nodeExporter, pause}},
		{Name: "gar", Doc: "Google Artifact Registry: a remote repository for each upstream, in a project and a location",
			Address: "location-docker.pkg.example/project", images: []string{nginx}},
		{Name: "gitlab", Doc: "GitLab dependency proxy: Docker Hub alone, for one group, always with a token",
			Address: "gitlab.example/acme", images: []string{nginx}},
		{Name: "harbor", Doc: "Harbor: a proxy-cache project for each upstream",
			Address: "harbor.example", images: []string{nginx, nodeExporter, pause}},
		{Name: "huawei-swr", Doc: "Huawei Cloud SWR: copies of chosen images in an organization of yours, no proxy",
			Address: "swr.example/acme", images: []string{nginx, nodeExporter}, notServed: "httpd:2.4"},
		{Name: "nexus", Doc: "Sonatype Nexus: a proxy repository for each upstream, its name first in the path",
			Address: "nexus.example", images: []string{nginx, nodeExporter, pause}},
		{Name: "tencent-tcr", Doc: "Tencent Cloud TKE and TCR: quay.io by another host inside a VPC, copies in your instance",
			Address: "acme.tcr.example", images: []string{nginx, nodeExporter}, notServed: redis},
		{Name: "volcengine", Doc: "Volcengine CR: a remote proxy of Docker Hub that holds the namespaces made in it",
			Address: "acme.cr.example", images: []string{nginx}, notServed: redis},
	}
}

// Named is the preset of that name. The error lists all of them, and repeats the
// name only where it is spelled as one, as an address given in its place may hold
// a password.
func Named(name string) (Preset, error) {
	for _, p := range All() {
		if p.Name == name {
			return p, nil
		}
	}
	what := "this"
	if isWord(name) {
		what = strconv.Quote(name)
	}
	return Preset{}, fmt.Errorf("%s is no preset; name one of these:\n%s", what, strings.TrimSuffix(List(), "\n"))
}

// isWord reports lower-case letters, digits and dashes, of a length to be a name.
func isWord(name string) bool {
	return name != "" && len(name) <= 20 && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// List has a line for each preset: its name, and what it is.
func List() string {
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', 0)
	for _, p := range All() {
		// A strings.Builder takes everything.
		_, _ = fmt.Fprintf(table, "%s\t%s\n", p.Name, p.Doc)
	}
	_ = table.Flush()
	return text.String()
}
