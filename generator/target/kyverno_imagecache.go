package target

import (
	"slices"
	"strings"

	"mirrorgen.dev/gen/generator/artifact"
	"mirrorgen.dev/gen/generator/mirror"
)

// imageCacheScope matches every new ImageCache: it lies in no namespace, and its
// annotations are read once.
const imageCacheScope = `    match:
      any:
      - resources:
          kinds: [eci.alibabacloud.com/v1/ImageCache]
          operations: [CREATE]`

// kyvernoImageCache renders the policy for Alibaba ECI's ImageCaches; nil where
// the set does not serve that platform.
func kyvernoImageCache(plan *mirror.Plan) (*artifact.File, error) {
	if !slices.Contains(plan.Serverless, mirror.AlibabaECI) {
		return nil, nil
	}
	data, err := rewriteData(plan)
	if err != nil {
		return nil, err
	}
	equipment := &equipment{
		rule:        "equip-cached-images",
		scope:       imageCacheScope,
		secrets:     plan.CacheSecrets(),
		annotations: keptLists(plan, mirror.CacheAnnotations()),
		first: strings.Join([]string{
			"request.object.{a:metadata.annotations,s:spec.imagePullSecrets,",
			"i:items(spec.images[*]!=null&&spec.images||`[]`,'i','c')[].{r:c}}",
		}, "\n"),
		named: "(s[?to_string(@)==@]||`[]`)",
		entry: "@",
		all:   "n",
	}
	equipped := ""
	if len(equipment.secrets) > 0 || len(equipment.annotations) > 0 {
		if equipped, err = equipment.render(plan); err != nil {
			return nil, err
		}
	}
	for key, value := range map[string]any{
		"Name":  plan.Name + "-imagecache",
		"Title": "Rewrite ImageCaches to the mirrors of " + plan.Name,
		"Scope": imageCacheScope,
		// Kyverno looks for the word "images" in an expression and, where no dot
		// stands before it, reads every image of the object.
		"Paths": "[].join('',['/spec/im','ages/',to_string(i)])",
		"Equip": equipped,
	} {
		data[key] = value
	}
	return kyvernoFile(plan, "imagecache", "imagecache.yaml", data)
}
