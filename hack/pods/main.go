// Command pods prints N Pods as one YAML stream, the same ones every time, with
// the mix of images of a real cluster: short names, Docker Hub users, other
// registries, and images that come from the mirror already.
package main

import (
	"bufio"
	"fmt"
	"math/rand"
	"os"
	"strconv"
)

func main() {
	n, err := strconv.Atoi(os.Args[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, "usage: pods N")
		os.Exit(2)
	}
	r := rand.New(rand.NewSource(7))
	out := bufio.NewWriter(os.Stdout)
	defer out.Flush()
	for i := range n {
		fmt.Fprintf(out, `---
apiVersion: v1
kind: Pod
metadata:
  name: pod-%d
  namespace: team-%d
  labels:
    app: app-%d
spec:
  initContainers:
  - name: init
    image: %s
  containers:
`, i, i%20, i%100, image(r))
		for _, name := range []string{"web", "sidecar"} {
			fmt.Fprintf(out, `  - name: %s
    image: %s
    env:
    - name: LEVEL
      value: info
    ports:
    - containerPort: 8080
    resources:
      requests:
        cpu: 100m
        memory: 64Mi
`, name, image(r))
		}
	}
}

func image(r *rand.Rand) string {
	name := []string{"nginx", "redis", "postgres", "busybox", "alpine"}[r.Intn(5)]
	if r.Intn(10) > 2 {
		name += fmt.Sprintf(":%d.%d", 1+r.Intn(9), r.Intn(20))
	}
	prefixes := []string{"", "", "", "bitnami/", "docker.io/library/", "quay.io/prometheus/", "registry.k8s.io/",
		"mirror.example.com/docker.io/library/", "mirror.example.com/docker.io/library/", "mirror.example.com/quay.io/acme/"}
	return prefixes[r.Intn(len(prefixes))] + name
}
