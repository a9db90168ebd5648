package admission

import (
	"context"
	"errors"
	"fmt"

	"mirrorgen.dev/gen/engines/protocol"
)

// Load decodes, validates and compiles policies. The error names every file and
// object that an API server would refuse, or that cannot be run offline.
func (e *Engine) Load(ctx context.Context, files []protocol.File) (session *Session, err error) {
	defer recovered(&err)
	var problems []error
	var objects []*manifest
	unread := false
	seen := map[string]string{}
	for _, file := range files {
		all, err := documents(file.Data)
		if err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", file.Path, err))
			continue
		}
		for i, document := range all {
			at := file.Path
			if len(all) > 1 {
				at = fmt.Sprintf("%s: document %d", file.Path, i+1)
			}
			decoded, err := e.decoder.decode(document)
			if err != nil {
				problems = append(problems, fmt.Errorf("%s: %w", at, err))
				unread = true
				continue
			}
			decoded.at = fmt.Sprintf("%s: %s %q", at, decoded.kind, decoded.GetName())
			key := decoded.kind + "/" + decoded.GetName()
			if first, ok := seen[key]; ok {
				problems = append(problems, fmt.Errorf("%s: one of this name is in %s already", decoded.at, first))
				continue
			}
			seen[key] = file.Path
			for _, problem := range check(decoded) {
				problems = append(problems, fmt.Errorf("%s: %w", decoded.at, problem))
			}
			objects = append(objects, decoded)
		}
	}
	if !unread {
		problems = append(problems, unbound(objects)...)
	}
	if len(problems) > 0 {
		return nil, errors.Join(problems...)
	}
	if len(objects) == 0 {
		return nil, fmt.Errorf("no %s or %s in %d file(s): nothing to judge by", kindMutating, kindValidating, len(files))
	}
	return e.session(objects)
}
