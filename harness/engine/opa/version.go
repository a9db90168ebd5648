package opa

import "github.com/open-policy-agent/opa/v1/version"

// Version is that of the Open Policy Agent which is linked, such as v1.22.0.
func Version() string { return "v" + version.Version }
