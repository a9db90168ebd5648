package migrate

import (
	"fmt"
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/spec"
)

// A writer writes YAML with comments.
type writer struct{ strings.Builder }

func (w *writer) line(indent int, text, remark string) {
	w.WriteString(strings.Repeat("  ", indent) + text)
	if remark != "" {
		w.WriteString("  # " + comment(remark))
	}
	w.WriteByte('\n')
}

func (w *writer) remark(indent int, text string) {
	w.WriteString(strings.Repeat("  ", indent) + "# " + comment(text) + "\n")
}

// list writes strings, one a line.
func (w *writer) list(indent int, name string, values []string) {
	if len(values) == 0 {
		return
	}
	w.line(indent, name+":", "")
	for _, value := range values {
		w.line(indent, "- "+quote(value), "")
	}
}

// write is a set as YAML; first says that it begins the stream.
func (r *reader) write(s *set, first bool) []byte {
	w := &writer{}
	if first {
		w.remark(0, "Written by gen migrate: above each mirror stands where it was read.")
		w.remark(0, "What could not be carried over is in the command's messages.")
	}
	w.line(0, "apiVersion: "+spec.APIVersion, "")
	w.line(0, "kind: "+spec.Kind, "")
	w.line(0, "metadata:", "")
	w.line(1, "name: "+quote(s.name), "")
	w.line(1, `annotations: {config.kubernetes.io/local-config: "true"}`, "")
	w.line(0, "spec:", "")
	w.line(1, "mirrors:", "")
	names := mirrorNames(s)
	for i, row := range s.rows {
		r.writeRow(w, row, names[i])
	}
	if len(s.registries) > 0 {
		w.line(1, "registries:", "")
		for _, registry := range s.registries {
			w.remark(1, registry.at.String())
			w.line(1, "- host: "+quote(registry.host), "")
			w.line(2, "transport: "+registry.transport, "")
			if registry.caFile != "" {
				w.line(2, "caFile: "+quote(registry.caFile), "")
				r.noteCertificates(registry.host)
			}
		}
	}
	writeScope(w, s.scope)
	if s.failure != "" {
		remark := s.failureAt[0].at.String()
		if !s.failureAt[0].written {
			remark += " does not say, which is Fail: no Pod is created while the policy engine is down; Ignore lets them through"
		}
		w.line(1, "rewrite:", "")
		w.line(2, "failurePolicy: "+s.failure, remark)
	}
	w.line(1, "constraint:", "")
	w.line(2, "enforcement: warn", "what was in use until now refused nothing; deny is what a MirrorSet does by itself")
	if s.upstream != nil {
		remark := "the registry itself is not asked"
		if *s.upstream {
			remark = "the registry itself is asked last"
		}
		w.line(1, "nodes:", "")
		w.line(2, fmt.Sprintf("fallbackToUpstream: %t", *s.upstream), remark)
	}
	return []byte(w.String())
}

func (r *reader) writeRow(w *writer, row row, name string) {
	w.remark(1, row.what+": "+places(row.at))
	w.line(1, "- source: "+quote(row.source), "")
	if name != "" {
		w.line(2, "name: "+quote(name), "")
	}
	w.line(2, "mirror: "+quote(row.mirror), "")
	w.list(2, "fallbacks", row.fallbacks)
	w.list(2, "except", row.except)
	transport, ca, _ := r.reached(row.mirror)
	if transport != "" {
		w.line(2, "transport: "+transport, r.hosts[hostOf(row.mirror)].at.String())
	}
	if ca != "" {
		w.line(2, "caFile: "+quote(ca), "")
		r.noteCertificates(hostOf(row.mirror))
	}
}

// places are file:line, file:line,line, each once, in their order.
func places(at []place) string {
	at = slices.Clone(at)
	slices.SortFunc(at, place.compare)
	var b strings.Builder
	for i, p := range at {
		switch {
		case i == 0:
			b.WriteString(p.String())
		case p.File != at[i-1].File:
			b.WriteString(", " + p.String())
		case p.Line != at[i-1].Line:
			fmt.Fprintf(&b, ",%d", p.Line)
		}
	}
	return b.String()
}

// mirrorNames names mirrors where the names that package spec derives from their
// sources would be the same; "" elsewhere.
func mirrorNames(s *set) []string {
	const longest = 40 // of a mirror's name
	most := min(longest, 63-len("mirrorgen-")-len(s.name)-len("-"))
	names, derived := make([]string, len(s.rows)), make([]string, len(s.rows))
	count := map[string]int{}
	for i, row := range s.rows {
		name := dashes(row.source)
		derived[i] = strings.TrimRight(name[:min(len(name), most)], "-")
		count[derived[i]]++
	}
	taken := map[string]bool{}
	for i, name := range derived {
		if count[name] == 1 {
			taken[name] = true
			continue
		}
		for n := 1; names[i] == "" || taken[names[i]] || count[names[i]] > 0; n++ {
			end := fmt.Sprintf("-%d", n)
			names[i] = strings.TrimRight(name[:min(len(name), most-len(end))], "-") + end
		}
		taken[names[i]] = true
	}
	return names
}

func dashes(source string) string {
	var b strings.Builder
	for _, c := range source {
		if c >= 'a' && c <= 'z' || c >= '0' && c <= '9' {
			b.WriteRune(c)
		} else if b.Len() > 0 && !strings.HasSuffix(b.String(), "-") {
			b.WriteByte('-')
		}
	}
	return b.String()
}

// writeScope writes which namespaces and Pods a set is about.
func writeScope(w *writer, s spec.Scope) {
	if len(s.ExcludeNamespaces) == 0 && s.NamespaceSelector == nil && s.PodSelector == nil {
		return
	}
	w.line(1, "scope:", "")
	w.list(2, "excludeNamespaces", s.ExcludeNamespaces)
	writeSelector(w, "namespaceSelector", s.NamespaceSelector)
	writeSelector(w, "podSelector", s.PodSelector)
}

func writeSelector(w *writer, name string, s *spec.Selector) {
	if s == nil {
		return
	}
	w.line(2, name+":", "")
	if len(s.MatchLabels) > 0 {
		w.line(3, "matchLabels:", "")
		keys := make([]string, 0, len(s.MatchLabels))
		for key := range s.MatchLabels {
			keys = append(keys, key)
		}
		slices.Sort(keys)
		for _, key := range keys {
			w.line(4, quote(key)+": "+quote(s.MatchLabels[key]), "")
		}
	}
	if len(s.MatchExpressions) > 0 {
		w.line(3, "matchExpressions:", "")
		for _, e := range s.MatchExpressions {
			w.line(3, "- key: "+quote(e.Key), "")
			w.line(4, "operator: "+quote(e.Operator), "")
			w.list(4, "values", e.Values)
		}
	}
}
