package stack

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"

	"mirrorgen.dev/gen/e2e/process"
)

// identity is what the API servers of one run prove themselves and their users
// by. All of it is made anew and removed with the run's folder.
type identity struct {
	certificate, key string // files, PEM
	accountsKey      string // file, PEM: signs the tokens of ServiceAccounts
	tokens           string // file
	// authority is the certificate, for whoever connects.
	authority []byte
	// admin is the bearer token of a member of system:masters.
	admin string
}

func newIdentity(folder string) (*identity, error) {
	at := func(name string) string { return filepath.Join(folder, name) }
	i := &identity{certificate: at("server.crt"), key: at("server.key"), accountsKey: at("accounts.key"), tokens: at("tokens.csv")}

	key, err := newKey(i.key)
	if err != nil {
		return nil, err
	}
	if _, err := newKey(i.accountsKey); err != nil {
		return nil, err
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "mirrorgen e2e"},
		NotBefore:             now.Add(-time.Hour),
		NotAfter:              now.Add(24 * time.Hour),
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
		ExtKeyUsage:           []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		IsCA:                  true,
		IPAddresses:           []net.IP{net.ParseIP(process.Loopback)},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	i.authority = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	if err := os.WriteFile(i.certificate, i.authority, 0o600); err != nil {
		return nil, err
	}
	secret := make([]byte, 16)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	i.admin = hex.EncodeToString(secret)
	row := fmt.Sprintf("%s,%s,%s,\"system:masters\"\n", i.admin, adminName, adminName)
	return i, os.WriteFile(i.tokens, []byte(row), 0o600)
}

// adminName is the user that applies policies and submits objects.
const adminName = "e2e"

// newKey makes a key and writes it to a file.
func newKey(file string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}), 0o600)
}
