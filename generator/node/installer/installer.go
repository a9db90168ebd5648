// Package installer makes what brings node files to a node: install.sh, which is
// run on the node, and a DaemonSet that runs it where nobody may log in.
package installer

import (
	"bytes"
	"fmt"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/templates"
)

// scriptPath is where the script lies in templates.FS.
const scriptPath = "node/install.sh"

// Script returns install.sh, the same for every MirrorSet: it reads the folder
// that it lies in. Its second line is the header of gen nodes.
func Script() ([]byte, error) {
	text, err := templates.FS.ReadFile(scriptPath)
	if err != nil {
		return nil, err
	}
	interpreter, rest, _ := bytes.Cut(text, []byte("\n"))
	return fmt.Appendf(nil, "%s\n%s%s", interpreter, artifact.Nodes.Header(""), rest), nil
}
