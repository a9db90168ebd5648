package spec

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maxCertificates bounds a file of certificates; a system's whole trust store
// is about 200 KiB.
const maxCertificates = 1 << 20

// ParseFile reads a spec from disk as Parse does, and looks at the files that
// it names: each caFile must be there, in the spec's folder or below it once
// symbolic links are followed, and hold certificates and nothing else. Whether
// a certificate has expired is not judged, so that the answer does not depend
// on the clock.
//
// An error that is no Problems means that the spec itself could not be read.
func ParseFile(path string) ([]*MirrorSet, error) {
	data, err := readAtMost(path, maxFile+1)
	if err != nil {
		return nil, err
	}
	sets, problems := parse(path, data)
	for _, set := range sets {
		for i, m := range set.Spec.Mirrors {
			if m.CAFile == "" {
				continue
			}
			if rule := checkCertificates(filepath.Dir(path), m.CAFile); rule != "" {
				at := index("spec.mirrors", i) + ".caFile"
				problems = append(problems, Problem{Position: set.Position(at), Path: at, Message: show(m.CAFile) + ": " + rule})
			}
		}
	}
	if err := problems.Err(); err != nil {
		return nil, err
	}
	return sets, nil
}

// readAtMost reads a regular file, no more than most bytes of it. Anything else,
// such as a named pipe, might never end.
func readAtMost(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: not a regular file", path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return io.ReadAll(io.LimitReader(file, most))
}

// checkCertificates says what is wrong with a file of certificates; "" for
// nothing. It never repeats the file's content.
func checkCertificates(folder, name string) string {
	root, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return "the spec's folder cannot be followed to its place"
	}
	path, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(name)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file; paths are relative to the spec's folder"
	case err != nil:
		return "cannot be followed to a file"
	}
	if rel, err := filepath.Rel(root, path); err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return "a symbolic link leads out of the spec's folder; copy the file there"
	}
	data, err := readAtMost(path, maxCertificates+1)
	switch {
	case err != nil:
		return "cannot be read as a file"
	case len(data) > maxCertificates:
		return fmt.Sprintf("has more than %d bytes; only certificates belong here", maxCertificates)
	}
	return checkPEM(data)
}

func checkPEM(data []byte) string {
	if bytes.Contains(data, []byte("PRIVATE KEY-----")) {
		return "holds a private key; keep certificates only, and treat the key as lost if it was committed"
	}
	count := 0
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		data = rest
		if block.Type != "CERTIFICATE" {
			return "holds a PEM block that is no certificate; keep certificates only"
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return "holds a PEM block that does not parse as a certificate"
		}
		count++
	}
	switch {
	case count == 0:
		return "holds no PEM certificate; convert it with: openssl x509 -inform der -outform pem"
	case bytes.Contains(data, []byte("-----BEGIN")):
		return "holds a broken PEM block behind the certificates"
	}
	return ""
}
