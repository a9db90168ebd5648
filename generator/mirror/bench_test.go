package mirror_test

import (
	"fmt"
	"testing"

	"mirrorgen.dev/gen/generator/spec"
)

// BenchmarkRewrite shows that the cost of an image does not depend on the
// number of mirrors.
func BenchmarkRewrite(b *testing.B) {
	images := []string{
		"nginx",
		"quay.io/prometheus/node-exporter:v1.8.2",
		"registry.k8s.io/ingress-nginx/controller:v1.9.4@sha256:" + hex[:64],
		"host7.example.net/team/app:1",
	}
	for _, mirrors := range []int{1, 10, 10_000} {
		list := []spec.Mirror{to("docker.io", "m.example.com/hub")}
		for i := 1; i < mirrors; i++ {
			list = append(list, spec.Mirror{Name: fmt.Sprintf("m%d", i), Source: fmt.Sprintf("host%d.example.net", i), Mirror: fmt.Sprintf("m.example.com/h%d", i)})
		}
		plan := planOf(list...)
		b.Run(fmt.Sprintf("mirrors=%d", mirrors), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i++ {
				plan.Rewrite(images[i%len(images)])
			}
		})
	}
}
