package testcase

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/harness/engine"
)

// update writes the wants of a case from the first pipeline that can run it,
// and deletes those that no longer apply. The other pipelines are then held to
// it, so an update cannot hide that they disagree.
func (r *runner) update(ctx context.Context, c *Case, set *PolicySet) error {
	for _, p := range r.Pipelines {
		if _, skip := p.skipReason(c); skip || p.notApplicable(c) != "" || !set.has(p.Mutate) || !set.has(p.Judge) {
			continue
		}
		got, err := r.admit(ctx, c, set, p)
		if err != nil {
			return err
		}
		return c.writeWants(got)
	}
	return fmt.Errorf("%s: no pipeline can run the case", c.Folder)
}

func (s *PolicySet) has(engine string) bool {
	_, ok := s.Files[engine]
	return ok
}

func (c *Case) writeWants(got *admitted) error {
	c.Want, c.Denied, c.WantCluster = nil, nil, nil
	objects, left := []byte(nil), []byte(nil)
	denied := []string(nil)
	if c.Cluster != nil {
		if len(got.cluster) == 0 {
			return fmt.Errorf("%s: nothing is left of the cluster, which %s cannot say; put an object that stays into %s", c.Folder, leftFile, clusterFile)
		}
		stream, err := document.Stream(got.cluster)
		if err != nil {
			return err
		}
		left = stream
		c.WantCluster = got.cluster
	}
	switch {
	case c.Operation == engine.Existing:
		// Nothing is admitted.
	case got.allowed:
		stream, err := document.Stream(got.objects)
		if err != nil {
			return err
		}
		objects = stream
		c.Want = got.objects
	default:
		if denied = got.messages; len(denied) == 0 {
			return fmt.Errorf("%s: denied without a message; there is nothing to want", c.Folder)
		}
		c.Denied = lines(denied)
	}
	c.Warned, c.Recorded = lines(got.warnings), lines(got.recorded)
	for name, data := range map[string][]byte{
		wantFile:     objects,
		leftFile:     left,
		deniedFile:   joined(denied),
		warnedFile:   joined(got.warnings),
		recordedFile: joined(got.recorded),
	} {
		if err := replace(filepath.FromSlash(c.file(name)), data); err != nil {
			return err
		}
	}
	return nil
}

// replace writes a file, or deletes it where there is nothing to write.
func replace(name string, data []byte) error {
	if data == nil {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	return artifact.WriteFile(name, data)
}

func joined(messages []string) []byte {
	if len(messages) == 0 {
		return nil
	}
	return []byte(strings.Join(messages, "\n") + "\n")
}

func lines(messages []string) []Line {
	var out []Line
	for i, message := range messages {
		out = append(out, Line{Text: message, Number: i + 1})
	}
	return out
}
