package installer

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
)

const (
	// Namespace is the DaemonSet's own: its level of Pod Security lets a Pod
	// write to a node, which no other Pod there should.
	Namespace = "mirrorgen-nodes"
	// name is that of the DaemonSet, and the value of its label.
	name = "mirrorgen-nodes"
	// hostsFolder is the part of the output folder that the DaemonSet installs,
	// and CertsFolder where it goes on a node.
	hostsFolder = "containerd/certs.d/"
	// CertsFolder and StateFolder are all of a node that the DaemonSet can write
	// to: containerd's hosts, and what install.sh --hosts-only keeps.
	CertsFolder = "/etc/containerd/certs.d"
	StateFolder = "/var/lib/mirrorgen/hosts-only"
)

// DaemonSet returns the manifests that install files, as generated for an output
// folder, on every Linux node: a namespace, ConfigMaps and a DaemonSet, in the
// order in which they have to be applied. image has a POSIX shell, coreutils,
// findutils, grep, sed and awk, as busybox has, and has to lie on a mirror that
// nodes can reach already; whether it does is for the caller to check.
//
// It brings containerd's hosts and their certificates alone. All else on a node
// needs what a container should not have: its root for the system's trust, its
// config.toml for config_path, its service manager for a restart.
func DaemonSet(files []artifact.File, image string) ([]artifact.File, error) {
	if image == "" || strings.ContainsFunc(image, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		return nil, fmt.Errorf("installer image %q: not an image; name one that a mirror serves", image)
	}
	var hosts []artifact.File
	for _, file := range files {
		if strings.HasPrefix(file.Path, hostsFolder) {
			hosts = append(hosts, file)
		}
	}
	if len(hosts) == 0 {
		return nil, errors.New("installer daemonset: there are no files for containerd, which is all that it installs; add containerd to the runtimes, or use the installer script")
	}
	script, err := Script()
	if err != nil {
		return nil, err
	}
	maps, err := pack(append([]artifact.File{{Path: "install.sh", Data: script}}, hosts...))
	if err != nil {
		return nil, err
	}
	objects := []map[string]any{namespace()}
	for _, m := range maps {
		objects = append(objects, m.object())
	}
	return render(append(objects, daemonSet(image, maps)))
}

// render writes one file for each object. Their names sort in the order of the
// objects, which is the order in which kubectl apply -f takes the files of a folder.
func render(objects []map[string]any) ([]artifact.File, error) {
	var files []artifact.File
	for i, object := range objects {
		text, err := document.Marshal(object)
		if err != nil {
			return nil, err
		}
		path := fmt.Sprintf("daemonset/%02d-%s.yaml", i, strings.ToLower(object["kind"].(string)))
		files = append(files, artifact.File{Path: path, Data: append([]byte(artifact.Nodes.Header("")+comments[object["kind"].(string)]), text...)})
	}
	return files, nil
}

// comments say, in each file, what its reader has to know.
var comments = map[string]string{
	"Namespace": `# kubectl apply --server-side -f on the folder of this file. The level is privileged because the
# DaemonSet mounts two folders of the node; give nobody else the right to create Pods here.
`,
	"DaemonSet": `# The init container writes containerd's hosts on the node and ends; what stays has no mount, no
# right and no token. It sets no config_path, adds nothing to the system's trust and restarts
# nothing: install.sh on the node does. Deleting it leaves the files: see docs/nodes-install.md.
`,
}

func labels() map[string]any {
	return map[string]any{"app.kubernetes.io/managed-by": "mirrorgen", "app.kubernetes.io/name": name}
}

func namespace() map[string]any {
	level := labels()
	for _, mode := range []string{"enforce", "audit", "warn"} {
		level["pod-security.kubernetes.io/"+mode] = "privileged"
	}
	return map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": Namespace, "labels": level}}
}

func daemonSet(image string, maps []configMap) map[string]any {
	return map[string]any{
		"apiVersion": "apps/v1",
		"kind":       "DaemonSet",
		"metadata":   map[string]any{"name": name, "namespace": Namespace, "labels": labels()},
		"spec": map[string]any{
			"selector": map[string]any{"matchLabels": map[string]any{"app.kubernetes.io/name": name}},
			// A Pod whose init container fails is not available, so that a bad
			// change stops at the first node.
			"updateStrategy": map[string]any{"type": "RollingUpdate", "rollingUpdate": map[string]any{"maxUnavailable": 1}},
			"template": map[string]any{
				"metadata": map[string]any{
					"labels": labels(),
					// A change of the files is a change of the Pods.
					"annotations": map[string]any{"mirrorgen.dev/files": digest(maps)},
				},
				"spec": pod(image, maps),
			},
		},
	}
}

func pod(image string, maps []configMap) map[string]any {
	return map[string]any{
		"automountServiceAccountToken":  false,
		"enableServiceLinks":            false,
		"nodeSelector":                  map[string]any{"kubernetes.io/os": "linux"},
		"tolerations":                   []any{map[string]any{"operator": "Exists"}},
		"terminationGracePeriodSeconds": 5,
		"securityContext":               map[string]any{"seccompProfile": map[string]any{"type": "RuntimeDefault"}},
		"initContainers": []any{map[string]any{
			"name": "install", "image": image, "imagePullPolicy": "IfNotPresent",
			"command": []string{"sh", "/mirrorgen/install.sh", "install", "--hosts-only", "--root", "/host"},
			// Root, as the node's folders are; with no capability, nothing else of root is left.
			"securityContext": confined(map[string]any{"runAsUser": 0, "runAsGroup": 0}),
			"resources":       resources(),
			"volumeMounts": []any{
				map[string]any{"name": "files", "mountPath": "/mirrorgen", "readOnly": true},
				map[string]any{"name": "certs", "mountPath": "/host" + CertsFolder},
				map[string]any{"name": "state", "mountPath": "/host" + StateFolder},
				map[string]any{"name": "tmp", "mountPath": "/tmp"},
			},
		}},
		"containers": []any{map[string]any{
			"name": "idle", "image": image, "imagePullPolicy": "IfNotPresent",
			"command":         []string{"sh", "-c", `trap "exit 0" TERM; while :; do sleep 3600 & wait $!; done`},
			"securityContext": confined(map[string]any{"runAsNonRoot": true, "runAsUser": 65534, "runAsGroup": 65534}),
			"resources":       resources(),
		}},
		"volumes": []any{
			map[string]any{"name": "files", "projected": map[string]any{"defaultMode": 0o444, "sources": sources(maps)}},
			map[string]any{"name": "certs", "hostPath": map[string]any{"path": CertsFolder, "type": "DirectoryOrCreate"}},
			map[string]any{"name": "state", "hostPath": map[string]any{"path": StateFolder, "type": "DirectoryOrCreate"}},
			map[string]any{"name": "tmp", "emptyDir": map[string]any{"sizeLimit": "16Mi"}},
		},
	}
}

func confined(user map[string]any) map[string]any {
	user["allowPrivilegeEscalation"] = false
	user["readOnlyRootFilesystem"] = true
	user["capabilities"] = map[string]any{"drop": []string{"ALL"}}
	return user
}

func resources() map[string]any {
	return map[string]any{
		"requests": map[string]any{"cpu": "5m", "memory": "16Mi"},
		"limits":   map[string]any{"memory": "64Mi"},
	}
}

// digest changes with every file and its place.
func digest(maps []configMap) string {
	hash := sha256.New()
	for _, m := range maps {
		for _, item := range m.items {
			fmt.Fprintf(hash, "%s %d\n%s", item.path, len(item.data), item.data)
		}
	}
	return fmt.Sprintf("sha256:%x", hash.Sum(nil))
}
