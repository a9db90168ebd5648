package loopback

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// MediaType is the media type of the one manifest that every registry serves.
const MediaType = "application/vnd.oci.image.manifest.v1+json"

const (
	configBlob = `{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}`
	layerBlob  = "a layer that nobody unpacks"
)

// Manifest is the image that every registry of a test holds in each of its
// repositories, under any tag and under its digest.
func Manifest() []byte {
	return fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":%q,"config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":%q,"size":%d},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":%q,"size":%d}]}`,
		MediaType, Digest([]byte(configBlob)), len(configBlob), Digest([]byte(layerBlob)), len(layerBlob))
}

// Digest is the digest under which a registry serves data.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// blobs are what the manifest names, by digest.
func blobs() map[string][]byte {
	return map[string][]byte{
		Digest([]byte(configBlob)): []byte(configBlob),
		Digest([]byte(layerBlob)):  []byte(layerBlob),
	}
}
