package node

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"strconv"
	"time"

	"mirrorgen.dev/gen/generator/spec"
)

// CheckCertificates holds the certificates of every caFile against the clock:
// one that has expired or is not valid yet is an error, since a registry behind
// it cannot be pulled from. One that is no CA is warned of: it vouches for
// nothing but itself. Render does neither, so that its output depends on no clock.
func CheckCertificates(sets []*spec.MirrorSet, now time.Time) (warnings []spec.Problem, err error) {
	var problems spec.Problems
	for _, set := range sets {
		look := func(caFile string, ca []byte, path string) {
			certificates := parse(ca)
			for i, certificate := range certificates {
				p := spec.Problem{Position: set.Position(path), Path: path}
				p.Message = strconv.Quote(caFile) + ": " + name(certificate, i, len(certificates))
				switch {
				case now.After(certificate.NotAfter):
					p.Message += " expired on " + day(certificate.NotAfter) + "; replace it, or remove it from the file"
					problems = append(problems, p)
				case now.Before(certificate.NotBefore):
					p.Message += " is not valid before " + day(certificate.NotBefore) + "; replace it, or correct this machine's clock"
					problems = append(problems, p)
				case !certificate.BasicConstraintsValid || !certificate.IsCA:
					p.Message += " is no CA: it vouches for itself alone, until the registry renews it"
					if !selfSigned(certificate) {
						p.Message += "; name the CA that issued it"
					}
					warnings = append(warnings, p)
				}
			}
		}
		for i, m := range set.Spec.Mirrors {
			look(m.CAFile, m.CA, index("spec.mirrors", i)+".caFile")
		}
		for i, r := range set.Spec.Registries {
			look(r.CAFile, r.CA, index("spec.registries", i)+".caFile")
		}
	}
	return warnings, problems.Err()
}

// parse reads certificates that package spec has read before.
func parse(ca []byte) []*x509.Certificate {
	var certificates []*x509.Certificate
	for block, rest := pem.Decode(ca); block != nil; block, rest = pem.Decode(rest) {
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			certificates = append(certificates, certificate)
		}
	}
	return certificates
}

// maxName bounds what is shown of a certificate's subject.
const maxName = 80

// name tells a certificate from the others of its file.
func name(certificate *x509.Certificate, i, of int) string {
	text := "the certificate"
	if of > 1 {
		text = fmt.Sprintf("certificate %d of %d", i+1, of)
	}
	if subject := certificate.Subject.String(); subject != "" && len(subject) <= maxName {
		text += " " + strconv.QuoteToASCII(subject)
	}
	return text
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

func selfSigned(certificate *x509.Certificate) bool {
	return bytes.Equal(certificate.RawSubject, certificate.RawIssuer)
}
