// Package templates embeds the files that targets are rendered from. YAML here
// is a template with the delimiters <% and %>, as Kyverno owns {{ }}; Rego is
// never templated: it is copied as it stands, and its data arrives as parameters.
package templates

import "embed"

// FS holds one folder per target, init: what gen init writes, and node: the
// script that gen nodes puts beside its files.
//
//go:embed cel kyverno kyverno-cel gatekeeper rego init node
var FS embed.FS
