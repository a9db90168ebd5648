package diagnosis

import (
	"slices"
	"strings"
)

// A speech knows by its words what a message is about.
type speech struct {
	// pulls are what only a pull says; near is what a pull or its tools say.
	pulls, near []phrase
	// others are what other parts of a cluster say.
	others []phrase
}

// A topic is what one message is about.
type topic struct {
	// pull: the message speaks of pulling an image, or of a registry.
	pull bool
	// foreign: it speaks of something else, however alike the error.
	foreign bool
}

// of judges a message. Words that only a pull says outweigh those of other
// parts: a description of a Pod may hold a failed probe and a failed pull.
func (s speech) of(n normal) topic {
	if anyIn(s.pulls, n.low) {
		return topic{pull: true}
	}
	if anyIn(s.others, n.low) || foreignRequest(n) {
		return topic{foreign: true}
	}
	return topic{pull: anyIn(s.near, n.low) || slices.ContainsFunc(n.requests, func(r request) bool { return registryPath(r.path) })}
}

func anyIn(phrases []phrase, text string) bool {
	for _, p := range phrases {
		if p.in(text) {
			return true
		}
	}
	return false
}

func compileSpeech() speech {
	all := func(texts ...string) []phrase {
		list := make([]phrase, len(texts))
		for i, text := range texts {
			list[i] = compile(text)
		}
		return list
	}
	s := speech{
		pulls: all("pull access denied", "errimageneverpull", "invalidimagename", "registryunavailable", "signaturevalidationfailed", "pull qps exceeded", "image pull secret", "not present with pull policy", "failed to apply default image tag",
			"resolve reference", "reading manifest", "pulling image", "no match for platform in manifest", "unpack image", "pullimage"),
		// The paths of the protocol are here for hosts that were masked.
		near: all("/v2$", "/v2/$", "/v2/*/manifests/", "/v2/*/blobs/", "/v1/_ping", "toomanyrequests", "manifest unknown", "manifest_unknown", "name unknown", "name_unknown", "blob unknown", "trying next host", "registry", "error response from daemon", "docker pull", "docker:", "manifest", "blob", "layer", "oauth token", "bearer token", "anonymous token", "auth token", `image "`, "image '", "image=", "image: ", "get image", "docker image", "container image", "base image", "remote image", "image manifest", "image config", "image configuration", "image layer", "image not found", "images/create", "pull", "pulling", "containerd", "crictl", "ctr:", "nerdctl", "skopeo", "podman", "buildah", "buildkit", "httpreadseeker", "docker://", "dockerfile", "proxy to remote failed", "download complete", "pulling fs layer", "failed to copy:", "failed to do request", "failed to authorize",
			"镜像"),
		others: all("probe failed", "probe errored", "probe warning", "failed calling webhook", "failed to call webhook", "admission webhook", "denied the request",
			"networkplugin", "network for sandbox", "network for pod", "pod network sandbox", "cni network", "plugin type=", "failed (add)", "failed (delete)", "clusterinformation", "network sandbox",
			"mountvolume", "unmountvolume", "attachvolume", "unable to attach or mount", "failedmount", "unable to mount",
			"unable to connect to the server", "the connection to the server", "error from server", "couldn't get current server api group list", "failed to list *v1", "failed to watch", "error retrieving resource lock", "failed to get server groups", "kubernetes cluster unreachable", "installation failed", "upgrade failed", "error getting node", "unable to register node", "failed to update lease", "update status of node",
			"error during connect", "cannot connect to the docker daemon", "unable to access 'http", "git clone", "repository * not found fatal", "could not read from remote repository",
			"is not a valid chart repository", "helm repo", "failed to download metadata", "successfully pulled", "already present on machine", "restarting failed container", "nodes are available", "oomkilled", "executable file not found", "failed to create containerd task", "failed to create shim task", "oci runtime create failed", "tls handshake error from", "npm err", "etcdserver", "plugin/errors:", "failed to generate manifest", "manifest generation error",
			"the push refers to", "pushing image", "push for image", "failed to push", "error pushing", "pushing blob", "pushing layers", "docker push", "login attempt to", "login with your docker id",
			"error building at step", "returned a non-zero code", "did not complete successfully: exit code",
			"request.headers=", "response.headers=", "request.header.", "response.header.", "failed to create pod sandbox: rpc error: code = deadlineexceeded"),
	}
	for _, c := range kubeletCauses() {
		for _, a := range c.Anchors {
			if a.Rank == Wrapper && !a.OfPull {
				s.pulls = append(s.pulls, compile(a.Text))
			}
		}
	}
	return s
}

// stands reports whether nothing but the frame of an error stands before a
// signal, so that a bare "dial tcp 10.0.0.1:443: i/o timeout" is taken for what
// was asked about, and the same words in another program's log are not.
func stands(before string) bool {
	for _, segment := range strings.Split(before, ": ") {
		segment = strings.Trim(segment, " \"'[]():,-")
		if segment == "" || isNumeric(segment) {
			continue
		}
		framed := false
		for _, frame := range []string{"error", "err", "fata[", "erro[", "failed", "warning", "fatal", "warn", "level=", "msg=", "time=", "error=", "rpc error", "code =", "get ", "head ", "post ", "get\"", "dial ", "read ", "write ", "lookup ", "net/http", "http", "tls", "x509", "remote error", "failed to do request", "request", "unknown", "unauthorized", "denied", "net", "connect", "the ", "curl", "docker", "wsarecv", "wsasend", "connectex", "getsockopt"} {
			if strings.HasPrefix(segment, frame) {
				framed = true
				break
			}
		}
		if !framed {
			return false
		}
	}
	return true
}

func isNumeric(text string) bool {
	return strings.Trim(text, "0123456789.:-tz/ ") == ""
}
