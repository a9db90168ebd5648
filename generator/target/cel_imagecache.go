package target

import (
	"slices"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// imageCache renders the policy for Alibaba ECI's ImageCaches, which lie in no
// namespace and are read once; nil where the set does not serve that platform.
func (d celDialect) imageCache(plan *mirror.Plan) (*artifact.File, error) {
	if !slices.Contains(plan.Serverless, mirror.AlibabaECI) {
		return nil, nil
	}
	data := d.policy(plan, d.mutating, "imagecache")
	data["About"] = "Rewrites the images of ImageCaches (Alibaba Cloud ECI) to the mirrors of MirrorSet " + plan.Name + ", and\n" +
		"# says how they are pulled. An ImageCache lies in no namespace, so that the set's scope does not apply."
	data["Title"] = "Rewrite ImageCaches to the mirrors of " + plan.Name
	data["Subject"] = "ImageCache"
	data["Description"] = "Rewrites the images of new ImageCaches to the registry mirrors that hold them, and names the\n      pull secrets and the registries without verified HTTPS that they need."
	scope, err := celScope{resources: []string{
		"{apiGroups: [eci.alibabacloud.com], apiVersions: [v1], operations: [CREATE], resources: [imagecaches]}",
	}}.render(d.kyverno)
	if err != nil {
		return nil, err
	}
	data["Scope"] = scope
	celRewriteData(plan, celCacheLists(), data)
	// No schema of ours says what an ImageCache's spec is.
	data["Spec"] = true
	if err := celCacheNeeds(plan).render(plan, data); err != nil {
		return nil, err
	}
	return d.file(plan, "imagecache", "rewrite.yaml", data)
}
