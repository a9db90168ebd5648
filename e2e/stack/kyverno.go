package stack

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"mirrorgen.dev/gen/e2e/kubeapi"
	"mirrorgen.dev/gen/e2e/process"
)

// The names that Kyverno's chart and manifest give to what they install.
const (
	kyvernoNamespace  = "kyverno"
	admissionAccount  = "kyverno-admission-controller"
	backgroundAccount = "kyverno-background-controller"
	reportsAccount    = "kyverno-reports-controller"
)

// kyvernoEnvironment is what a controller's Deployment sets.
func kyvernoEnvironment(account, role string) []string {
	return []string{
		"KYVERNO_NAMESPACE=" + kyvernoNamespace, "KYVERNO_SERVICEACCOUNT_NAME=" + account, "KYVERNO_ROLE_NAME=" + role,
		"KYVERNO_DEPLOYMENT=" + account, "KYVERNO_POD_NAME=" + account + "-e2e", "KYVERNO_SVC=kyverno-svc",
		"INIT_CONFIG=kyverno", "METRICS_CONFIG=kyverno-metrics",
	}
}

// asInstalled are flags of Kyverno's manifest that are not the programs' own
// defaults, but for the format of the log.
var asInstalled = []string{"--loggingFormat=json", "--v=2", "--omitEvents=PolicyApplied,PolicySkipped", "--enablePolicyException=false"}

// quietly keeps a controller from listening for metrics: --disableMetrics alone
// leaves it on every address of the machine.
func quietly(port int) []string {
	return []string{"--disableMetrics=true", "--metricsHost=" + process.Loopback, "--metricsPort=" + strconv.Itoa(port), "--controllerRuntimeMetricsAddress=0"}
}

// StartKyverno runs the admission controller as the ServiceAccount that it has in
// a cluster, and waits until the API server would ask it.
func (s *Stack) StartKyverno(ctx context.Context) error {
	free, err := process.FreePorts(1)
	if err != nil {
		return err
	}
	address := process.Address(s.ports.webhooks)
	args := append([]string{
		"--kubeconfig=" + s.kubeconf[admissionAccount], "--serverIP=" + address,
		"--webhookServerHost=" + process.Loopback, "--webhookServerPort=" + strconv.Itoa(s.ports.webhooks), "--tlsKeyAlgorithm=ECDSA",
		"--caSecretName=kyverno-svc.kyverno.svc.kyverno-tls-ca", "--tlsSecretName=kyverno-svc.kyverno.svc.kyverno-tls-pair",
		"--backgroundServiceAccountName=system:serviceaccount:" + kyvernoNamespace + ":" + backgroundAccount,
		"--reportsServiceAccountName=system:serviceaccount:" + kyvernoNamespace + ":" + reportsAccount,
		fmt.Sprintf("--admissionReports=%t", !s.noReports),
	}, append(asInstalled, quietly(free[0])...)...)
	p, err := s.start("kyverno", s.binaries.Kyverno, kyvernoEnvironment(admissionAccount, "kyverno:admission-controller"), args...)
	if err != nil {
		return err
	}
	// Its certificate is its own, made at the first start and kept in a Secret.
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, DisableKeepAlives: true}}
	err = Until(ctx, "kyverno", startPatience, func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+address+"/health/readiness", nil)
		if err != nil {
			return err
		}
		answer, err := client.Do(request)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("/health/readiness: %s", answer.Status)
		}
		return nil
	}, p)
	if err != nil {
		return err
	}
	return Until(ctx, "kyverno's webhooks", startPatience, s.webhooksRegistered, p)
}

// webhooksRegistered asks for the configurations that Kyverno writes for policies.
func (s *Stack) webhooksRegistered(ctx context.Context) error {
	for _, path := range []string{"mutatingwebhookconfigurations/kyverno-policy-mutating-webhook-cfg", "validatingwebhookconfigurations/kyverno-policy-validating-webhook-cfg"} {
		if _, err := s.Back.Must(ctx, kubeapi.Request{Method: http.MethodGet, Path: "/apis/admissionregistration.k8s.io/v1/" + path}); err != nil {
			return err
		}
	}
	return nil
}

// Settings changes fields of Kyverno's own settings, the ConfigMap kyverno, and
// returns what puts them back. Kyverno sees such a change by itself.
func (s *Stack) Settings(ctx context.Context, data map[string]any) (restore func(context.Context) error, err error) {
	const path = "/api/v1/namespaces/" + kyvernoNamespace + "/configmaps/kyverno"
	now, err := s.Back.Must(ctx, kubeapi.Request{Method: http.MethodGet, Path: path})
	if err != nil {
		return nil, err
	}
	held, _ := now.Body["data"].(map[string]any)
	was := map[string]any{}
	for field := range data {
		was[field] = held[field]
	}
	patch := func(ctx context.Context, data map[string]any) error {
		_, err := s.Back.Must(ctx, kubeapi.Request{Method: http.MethodPatch, Path: path, ContentType: "application/merge-patch+json", Body: map[string]any{"data": data}})
		return err
	}
	return func(ctx context.Context) error { return patch(ctx, was) }, patch(ctx, data)
}

// KillKyverno ends the admission controller as a crash does: its webhooks stay
// registered.
func (s *Stack) KillKyverno() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := len(s.processes) - 1; i >= 0; i-- {
		if s.processes[i].name == "kyverno" {
			s.processes[i].Kill()
			s.processes = append(s.processes[:i], s.processes[i+1:]...)
			return
		}
	}
}

// startBackground runs the controller that clones Secrets and changes objects that
// exist, as its ServiceAccount.
func (s *Stack) startBackground(ctx context.Context) error {
	free, err := process.FreePorts(1)
	if err != nil {
		return err
	}
	args := append([]string{"--kubeconfig=" + s.kubeconf[backgroundAccount]}, append(asInstalled, quietly(free[0])...)...)
	p, err := s.start("kyverno-background", s.binaries.Background, kyvernoEnvironment(backgroundAccount, "kyverno:background-controller"), args...)
	if err != nil {
		return err
	}
	s.background = true
	// It says nothing when it is ready; it works once it holds its lease.
	return Until(ctx, "kyverno-background", startPatience, func(ctx context.Context) error {
		answer, err := s.Back.Must(ctx, kubeapi.Request{Method: http.MethodGet,
			Path: "/apis/coordination.k8s.io/v1/namespaces/" + kyvernoNamespace + "/leases/" + backgroundAccount})
		if err != nil {
			return err
		}
		spec, _ := answer.Body["spec"].(map[string]any)
		if holder, _ := spec["holderIdentity"].(string); holder == "" {
			return fmt.Errorf("nobody holds its lease")
		}
		return nil
	}, p)
}

// Quiet waits until Kyverno's background controller has had nothing to do for a
// while: it takes a moment to see what it has to do.
func (s *Stack) Quiet(ctx context.Context, patience time.Duration) error {
	if !s.background {
		return nil
	}
	idle := 0
	return Until(ctx, "kyverno-background", patience, func(ctx context.Context) error {
		if err := s.Idle(ctx); err != nil {
			idle = 0
			return err
		}
		if idle++; idle < 50 {
			return fmt.Errorf("it may yet begin something")
		}
		return nil
	})
}

// Idle asks whether Kyverno's background controller has nothing left to do. A
// request that failed for good stays, and is not waited for. Where the controller
// does not run, there is nobody to do anything.
func (s *Stack) Idle(ctx context.Context) error {
	if !s.background {
		return nil
	}
	answer, err := s.Back.Must(ctx, kubeapi.Request{Method: http.MethodGet, Path: "/apis/kyverno.io/v2/namespaces/" + kyvernoNamespace + "/updaterequests"})
	if err != nil {
		return err
	}
	items, _ := answer.Body["items"].([]any)
	for _, item := range items {
		request, _ := item.(map[string]any)
		status, _ := request["status"].(map[string]any)
		if status["state"] != "Failed" && status["state"] != "Completed" {
			return fmt.Errorf("update request %s: %v", kubeapi.Metadata(request, "name"), status)
		}
	}
	return nil
}
