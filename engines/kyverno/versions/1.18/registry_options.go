package admission

import (
	"context"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	gcrremote "github.com/google/go-containerregistry/pkg/v1/remote"
)

// What Kyverno 1.18 may ask of a registry's client beside the images themselves,
// none of which an offline registry has.

func (registryClient) Options(context.Context) ([]gcrremote.Option, error) {
	return nil, errNoSignatures
}

func (registryClient) NameOptions() []name.Option { return nil }

func (registryClient) Keychain() authn.Keychain { return authn.NewMultiKeychain() }
