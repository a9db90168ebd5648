package spec

// bind fills a MirrorSet from what was read. What was refused is left empty.
func bind(v *value, positions map[string]Position) *MirrorSet {
	meta, body := v.get("metadata"), v.get("spec")
	m := &MirrorSet{
		Name:        meta.get("name").string(),
		Namespace:   meta.get("namespace").string(),
		Annotations: meta.get("annotations").dictionary(),
		Labels:      meta.get("labels").dictionary(),
		Positions:   positions,
		Spec: Spec{
			Scope:      bindScope(body.get("scope")),
			Rewrite:    Rewrite{FailurePolicy: body.get("rewrite").get("failurePolicy").string()},
			Constraint: bindConstraint(body.get("constraint")),
			Nodes: Nodes{
				OnUnsupported:      body.get("nodes").get("onUnsupported").string(),
				FallbackToUpstream: body.get("nodes").get("fallbackToUpstream").written(),
			},
			Serverless: body.get("serverless").strings(),
		},
	}
	for _, item := range body.get("mirrors").list() {
		m.Spec.Mirrors = append(m.Spec.Mirrors, bindMirror(item))
	}
	for _, item := range body.get("registries").list() {
		m.Spec.Registries = append(m.Spec.Registries, Registry{
			Host:      item.get("host").string(),
			Transport: item.get("transport").string(),
			CAFile:    item.get("caFile").string(),
		})
	}
	return m
}

func bindMirror(v *value) Mirror {
	m := Mirror{
		Name:      v.get("name").string(),
		Source:    v.get("source").string(),
		Aliases:   v.get("aliases").strings(),
		Mirror:    v.get("mirror").string(),
		Fallbacks: v.get("fallbacks").strings(),
		Only:      v.get("only").strings(),
		Except:    v.get("except").strings(),
		Transport: v.get("transport").string(),
		CAFile:    v.get("caFile").string(),
	}
	if secret := v.get("pullSecret"); secret != nil {
		m.PullSecret = &PullSecret{
			Name:            secret.get("name").string(),
			Namespace:       secret.get("namespace").string(),
			ServiceAccounts: secret.get("serviceAccounts").strings(),
			AllNamespaces:   secret.get("allNamespaces").bool(),
		}
	}
	return m
}

func bindScope(v *value) Scope {
	return Scope{
		ExcludeNamespaces:       v.get("excludeNamespaces").strings(),
		IncludeSystemNamespaces: v.get("includeSystemNamespaces").bool(),
		NamespaceSelector:       bindSelector(v.get("namespaceSelector")),
		PodSelector:             bindSelector(v.get("podSelector")),
	}
}

func bindSelector(v *value) *Selector {
	if v == nil {
		return nil
	}
	s := &Selector{MatchLabels: v.get("matchLabels").dictionary()}
	for _, item := range v.get("matchExpressions").list() {
		s.MatchExpressions = append(s.MatchExpressions, Requirement{
			Key:      item.get("key").string(),
			Operator: item.get("operator").string(),
			Values:   item.get("values").strings(),
		})
	}
	return s
}

func bindConstraint(v *value) Constraint {
	return Constraint{
		Enforcement:       v.get("enforcement").string(),
		FailurePolicy:     v.get("failurePolicy").string(),
		HonourPodSelector: v.get("honourPodSelector").bool(),
		AllowRegistries:   v.get("allowRegistries").strings(),
	}
}

func (v *value) string() string {
	if v == nil {
		return ""
	}
	return v.text
}

func (v *value) bool() bool { return v != nil && v.yes }

// written is nil where the boolean was not.
func (v *value) written() *bool {
	if v == nil {
		return nil
	}
	return &v.yes
}

func (v *value) list() []*value {
	if v == nil {
		return nil
	}
	return v.items
}

// strings is nil for an empty list: no field tells the two apart.
func (v *value) strings() []string {
	var texts []string
	for _, item := range v.list() {
		texts = append(texts, item.text)
	}
	return texts
}

// dictionary is nil for an empty mapping, likewise.
func (v *value) dictionary() map[string]string {
	if v == nil || len(v.keys) == 0 {
		return nil
	}
	texts := make(map[string]string, len(v.keys))
	for _, key := range v.keys {
		texts[key] = v.fields[key].text
	}
	return texts
}
