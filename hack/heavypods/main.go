// Command heavypods writes Pods that cost a policy as much as Pods within the
// constraint's limits can, a file each, to a folder: hack/cost.sh measures them.
//
//	go run ./hack/heavypods FOLDER
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: heavypods FOLDER")
		os.Exit(2)
	}
	for name, images := range pods() {
		text, err := json.Marshal(pod(images))
		if err == nil {
			err = os.WriteFile(filepath.Join(os.Args[1], name+".json"), text, 0o644)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "heavypods:", err)
			os.Exit(2)
		}
	}
}

// host is a source of hack/manymirrors.
const host = "host0.example.net/"

// pods are images by the name of the file. The constraint judges at most 500 of
// them, of 40,000 characters in all.
func pods() map[string][]string {
	digest := "@sha256:" + strings.Repeat("a", 64)
	longest := host + strings.TrimSuffix(strings.Repeat(strings.Repeat("x", 30)+"/", 8), "/") + ":" + strings.Repeat("t", 128) + "@sha512:" + strings.Repeat("a", 128)
	return map[string][]string{
		"100-containers":        repeat(100, func(i int) string { return fmt.Sprintf("%steam/app%d:v1.%d%s", host, i, i, digest) }),
		"as-many-as-are-judged": repeat(500, func(i int) string { return fmt.Sprintf("%s%s%04d", host, strings.Repeat("x", 80-len(host)-4), i) }),
		"as-long-as-they-get":   repeat(40_000/len(longest), func(int) string { return longest }),
		"long-and-invalid":      repeat(40, func(int) string { return strings.Repeat("A", 1000) }),
		"quoted-all-over":       repeat(40, func(int) string { return strings.Repeat(`"`, 1000) }),
		"more-than-are-judged":  repeat(10_000, func(int) string { return "a" }),
		"all-mirrored":          repeat(9_000, func(int) string { return "mirror.example.com/host0/a" }),
	}
}

func repeat(count int, image func(int) string) []string {
	images := make([]string, count)
	for i := range images {
		images[i] = image(i)
	}
	return images
}

func pod(images []string) map[string]any {
	var containers []any
	for i, image := range images {
		containers = append(containers, map[string]any{"name": fmt.Sprintf("c%d", i), "image": image})
	}
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "heavy", "namespace": "shop"}, "spec": map[string]any{"containers": containers}}
}
