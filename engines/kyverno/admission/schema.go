package admission

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"sync"

	"github.com/kyverno/kyverno/cmd/cli/kubectl-kyverno/data"
	"github.com/kyverno/kyverno/ext/resource/loader"
	kyvernoyaml "github.com/kyverno/kyverno/ext/yaml"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/kubectl-validate/pkg/openapiclient"
	sigsyaml "sigs.k8s.io/yaml"
)

// schema decodes policies as an API server with Kyverno's CRDs does: unknown
// fields and wrong types are refused, defaults are filled in.
type schema struct {
	mutex sync.Mutex // the loaders cache schemas in a plain map
	// loaders are kept by file: reading all of Kyverno's CRDs takes half a second, the
	// one that is needed a fifth of it.
	loaders map[string]loader.Loader
}

// oneFile is a folder with one of its files in sight.
type oneFile struct {
	fs.FS
	name string
}

// ReadDir lists the one file.
func (o oneFile) ReadDir(dir string) ([]fs.DirEntry, error) {
	info, err := fs.Stat(o.FS, o.name)
	if err != nil {
		return nil, err
	}
	return []fs.DirEntry{fs.FileInfoToDirEntry(info)}, nil
}

// loaderOf makes the loader of a CRD when it is first needed.
func (s *schema) loaderOf(crd string) (loader.Loader, error) {
	if made := s.loaders[crd]; made != nil {
		return made, nil
	}
	crds, err := data.Crds()
	if err != nil {
		return nil, fmt.Errorf("read Kyverno's CRDs: %w", err)
	}
	made, err := loader.New(openapiclient.NewLocalCRDFiles(oneFile{crds, crd}))
	if err != nil {
		return nil, fmt.Errorf("read Kyverno's CRDs: %w", err)
	}
	if s.loaders == nil {
		s.loaders = map[string]loader.Loader{}
	}
	s.loaders[crd] = made
	return made, nil
}

// decode reads one YAML document.
func (s *schema) decode(document []byte) (runtime.Object, error) {
	var meta metav1.TypeMeta
	if err := sigsyaml.Unmarshal(document, &meta); err != nil {
		return nil, err
	}
	kind, err := kindOf(meta)
	if err != nil {
		return nil, err
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	reader, err := s.loaderOf(kind.crd)
	if err != nil {
		return nil, err
	}
	_, object, err := reader.Load(document)
	if err != nil {
		return nil, err
	}
	// As an API server does.
	switch namespaced := strings.HasPrefix(meta.Kind, "Namespaced") || meta.Kind == "Policy"; {
	case !namespaced:
		object.SetNamespace("")
	case object.GetNamespace() == "":
		object.SetNamespace(metav1.NamespaceDefault)
	}
	return kind.decode(object)
}

// documents splits a YAML stream. Kyverno's own splitter stops at the first empty
// document, which would silently drop the policies after it.
func documents(stream string) ([][]byte, error) {
	reader := yaml.NewYAMLReader(bufio.NewReader(strings.NewReader(stream)))
	var all [][]byte
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		document = bytes.TrimPrefix(document, []byte("---\n"))
		if !kyvernoyaml.IsEmptyDocument(document) {
			all = append(all, document)
		}
	}
}
