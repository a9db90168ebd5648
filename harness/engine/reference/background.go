package reference

import (
	"cmp"
	"fmt"
	"slices"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/workload"
)

// background clones pull secrets into a Namespace in scope, takes them away
// when it leaves the scope, and gives them to the ServiceAccounts that carry them.
func (r *run) background(plans []*mirror.Plan) error {
	r.outcome.Cluster = make([]map[string]any, 0, len(r.request.Cluster))
	for _, object := range r.request.Cluster {
		r.outcome.Cluster = append(r.outcome.Cluster, clone(object))
	}
	if workload.KindOf(r.request.Object) != "v1/Namespace" || r.request.SubResource != "" {
		return nil
	}
	before := len(r.outcome.Cluster)
	for _, p := range plans {
		if len(p.PullSecrets) == 0 {
			continue
		}
		was, err := covers(p, r.request.OldObject)
		if err != nil {
			return err
		}
		is, err := covers(p, r.request.Object)
		if err != nil {
			return err
		}
		switch {
		case is && terminating(r.request.Object):
			// The API server refuses new objects in it.
			r.note(p.Name+"/pull-secrets", false)
		case is:
			r.equipAccounts(p)
			r.cloneSecrets(p)
		case was:
			r.removeClones(p)
		}
	}
	made := r.outcome.Cluster[min(before, len(r.outcome.Cluster)):]
	slices.SortFunc(made, func(a, b map[string]any) int {
		return cmp.Or(cmp.Compare(workload.KindOf(a), workload.KindOf(b)), cmp.Compare(namespaceOf(a), namespaceOf(b)), cmp.Compare(nameOf(a), nameOf(b)))
	})
	return nil
}

// covers reports whether a Namespace is one that the plan's secrets are cloned
// into; nil is none.
func covers(p *mirror.Plan, namespace map[string]any) (bool, error) {
	if namespace == nil {
		return false, nil
	}
	return p.Scope.Covers(nameOf(namespace), workload.Labels(namespace))
}

// terminating reports whether a Namespace is being deleted.
func terminating(namespace map[string]any) bool {
	status, _ := namespace["status"].(map[string]any)
	return status["phase"] == "Terminating"
}

// cloneSecrets puts each pull secret's clone into the Namespace.
func (r *run) cloneSecrets(p *mirror.Plan) {
	rule := p.Name + "/pull-secrets"
	namespace := nameOf(r.request.Object)
	for _, name := range p.MirrorNames() {
		secret := p.Mirrors[name].PullSecret
		if secret == nil {
			continue
		}
		source := r.find("v1/Secret", secret.Namespace, secret.Name)
		if source < 0 {
			r.note(rule, true)
			r.outcome.Warnings = append(r.outcome.Warnings, fmt.Sprintf("engine: %s: error: Secret %s/%s is not there", rule, secret.Namespace, secret.Name))
			continue
		}
		made := clone(r.outcome.Cluster[source])
		metadata := made["metadata"].(map[string]any)
		metadata["name"], metadata["namespace"] = secret.Clone, namespace
		delete(metadata, "ownerReferences")
		r.note(rule, true)
		if at := r.find("v1/Secret", namespace, secret.Clone); at >= 0 {
			r.outcome.Cluster[at] = made
		} else {
			r.outcome.Cluster = append(r.outcome.Cluster, made)
		}
	}
}

func (r *run) removeClones(p *mirror.Plan) {
	for _, name := range p.MirrorNames() {
		secret := p.Mirrors[name].PullSecret
		if secret == nil {
			continue
		}
		at := r.find("v1/Secret", nameOf(r.request.Object), secret.Clone)
		r.note(p.Name+"/pull-secrets", true)
		if at >= 0 {
			r.outcome.Cluster = slices.Delete(r.outcome.Cluster, at, at+1)
		}
	}
}

// equipAccounts gives the ServiceAccounts that are there already their secrets.
// Of each secret that has an account which is not there, that is said once: the
// account gets it when it is made.
func (r *run) equipAccounts(p *mirror.Plan) {
	rule := p.Name + "/service-accounts"
	namespace := nameOf(r.request.Object)
	for _, name := range p.MirrorNames() {
		secret := p.Mirrors[name].PullSecret
		if secret == nil {
			continue
		}
		absent := ""
		for _, account := range secret.ServiceAccounts {
			at := r.find("v1/ServiceAccount", namespace, account)
			if at < 0 {
				absent = cmp.Or(absent, account)
				continue
			}
			lacks := missing([]string{secret.Clone}, pullSecretNames(r.outcome.Cluster[at]["imagePullSecrets"]))
			r.note(rule, len(lacks) > 0)
			addPullSecrets(r.outcome.Cluster[at], lacks)
		}
		if absent != "" {
			r.note(rule, true)
			r.outcome.Warnings = append(r.outcome.Warnings, fmt.Sprintf("engine: %s: error: ServiceAccount %s/%s is not there", rule, namespace, absent))
		}
	}
}

// find is the index of an object of the cluster; below 0 where it is not there.
func (r *run) find(kind, namespace, name string) int {
	return slices.IndexFunc(r.outcome.Cluster, func(object map[string]any) bool {
		return workload.KindOf(object) == kind && namespaceOf(object) == namespace && nameOf(object) == name
	})
}

func namespaceOf(object map[string]any) string {
	metadata, _ := object["metadata"].(map[string]any)
	namespace, _ := metadata["namespace"].(string)
	return namespace
}
