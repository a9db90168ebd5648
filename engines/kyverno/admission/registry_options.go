package admission

import (
	"context"

	"github.com/google/go-containerregistry/pkg/name"
	gcrremote "github.com/google/go-containerregistry/pkg/v1/remote"
)

// What Kyverno may ask of a registry's client beside the images themselves, none
// of which an offline registry has. It stands in a file of its own as older
// versions of Kyverno ask for something else (../versions).

func (registryClient) Options(context.Context) ([]gcrremote.Option, []name.Option, error) {
	return nil, nil, errNoSignatures
}

func (registryClient) NameOptions() []name.Option { return nil }
