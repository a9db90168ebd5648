package diagnosis

import (
	"strings"
	"testing"
)

// The errors of the providers' own documents, by name: what they say is the
// cause, and the step that they tell to take.
func TestTheProvidersDocuments(t *testing.T) {
	for _, row := range []struct {
		name, message      string
		cause, host, image string
		// steps are texts that the remedy holds, in this order.
		steps []string
	}{
		{
			name:    "TencentTKENetworkIsNotOpen",
			message: `Error: failed to do request: Head "xxxx/manifests/late-st": dial tcp xxx:443: i/o timeout`,
			cause:   "network-timeout", host: "xxx:443",
			steps: []string{"public or private", "内网访问 > 新建", "公网访问", "NAT gateway"},
		},
		{
			name:    "TencentTKENetworkIsNotOpenAsTheEventSaysIt",
			message: `dial tcp x.x.x.x:443: i/o timeout`,
			cause:   "network-timeout", host: "x.x.x.x:443",
			steps: []string{"内网访问 > 新建"},
		},
		{
			name:    "TencentTKEPermissionIsMissing",
			message: `Error: code = Unknown, pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
			cause:   "access-denied",
			steps:   []string{"Check the name", "own namespace", "the namespace does not exist in the instance"},
		},
		{
			name:    "TencentTKEImageDoesNotExist",
			message: `Error: code = NotFound, failed to resolve reference "xxx:xxx": not found`,
			cause:   "not-found", host: "docker.io", image: "xxx:xxx",
			steps: []string{"list-tags"},
		},
		{
			name:    "TencentTKERegistrySpeaksHTTP",
			message: `Failed to pull image "10.16.100.174:5000/busybox:latest": failed to do request: Head "https://10.16.100.174:5000/v2/busybox/manifests/latest": http: server gave HTTP response to HTTPS client`,
			cause:   "http-response-to-https-client", host: "10.16.100.174:5000", image: "10.16.100.174:5000/busybox:latest",
			steps: []string{`eks.tke.cloud.tencent.com/registry-http-endpoint`, `"10.16.100.174:5000", the port included`},
		},
		{
			name:    "AlibabaECIRegistrySpeaksHTTP",
			message: `Failed to pull image "192.168.XX.XX:5000/test/nginx:latest": rpc error: code = Unknown desc = failed to do request: Head "https://192.168.XX.XX:5000/v2/test/nginx/manifests/latest": http: server gave HTTP response to HTTPS client`,
			cause:   "http-response-to-https-client", host: "192.168.XX.XX:5000", image: "192.168.XX.XX:5000/test/nginx:latest",
			steps: []string{`k8s.aliyun.com/plain-http-registry`, `"192.168.XX.XX:5000"`},
		},
		{
			name:    "AlibabaECICertificateIsSelfSigned",
			message: `ErrImagePull: failed to resolve reference "harbor.pre.example/test/nginx:latest": failed to do request: Head "https://harbor.pre.example/v2/test/nginx/manifests/latest": tls: failed to verify certificate: x509: certificate signed by unknown authority`,
			cause:   "x509-unknown-authority", host: "harbor.pre.example", image: "harbor.pre.example/test/nginx:latest",
			steps: []string{"k8s.aliyun.com/insecure-registry", `"harbor.pre.example"`},
		},
		{
			name:    "AlibabaECISaysOnlyThatItFailed",
			message: "ErrImagePull",
			cause:   "generic-no-detail",
			steps:   []string{"reason Failed"},
		},
		{
			name:    "HuaweiCCEBlobHostIsNotTrusted",
			message: `Failed to pull image "bitnami/redis-cluster:latest": rpc error: code = Unknown desc = error pulling image configuration: Get https://production.cloudflare.docker.com/registry-v2/docker/registry/v2/blobs/sha256/e8/e83853f03a2e792614e7c1e6de75d63e2d6d633b4e7c39b9d700792ee50f7b56/data?verify=1636972064-AQbl5RActnudDZV%2F3EShZwnqOe8%3D: x509: certificate signed by unknown authority`,
			cause:   "x509-unknown-authority", host: "production.cloudflare.docker.com", image: "bitnami/redis-cluster:latest",
			steps: []string{"openssl s_client -showcerts -connect production.cloudflare.docker.com:443", "EulerOS 2.9", "update-ca-trust", "systemctl restart containerd", "update-ca-certificates"},
		},
		{
			name:    "HuaweiCCEEventInChinese",
			message: `实例拉取镜像失败：Failed to pull image “www.3rdregistry.com/janedoe/awesomeapp:v1”: x509: certificate signed by unknown authority`,
			cause:   "x509-unknown-authority", host: "www.3rdregistry.com", image: "www.3rdregistry.com/janedoe/awesomeapp:v1",
			steps: []string{"www.3rdregistry.com:443"},
		},
		{
			name:    "TheBlogPullAccessDenied",
			message: "Error response from daemon: pull access denied for registry.example/janedoe/app, repository does not exist or may require 'docker login'",
			cause:   "access-denied", host: "registry.example", image: "registry.example/janedoe/app",
			steps: []string{"kubectl create secret docker-registry regcred", "--docker-server=registry.example", "kubectl patch serviceaccount default"},
		},
		{
			name:    "TheBlogSandboxImageIsPrivate",
			message: `Failed create pod sandbox: rpc error: code = Unknown desc = failed pulling image "registry.example/pause:3.1": Error response from daemon: pull access denied for registry.example/pause, repository does not exist or may require 'docker login'`,
			cause:   "access-denied", host: "registry.example", image: "registry.example/pause:3.1",
			steps: []string{"pull secrets and rewriting policies do not apply", "sandbox_image", "pinned_images.sandbox"},
		},
		{
			name:    "VolcengineNamespaceWasNotCreated",
			message: `failed to resolve reference "proxy-cn-beijing.cr.volces.com/bitnami/redis:7": pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed`,
			cause:   "access-denied", host: "proxy-cn-beijing.cr.volces.com", image: "proxy-cn-beijing.cr.volces.com/bitnami/redis:7",
			steps: []string{"the namespace has to be created with the upstream's name"},
		},
		{
			name:    "VolcengineVPCWasNotAdded",
			message: `failed to do request: Head "https://proxy-cn-beijing.cr.volces.com/v2/library/nginx/manifests/latest": dial tcp 10.0.3.4:443: i/o timeout`,
			cause:   "network-timeout", host: "proxy-cn-beijing.cr.volces.com", image: "proxy-cn-beijing.cr.volces.com/library/nginx:latest",
			steps: []string{"访问控制 > VPC"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			f := Diagnose(row.message, English)
			if f.Cause != row.cause || f.Host != row.host || f.Image != row.image {
				t.Errorf("got %s, host %q, image %q\nwant %s, host %q, image %q", f.Cause, f.Host, f.Image, row.cause, row.host, row.image)
			}
			rest := strings.Join(f.Remedy, "\n")
			for _, step := range row.steps {
				_, after, found := strings.Cut(rest, step)
				if !found {
					t.Errorf("%q is not in the remedy, or not behind the step before it:\n%s", step, strings.Join(f.Remedy, "\n"))
					continue
				}
				rest = after
			}
			if zh := Diagnose(row.message, Chinese); zh.Cause != f.Cause || len(zh.Remedy) != len(f.Remedy) || zh.Summary == f.Summary {
				t.Errorf("in Chinese: %+v", zh)
			}
		})
	}
}

func TestStepsForAnotherProviderAreLeftOut(t *testing.T) {
	f := Diagnose(`Head "https://demo.tencentcloudcr.com/v2/a/b/manifests/1": dial tcp 1.2.3.4:443: i/o timeout`, English)
	remedy := strings.Join(f.Remedy, "\n")
	if !strings.Contains(remedy, "TCR") || strings.Contains(remedy, "Volcengine") || strings.Contains(remedy, "SWR") {
		t.Errorf("for Tencent's registry: %s", remedy)
	}
	f = Diagnose(`Head "https://eviltencentcloudcr.com/v2/a/b/manifests/1": dial tcp 1.2.3.4:443: i/o timeout`, English)
	if strings.Contains(strings.Join(f.Remedy, "\n"), "TCR") {
		t.Error("a look-alike of Tencent's domain gets Tencent's step")
	}
}
