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
	"unicode"
	"unicode/utf8"
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
		read := func(name, at string) []byte {
			if name == "" {
				return nil
			}
			certificates, rule := readCertificates(filepath.Dir(path), name)
			if rule != "" {
				problems = append(problems, Problem{Position: set.Position(at), Path: at, Message: show(name) + ": " + rule})
			}
			return certificates
		}
		for i := range set.Spec.Mirrors {
			m := &set.Spec.Mirrors[i]
			m.CA = read(m.CAFile, index("spec.mirrors", i)+".caFile")
		}
		for i := range set.Spec.Registries {
			r := &set.Spec.Registries[i]
			r.CA = read(r.CAFile, index("spec.registries", i)+".caFile")
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

// readCertificates returns the certificates of a file as PEM, or says what is
// wrong with it; "" for nothing. It never repeats the file's content.
func readCertificates(folder, name string) (certificates []byte, rule string) {
	root, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return nil, "the spec's folder cannot be followed to its place"
	}
	path, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(name)))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, "there is no such file; paths are relative to the spec's folder"
	case err != nil:
		return nil, "cannot be followed to a file"
	}
	if rel, err := filepath.Rel(root, path); err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return nil, "a symbolic link leads out of the spec's folder; copy the file there"
	}
	data, err := readAtMost(path, maxCertificates+1)
	switch {
	case err != nil:
		return nil, "cannot be read as a file"
	case len(data) > maxCertificates:
		return nil, fmt.Sprintf("has more than %d bytes; only certificates belong here", maxCertificates)
	}
	return onlyCertificates(data)
}

// onlyCertificates is the certificates of a PEM file, without the text that may
// stand around them.
func onlyCertificates(data []byte) (certificates []byte, rule string) {
	if bytes.Contains(data, []byte("PRIVATE KEY-----")) {
		return nil, "holds a private key; keep certificates only, and treat the key as lost if it was committed"
	}
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			break
		}
		data = rest
		if block.Type != "CERTIFICATE" {
			return nil, "holds a PEM block that is no certificate; keep certificates only"
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, "holds a PEM block that does not parse as a certificate"
		}
		certificates = append(certificates, pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: block.Bytes})...)
	}
	switch {
	case certificates == nil:
		return nil, noCertificate(data)
	case bytes.Contains(data, []byte("-----BEGIN")):
		return nil, "holds a broken PEM block behind the certificates"
	}
	return certificates, ""
}

// noCertificate is what is wrong with a file without one block of PEM.
func noCertificate(data []byte) string {
	switch {
	case len(bytes.TrimSpace(data)) == 0:
		return "is empty; put the CA's certificate there as PEM, or drop caFile"
	case bytes.Contains(data, []byte("-----BEGIN")):
		return "holds a broken PEM block and no certificate; copy the file anew, whole"
	case isText(data):
		return "is text without a certificate; a certificate as PEM begins with the line -----BEGIN CERTIFICATE-----"
	}
	return "holds no PEM certificate; convert it with: openssl x509 -inform der -outform pem"
}

// isText tells text from DER, whose lengths and numbers are control characters
// or no UTF-8.
func isText(data []byte) bool {
	return utf8.Valid(data) && !bytes.ContainsFunc(data, func(r rune) bool { return unicode.IsControl(r) && !unicode.IsSpace(r) })
}
