package stack

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/e2e/process"
)

// startPatience is how long a part may take to become ready. An idle machine
// needs 3 s, a loaded one ten times that.
const startPatience = 3 * time.Minute

// startEtcd runs the store. Nothing is synced to the disk: the data go with the run.
func (s *Stack) startEtcd(ctx context.Context) error {
	client, peer := s.ports.etcd, s.ports.etcdPeer
	clients, peers := "http://"+process.Address(client), "http://"+process.Address(peer)
	p, err := s.start("etcd", s.binaries.Etcd, nil,
		"--name=e2e", "--data-dir="+filepath.Join(s.folder.Path, "etcd"), "--unsafe-no-fsync", "--log-level=warn",
		"--listen-client-urls="+clients, "--advertise-client-urls="+clients,
		"--listen-peer-urls="+peers, "--initial-advertise-peer-urls="+peers, "--initial-cluster=e2e="+peers)
	if err != nil {
		return err
	}
	return Until(ctx, "etcd", startPatience, func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, clients+"/health", nil)
		if err != nil {
			return err
		}
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("/health: %s", answer.Status)
		}
		return nil
	}, p)
}

// auditPolicy records what this run's user writes, and nothing else: what a policy
// that audits notes of a request stands there.
const auditPolicy = `{"apiVersion":"audit.k8s.io/v1","kind":"Policy","omitStages":["RequestReceived"],"rules":[
{"level":"Metadata","users":["` + adminName + `"],"verbs":["create","update"]},{"level":"None"}]}`

// startAPIServer runs one API server. ServiceAccount admission is off: the
// controller that makes each namespace's account is not part of the stack.
func (s *Stack) startAPIServer(name string, port int, extra ...string) (*process.Process, error) {
	i := s.identity
	return s.start(name, s.binaries.APIServer, nil, append([]string{
		"--etcd-servers=http://" + process.Address(s.ports.etcd),
		"--bind-address=" + process.Loopback, "--advertise-address=" + process.Loopback, fmt.Sprintf("--secure-port=%d", port),
		"--tls-cert-file=" + i.certificate, "--tls-private-key-file=" + i.key, "--cert-dir=" + s.folder.Path,
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-key-file=" + i.accountsKey, "--service-account-signing-key-file=" + i.accountsKey,
		"--token-auth-file=" + i.tokens, "--authorization-mode=RBAC",
		"--service-cluster-ip-range=10.0.0.0/24", "--endpoint-reconciler-type=none", "--profiling=false",
	}, extra...)...)
}

// admissionPlugins are what policies act through.
const admissionPlugins = "MutatingAdmissionPolicy,ValidatingAdmissionPolicy,MutatingAdmissionWebhook,ValidatingAdmissionWebhook"

// startAPIServers runs the API server and, on the same store, a second one in
// which no policy and no webhook takes part.
func (s *Stack) startAPIServers(ctx context.Context) error {
	policy := filepath.Join(s.folder.Path, "audit-policy.json")
	if err := os.WriteFile(policy, []byte(auditPolicy), 0o600); err != nil {
		return err
	}
	front, err := s.startAPIServer("kube-apiserver", s.ports.api, "--disable-admission-plugins=ServiceAccount",
		"--audit-policy-file="+policy, "--audit-log-path="+s.AuditLog())
	if err != nil {
		return err
	}
	back, err := s.startAPIServer("kube-apiserver without policies", s.ports.back, "--disable-admission-plugins=ServiceAccount,"+admissionPlugins)
	if err != nil {
		return err
	}
	for _, server := range []struct {
		client *kubeapi.Client
		needed *process.Process
	}{{s.API, front}, {s.Back, back}} {
		for _, path := range []string{"/readyz", "/api/v1/namespaces/default"} {
			err := Until(ctx, server.client.Base()+path, startPatience, func(ctx context.Context) error {
				_, err := server.client.Must(ctx, kubeapi.Request{Method: http.MethodGet, Path: path})
				return err
			}, server.needed)
			if err != nil {
				return err
			}
		}
	}
	return nil
}
