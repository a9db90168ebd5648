package agreement

import (
	"testing"

	"mirrorgen.dev/gen/engines/runtimes/nodefiles"
	"mirrorgen.dev/gen/engines/runtimes/pulltest"
	"mirrorgen.dev/gen/generator/image/corpus"
	"mirrorgen.dev/gen/generator/mirror"
)

// The MirrorSets that the documents of providers come to.
var usual = []struct{ name, set string }{
	{"proxy-projects-of-one-harbor", `{mirrors: [{source: docker.io, mirror: harbor.example.com/dockerhub}, {source: quay.io, mirror: harbor.example.com/quay}, {source: ghcr.io, mirror: harbor.example.com/ghcr}, {source: gcr.io, mirror: harbor.example.com/gcr}, {source: registry.k8s.io, aliases: [k8s.gcr.io], mirror: harbor.example.com/k8s}]}`},
	{"a-host-for-each-registry", `{mirrors: [{source: docker.io, mirror: docker.m.example.com, fallbacks: [docker.n.example.com]}, {source: quay.io, mirror: quay.m.example.com}, {source: ghcr.io, mirror: "10.0.0.1:5000", transport: http}, {source: registry.k8s.io, mirror: "k8s.m.example.com:8443", transport: https-skip-verify}], nodes: {fallbackToUpstream: true}}`},
	{"docker-hub-alone", `{mirrors: [{source: docker.io, mirror: cr.example.com, fallbacks: ["10.0.0.1:5000"]}], registries: [{host: "10.0.0.1:5000", transport: http}]}`},
	{"some-namespaces", `{mirrors: [{source: docker.io, mirror: cr.example.com/hub, only: [library, bitnami], except: [library/nginx]}, {source: quay.io/prometheus, mirror: cr.example.com/prometheus}]}`},
}

func TestEveryImageOfTheCorpusIsAskedForWhereThePlanSays(t *testing.T) {
	var images []string
	for _, image := range corpus.RealImages(t) {
		images = append(images, image.Image)
	}
	for _, row := range corpus.Images(t) {
		images = append(images, row.Image)
	}
	list := all(t)
	for _, row := range usual {
		t.Run(row.name, func(t *testing.T) {
			set := nodefiles.Parse(t, pulltest.Head+row.set, nil)[0]
			plan := mirror.Compile(set)
			takers := 0
			for _, rt := range list {
				dir, ok := render(t, set, rt.renders)
				if !ok {
					continue
				}
				takers++
				t.Run(rt.name, func(t *testing.T) {
					endpoints := rt.load(t, dir)
					judged, rewritten := 0, 0
					for _, image := range images {
						status, ok := rt.judge(t, endpoints, set, plan, image, map[*limit]int{})
						if ok {
							judged++
						}
						if ok && status == mirror.Rewritten {
							rewritten++
						}
					}
					if t.Logf("%d images, %d of them rewritten", judged, rewritten); rewritten < 14 || judged < len(images)/4 {
						t.Error("too little was judged")
					}
				})
			}
			if takers == 0 {
				t.Error("no runtime takes the set")
			}
		})
	}
}
