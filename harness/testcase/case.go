// Package testcase turns a folder into a verdict: what is submitted, what is
// wanted of it, and what each pipeline of engines makes of it.
package testcase

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"sort"
	"strings"

	"mirrorgen.dev/gen/harness/engine"
)

// The files of a case.
const (
	caseFile     = "case.yaml"
	objectFile   = "object.yaml"
	oldFile      = "old.yaml"
	wantFile     = "want.yaml"
	deniedFile   = "want-denied.txt"
	warnedFile   = "want-warned.txt"
	recordedFile = "want-recorded.txt"
	clusterFile  = "cluster.yaml"
	leftFile     = "want-cluster.yaml"
)

// A Case is one claim: objects submitted, and what is wanted of them.
type Case struct {
	// Name is the folder's name; Folder its path as found, with slashes.
	Name, Folder string
	// Why is the claim's reason, one sentence.
	Why string
	// Spec is the MirrorSet's path, or Policies the paths of hand-written
	// policies; one of the two is set. Paths are relative to the working folder.
	Spec     string
	Policies []string
	// Operation: unset in the file reads as CREATE.
	Operation   engine.Operation
	SubResource string
	// NamespaceLabels: nil where the case does not know them.
	NamespaceLabels map[string]string
	// Skip maps a pipeline or an engine to the reason it is left out.
	Skip map[string]string
	// Registry lists the images that a live-registry policy sees.
	Registry []string
	// Unmatched: the claim is that no policy looks at the object.
	Unmatched bool

	// Objects are submitted one after another; OldObjects are what is stored,
	// one each for an UPDATE, else nil.
	Objects, OldObjects []map[string]any
	// Want is what comes of the objects, or Denied what is said; one of the two.
	Want   []map[string]any
	Denied []Line
	// Warned and Recorded: absent in the folder means none.
	Warned, Recorded []Line
	// Cluster are the objects that stand in the cluster; nil where the case is not
	// about what policies do after admission. WantCluster is what becomes of them.
	Cluster, WantCluster []map[string]any
}

// WantsDenial reports whether the claim is that the object is refused.
func (c *Case) WantsDenial() bool { return c.Denied != nil }

// Request is what is asked of an engine for the case's i-th object.
func (c *Case) Request(i int) engine.Request {
	request := engine.Request{Object: c.Objects[i], Operation: c.Operation, SubResource: c.SubResource,
		NamespaceLabels: c.NamespaceLabels, RegistryImages: c.Registry}
	switch c.Operation {
	case engine.Update:
		request.OldObject = c.OldObjects[i]
	case engine.Delete:
		request.Object, request.OldObject = nil, c.Objects[i]
	}
	return request
}

// A Line is one wanted message: exact text, or a regular expression between slashes.
type Line struct {
	Text    string
	Pattern *regexp.Regexp
	// Number is the line in its file, counted from 1.
	Number int
}

// Find lists the case folders below paths, sorted: a path is a case itself or a
// folder that holds cases. A path below which there is none is an error: what
// was asked for would otherwise pass by not being there.
func Find(paths []string) ([]string, error) {
	var folders []string
	seen := map[string]bool{}
	var problems []error
	for _, root := range paths {
		found := 0
		err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if entry.IsDir() || entry.Name() != caseFile {
				return nil
			}
			found++
			folder := filepath.ToSlash(filepath.Dir(name))
			if !seen[folder] {
				seen[folder] = true
				folders = append(folders, folder)
			}
			return nil
		})
		switch {
		case err != nil:
			problems = append(problems, err)
		case found == 0:
			problems = append(problems, fmt.Errorf("%s: holds no test case; a case is a folder with a %s", root, caseFile))
		}
	}
	sort.Strings(folders)
	return folders, errors.Join(problems...)
}

// Load reads a case. The error holds everything that is wrong with it.
func Load(folder string, forUpdate bool) (*Case, error) {
	c := &Case{Name: path.Base(filepath.ToSlash(folder)), Folder: filepath.ToSlash(folder)}
	problems := c.readHead()
	fail := func(err error) { problems = append(problems, err) }

	// A file that cannot be read is complained of for that alone, not as absent.
	unread := map[string]bool{}
	read := func(name string, required bool) []map[string]any {
		objects, err := c.readObjects(name, required)
		if err != nil {
			fail(err)
			unread[name] = true
		}
		return objects
	}
	c.Objects, c.OldObjects, c.Want = read(objectFile, true), read(oldFile, false), read(wantFile, false)
	c.Cluster, c.WantCluster = read(clusterFile, false), read(leftFile, false)
	switch {
	case c.Operation == engine.Update && len(c.OldObjects) != len(c.Objects) && len(c.Objects) > 0 && !unread[oldFile]:
		fail(fmt.Errorf("%s: an UPDATE needs one stored object for each of the %d submitted, found %d", c.file(oldFile), len(c.Objects), len(c.OldObjects)))
	case c.Operation != engine.Update && c.OldObjects != nil:
		fail(fmt.Errorf("%s: only an UPDATE has stored objects; write operation: UPDATE, or remove the file", c.file(oldFile)))
	}
	if c.Operation == engine.Existing && c.Cluster == nil && !unread[clusterFile] {
		fail(fmt.Errorf("%s: is needed for operation EXISTING, which is about what policies do in a cluster", c.file(clusterFile)))
	}
	for name, into := range map[string]*[]Line{deniedFile: &c.Denied, warnedFile: &c.Warned, recordedFile: &c.Recorded} {
		lines, err := c.readLines(name)
		if err != nil {
			fail(err)
			unread[name] = true
		}
		*into = lines
	}
	if !forUpdate {
		switch {
		case c.Cluster == nil && c.WantCluster != nil && !unread[clusterFile]:
			fail(fmt.Errorf("%s: there is no %s that it could come of; write one, or remove the file", c.file(leftFile), clusterFile))
		case c.Cluster != nil && c.WantCluster == nil && c.Denied == nil && !unread[leftFile] && !unread[deniedFile]:
			fail(fmt.Errorf("%s: %s is there, but not %s: what becomes of the cluster is not said; write it, or run gen test --update", c.Folder, clusterFile, leftFile))
		}
		switch {
		case c.Operation == engine.Existing:
			if c.Want != nil || c.Denied != nil {
				fail(fmt.Errorf("%s: operation EXISTING admits nothing; remove %s and %s", c.Folder, wantFile, deniedFile))
			}
		case c.Want == nil && c.Denied == nil && !unread[wantFile] && !unread[deniedFile]:
			fail(fmt.Errorf("%s: neither %s nor %s: a case without a wanted outcome proves nothing; write one, or run gen test --update", c.Folder, wantFile, deniedFile))
		case c.Want != nil && c.Denied != nil:
			fail(fmt.Errorf("%s: both %s and %s: an object is admitted or denied; remove one", c.Folder, wantFile, deniedFile))
		}
	}
	sort.Slice(problems, func(i, j int) bool { return problems[i].Error() < problems[j].Error() })
	return c, errors.Join(problems...)
}

func (c *Case) file(name string) string { return c.Folder + "/" + name }

// readObjects reads a YAML stream; nil where the file is absent and not required.
func (c *Case) readObjects(name string, required bool) ([]map[string]any, error) {
	file, err := os.Open(filepath.FromSlash(c.file(name)))
	if errors.Is(err, fs.ErrNotExist) && !required {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	objects, err := readStream(c.file(name), file)
	if err != nil {
		return nil, err
	}
	if len(objects) == 0 {
		return nil, fmt.Errorf("%s: holds no object", c.file(name))
	}
	return objects, nil
}

// readLines reads wanted messages; nil where the file is absent. A file without
// a line is an error, as it would want a refusal that says nothing.
func (c *Case) readLines(name string) ([]Line, error) {
	data, err := os.ReadFile(filepath.FromSlash(c.file(name)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var lines []Line
	for i, text := range strings.Split(strings.TrimPrefix(string(data), "\ufeff"), "\n") {
		text = strings.TrimSuffix(text, "\r")
		if strings.TrimSpace(text) == "" {
			continue
		}
		line := Line{Text: text, Number: i + 1}
		if len(text) > 2 && strings.HasPrefix(text, "/") && strings.HasSuffix(text, "/") {
			if line.Pattern, err = regexp.Compile(text[1 : len(text)-1]); err != nil {
				return nil, fmt.Errorf("%s:%d: %w", c.file(name), i+1, err)
			}
		}
		lines = append(lines, line)
	}
	if lines == nil {
		return nil, fmt.Errorf("%s: holds no message; write one a line, or remove the file", c.file(name))
	}
	return lines, nil
}

// Matches reports whether a message is the wanted one.
func (l Line) Matches(message string) bool {
	if l.Pattern != nil {
		return l.Pattern.MatchString(message)
	}
	return l.Text == message
}
