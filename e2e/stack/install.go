package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"mirrorgen.dev/gen/e2e/kubeapi"
)

// head finds what stands at the left edge of a document of Kyverno's manifest:
// the documents are sent as they are, 5 MB that need not be understood here.
var head = map[string]*regexp.Regexp{
	"apiVersion": regexp.MustCompile(`(?m)^apiVersion: (\S+)$`),
	"kind":       regexp.MustCompile(`(?m)^kind: (\S+)$`),
	"namespace":  regexp.MustCompile(`(?m)^  namespace: (\S+)$`),
}

// notInstalled are the kinds of the manifest that a stack of processes has no use
// for: there is no node to run a Deployment on.
var notInstalled = map[string]bool{"Deployment": true, "Service": true}

// installKyverno installs what Kyverno's manifest holds: its kinds, its accounts,
// and what these may do.
func (s *Stack) installKyverno(ctx context.Context) error {
	data, err := os.ReadFile(s.binaries.Manifest)
	if err != nil {
		return err
	}
	var kinds, rest [][]byte
	for _, document := range bytes.Split(data, []byte("\n---\n")) {
		switch kind := field(document, "kind"); {
		case kind == "" || notInstalled[kind]:
		case kind == "CustomResourceDefinition":
			kinds = append(kinds, document)
		default:
			rest = append(rest, document)
		}
	}
	if len(kinds) == 0 || len(rest) == 0 {
		return fmt.Errorf("%s: holds %d kinds and %d other objects: it is not what is expected", s.binaries.Manifest, len(kinds), len(rest))
	}
	for _, document := range rest {
		if err := s.createDocument(ctx, document); err != nil {
			return err
		}
	}
	// Nothing depends on the order of the kinds.
	problems := make([]error, len(kinds))
	var group sync.WaitGroup
	for i, document := range kinds {
		group.Go(func() { problems[i] = s.createDocument(ctx, document) })
	}
	group.Wait()
	for _, err := range problems {
		if err != nil {
			return err
		}
	}
	if err := s.Aggregate(ctx); err != nil {
		return err
	}
	if err := Until(ctx, "kyverno's kinds", startPatience, s.Established); err != nil {
		return err
	}
	for _, account := range []string{admissionAccount, backgroundAccount} {
		if err := s.writeKubeconfig(ctx, account); err != nil {
			return err
		}
	}
	return nil
}

func field(document []byte, name string) string {
	found := head[name].FindSubmatch(document)
	if found == nil {
		return ""
	}
	return strings.Trim(string(found[1]), `"'`)
}

func (s *Stack) createDocument(ctx context.Context, document []byte) error {
	version, kind := field(document, "apiVersion"), field(document, "kind")
	resource, err := s.Back.Resource(ctx, version, kind)
	if err != nil {
		return err
	}
	_, err = s.Back.Must(ctx, kubeapi.Request{Method: http.MethodPost, Path: resource.Path(field(document, "namespace"), ""), ContentType: kubeapi.YAML, Body: document})
	if err != nil {
		return fmt.Errorf("%s: %s: %w", s.binaries.Manifest, kind, err)
	}
	return nil
}

// Established asks whether both API servers serve every kind that is defined.
func (s *Stack) Established(ctx context.Context) error {
	answer, err := s.Back.Must(ctx, kubeapi.Request{Method: http.MethodGet, Path: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"})
	if err != nil {
		return err
	}
	items, _ := answer.Body["items"].([]any)
	for _, item := range items {
		definition, _ := item.(map[string]any)
		if !HasCondition(definition, "Established", "True") {
			return fmt.Errorf("%s is not established", kubeapi.Metadata(definition, "name"))
		}
		// A server that has just learnt of a kind answers 404 for a moment.
		spec, _ := definition["spec"].(map[string]any)
		names, _ := spec["names"].(map[string]any)
		versions, _ := spec["versions"].([]any)
		for _, version := range versions {
			fields, _ := version.(map[string]any)
			if fields["served"] != true {
				continue
			}
			path := fmt.Sprintf("/apis/%v/%v/%v?limit=1", spec["group"], fields["name"], names["plural"])
			for _, client := range []*kubeapi.Client{s.API, s.Back} {
				if _, err := client.Must(ctx, kubeapi.Request{Method: http.MethodGet, Path: path}); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// HasCondition reports whether an object's status.conditions say so.
func HasCondition(object map[string]any, kind, status string) bool {
	fields, _ := object["status"].(map[string]any)
	conditions, _ := fields["conditions"].([]any)
	for _, item := range conditions {
		condition, _ := item.(map[string]any)
		if condition["type"] == kind && condition["status"] == status {
			return true
		}
	}
	return false
}

// writeKubeconfig writes how a controller reaches the API server, with a token of
// its ServiceAccount: what it does is what its roles allow.
func (s *Stack) writeKubeconfig(ctx context.Context, account string) error {
	answer, err := s.Back.Must(ctx, kubeapi.Request{
		Method: http.MethodPost, Path: "/api/v1/namespaces/" + kyvernoNamespace + "/serviceaccounts/" + account + "/token",
		Body: map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": map[string]any{"expirationSeconds": 24 * 60 * 60}},
	})
	if err != nil {
		return err
	}
	status, _ := answer.Body["status"].(map[string]any)
	token, _ := status["token"].(string)
	config, err := json.Marshal(map[string]any{
		"apiVersion": "v1", "kind": "Config", "current-context": "e2e",
		"clusters": []any{map[string]any{"name": "e2e", "cluster": map[string]any{"server": s.API.Base(), "certificate-authority-data": s.identity.authority}}},
		"users":    []any{map[string]any{"name": account, "user": map[string]any{"token": token}}},
		"contexts": []any{map[string]any{"name": "e2e", "context": map[string]any{"cluster": "e2e", "user": account}}},
	})
	if err != nil {
		return err
	}
	s.kubeconf[account] = filepath.Join(s.folder.Path, account+".kubeconfig")
	return os.WriteFile(s.kubeconf[account], config, 0o600)
}
