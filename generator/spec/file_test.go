package spec

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// certificate makes one that expired long ago, which is not judged.
func certificate(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1, 0)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
}

// der is the one certificate of a PEM text as it stands in a file of DER.
func der(t *testing.T, text string) string {
	t.Helper()
	block, _ := pem.Decode([]byte(text))
	if block == nil {
		t.Fatal("no block")
	}
	return string(block.Bytes)
}

func TestParseFileLooksAtCertificates(t *testing.T) {
	const hunter = "aHVudGVyMg=="
	key := "-----BEGIN PRIVATE KEY-----\n" + hunter + "\n-----END PRIVATE KEY-----\n"
	cert := certificate(t)
	const (
		empty  = "is empty; put the CA's certificate there as PEM, or drop caFile"
		text   = "is text without a certificate; a certificate as PEM begins with the line -----BEGIN CERTIFICATE-----"
		binary = "holds no PEM certificate; convert it with: openssl x509 -inform der -outform pem"
	)
	for _, row := range []struct {
		why  string
		make func(t *testing.T, folder, outside string)
		want string
	}{
		{"a certificate", files("certs/ca.crt", cert), ""},
		{"two certificates with text around them", files("certs/ca.crt", "# root\n"+cert+"# other\n"+cert), ""},
		{"a link within the folder", func(t *testing.T, folder, _ string) {
			files("real/ca.crt", cert)(t, folder, "")
			link(t, "../real/ca.crt", filepath.Join(folder, "certs/ca.crt"))
		}, ""},
		{"no file", func(*testing.T, string, string) {}, "there is no such file; paths are relative to the spec's folder"},
		{"a link out of the folder", func(t *testing.T, folder, outside string) {
			files("ca.crt", cert)(t, outside, "")
			link(t, filepath.Join(outside, "ca.crt"), filepath.Join(folder, "certs/ca.crt"))
		}, "a symbolic link leads out of the spec's folder; copy the file there"},
		{"a folder that is a link out", func(t *testing.T, folder, outside string) {
			files("ca.crt", cert)(t, outside, "")
			link(t, outside, filepath.Join(folder, "certs"))
		}, "a symbolic link leads out of the spec's folder; copy the file there"},
		{"a link to a folder whose name only begins alike", func(t *testing.T, folder, _ string) {
			files("ca.crt", cert)(t, folder+"2", "")
			link(t, folder+"2/ca.crt", filepath.Join(folder, "certs/ca.crt"))
		}, "a symbolic link leads out of the spec's folder; copy the file there"},
		{"a link to itself", func(t *testing.T, folder, _ string) {
			link(t, "ca.crt", filepath.Join(folder, "certs/ca.crt"))
		}, "cannot be followed to a file"},
		{"a folder", func(t *testing.T, folder, _ string) { files("certs/ca.crt/x", "")(t, folder, "") }, "cannot be read as a file"},
		{"an empty file", files("certs/ca.crt", ""), empty},
		{"blank lines", files("certs/ca.crt", " \r\n\n"), empty},
		{"text", files("certs/ca.crt", hunter), text},
		{"text beyond ASCII, in lines", files("certs/ca.crt", "# le certificat\r\n\tarrivera à midi\n"), text},
		{"a certificate's base64 without its lines", files("certs/ca.crt", strings.Join(strings.Split(cert, "\n")[1:3], "\n")), text},
		{"DER", files("certs/ca.crt", der(t, cert)), binary},
		{"bytes that are nothing", files("certs/ca.crt", "\xff\xfe\x00"), binary},
		{"a certificate's beginning alone", files("certs/ca.crt", cert[:100]), "holds a broken PEM block and no certificate; copy the file anew, whole"},
		{"a private key", files("certs/ca.crt", key), "holds a private key; keep certificates only, and treat the key as lost if it was committed"},
		{"a private key behind a certificate", files("certs/ca.crt", cert+key), "holds a private key; keep certificates only, and treat the key as lost if it was committed"},
		{"a broken private key", files("certs/ca.crt", cert+"-----BEGIN EC PRIVATE KEY-----\n"+hunter), "holds a private key; keep certificates only, and treat the key as lost if it was committed"},
		{"another block", files("certs/ca.crt", cert+strings.ReplaceAll(key, "PRIVATE", "PUBLIC")), "holds a PEM block that is no certificate; keep certificates only"},
		{"a broken certificate", files("certs/ca.crt", strings.ReplaceAll(key, "PRIVATE KEY", "CERTIFICATE")), "holds a PEM block that does not parse as a certificate"},
		{"a certificate cut short", files("certs/ca.crt", cert+cert[:100]), "holds a broken PEM block behind the certificates"},
		{"a large file", files("certs/ca.crt", cert+strings.Repeat("#", maxCertificates)), "has more than 1048576 bytes; only certificates belong here"},
	} {
		t.Run(row.why, func(t *testing.T) {
			top := t.TempDir()
			folder, outside := filepath.Join(top, "spec"), filepath.Join(top, "outside")
			row.make(t, folder, outside)
			path := filepath.Join(folder, "mirrors.yaml")
			files("mirrors.yaml", minimal("caFile: certs/ca.crt", ""))(t, folder, "")
			sets, err := ParseFile(path)
			if row.want == "" {
				if err != nil || len(sets) != 1 {
					t.Errorf("got %v, %v", sets, err)
				}
				return
			}
			want := path + `:9:13: spec.mirrors[0].caFile: "certs/ca.crt": ` + row.want
			if err == nil || err.Error() != want {
				t.Errorf("\n got %v\nwant %s", err, want)
			}
		})
	}
}

func TestParseFileKeepsTheCertificatesAndNothingElse(t *testing.T) {
	one, two := certificate(t), certificate(t)
	folder := t.TempDir()
	files("ca.crt", "# root\r\n"+strings.ReplaceAll(one, "\n", "\r\n")+"password: hunter2\n"+two)(t, folder, "")
	files("r.crt", two)(t, folder, "")
	files("m.yaml", minimal("caFile: ca.crt", "registries: [{host: a.b, caFile: r.crt}, {host: c.d}]"))(t, folder, "")
	sets, err := ParseFile(filepath.Join(folder, "m.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if got := string(sets[0].Spec.Mirrors[0].CA); got != one+two {
		t.Errorf("the mirror's:\n%s\nwant\n%s", got, one+two)
	}
	if got := string(sets[0].Spec.Registries[0].CA); got != two {
		t.Errorf("the registry's:\n%s\nwant\n%s", got, two)
	}
	if sets[0].Spec.Registries[1].CA != nil {
		t.Error("a registry without caFile has certificates")
	}
	data, err := os.ReadFile(filepath.Join(folder, "m.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	// Text alone names a file that nobody has looked at.
	if sets, err = Parse("stdin", data); err != nil || sets[0].Spec.Mirrors[0].CA != nil {
		t.Errorf("from text: %v, %v", sets, err)
	}
}

func TestARegistrysCertificatesAreLookedAt(t *testing.T) {
	folder := t.TempDir()
	files("m.yaml", minimal("", "registries: [{host: a.b, caFile: none.crt}]"))(t, folder, "")
	path := filepath.Join(folder, "m.yaml")
	want := path + `:9:36: spec.registries[0].caFile: "none.crt": there is no such file; paths are relative to the spec's folder`
	if _, err := ParseFile(path); err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}

func TestParseFileSaysEverythingAtOnce(t *testing.T) {
	folder := t.TempDir()
	files("m.yaml", minimal("only: [A]\ncaFile: none.crt", ""))(t, folder, "")
	path := filepath.Join(folder, "m.yaml")
	want := path + `:9:12: spec.mirrors[0].only[0]: "A": a repository is lower case; write "a"` + "\n" +
		path + `:10:13: spec.mirrors[0].caFile: "none.crt": there is no such file; paths are relative to the spec's folder`
	if _, err := ParseFile(path); err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}

func TestParseFileNeedsAFile(t *testing.T) {
	folder := t.TempDir()
	if _, err := ParseFile(folder); err == nil || err.Error() != folder+": not a regular file" {
		t.Errorf("a folder: %v", err)
	}
	if _, err := ParseFile(filepath.Join(folder, "none.yaml")); !os.IsNotExist(err) {
		t.Errorf("no file: %v", err)
	}
}

func files(name, content string) func(t *testing.T, folder, outside string) {
	return func(t *testing.T, folder, _ string) {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func link(t *testing.T, target, path string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}
