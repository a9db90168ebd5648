package migrate

import (
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
)

func TestWhichResultIsRightIsDecidedByRules(t *testing.T) {
	plans := []*mirror.Plan{planOf([]row{{source: "docker.io", mirror: "m.example/hub"}, {source: "quay.io/acme", mirror: "m.example/acme", except: []string{"own"}}})}
	digest := "@sha256:" + strings.Repeat("c", 64)
	joined := ":" + digest[1:]
	for _, row := range []struct {
		why, list, before string
		old, new          Answer
		right             Side
		say               string
	}{
		{"equal", "", "nginx", Answer{Image: "m.example/hub/library/nginx:latest"}, Answer{Image: "m.example/hub/library/nginx:latest"}, Same, ""},
		{"equal but for the tag that is meant", "", "nginx", Answer{Image: "m.example/hub/library/nginx"}, Answer{Image: "m.example/hub/library/nginx:latest"}, Same, ""},
		{"a digest joined by a colon", "", "nginx" + digest, Answer{Image: "m.example/hub/library/nginx" + joined}, Answer{Image: "m.example/hub/library/nginx" + digest}, New, "a digest is joined by @"},
		{"a scheme", "", "nginx", Answer{Image: "https://m.example/hub/library/nginx"}, Answer{Image: "m.example/hub/library/nginx:latest"}, New, "it holds a scheme"},
		{"no reference", "", "nginx", Answer{Image: "m.example/hub/Library/nginx"}, Answer{Image: "m.example/hub/library/nginx:latest"}, New, "not a valid reference: "},
		{"a lost digest", "", "nginx:1" + digest, Answer{Image: "m.example/hub/library/nginx:1"}, Answer{Image: "m.example/hub/library/nginx:1" + digest}, New, "the digest is lost"},
		{"a lost tag beside a digest", "", "nginx:1" + digest, Answer{Image: "m.example/hub/library/nginx" + digest}, Answer{Image: "m.example/hub/library/nginx:1" + digest}, New, "the tag is lost"},
		{"another tag", "", "nginx:1", Answer{Image: "m.example/hub/library/nginx:2"}, Answer{Image: "m.example/hub/library/nginx:1"}, New, `the tag becomes "2"`},
		{"no library/", "", "nginx:1", Answer{Image: "m.example/hub/nginx:1"}, Answer{Image: "m.example/hub/library/nginx:1"}, New, "lacks library/"},
		{"a lost path", "", "acme/web:1", Answer{Image: "m.example/hub/web:1"}, Answer{Image: "m.example/hub/acme/web:1"}, New, "is not below the mirror's address"},
		{"a host taken for a path", "", "registry-1.docker.io/acme/web:1", Answer{Image: "m.example/hub/registry-1.docker.io/acme/web:1"}, Answer{Image: "m.example/hub/acme/web:1"}, New, "for a part of the path"},
		{"a part of a host taken for another's name", "", "index.docker.io/acme/web:1", Answer{Image: "index.m.example/hub/acme/web:1"}, Answer{Image: "m.example/hub/acme/web:1"}, New, "takes a part of the host index.docker.io for the host docker.io"},
		{"the same before a host that no mirror is for", "", "docker.io.example/a/b:1", Answer{Image: "m.example/hub.example/a/b:1"}, Answer{Image: "docker.io.example/a/b:1"}, New, "takes a part of the host docker.io.example"},
		{"a host of its own for such a one is another place", "", "docker.io.example/a/b:1", Answer{Image: "n.example/a/b:1"}, Answer{Image: "docker.io.example/a/b:1"}, Undecided, "no mirror serves docker.io.example/a/b"},
		{"left, by another name of Docker Hub", "", "index.docker.io/acme/web:1", Answer{Image: "index.docker.io/acme/web:1"}, Answer{Image: "m.example/hub/acme/web:1"}, New, "docker.io by its name index.docker.io"},
		{"left, not written out", "", "acme/web:1", Answer{Image: "acme/web:1"}, Answer{Image: "m.example/hub/acme/web:1"}, New, "docker.io, not written out"},
		{"left, a volume", "volumes", "docker.io/acme/web:1", Answer{Image: "docker.io/acme/web:1"}, Answer{Image: "m.example/hub/acme/web:1"}, New, "old left it: an image volume"},
		{"left, an ephemeral container of no written host", "ephemeralContainers", "acme/web:1", Answer{Image: "acme/web:1"}, Answer{Image: "m.example/hub/acme/web:1"}, New, "an ephemeral container, docker.io, not written out"},
		{"left, in upper case", "", "QUAY.IO/acme/x:1", Answer{Image: "QUAY.IO/acme/x:1"}, Answer{Image: "m.example/acme/x:1"}, New, "a host in upper case"},
		{"left, one character", "", "r.example/x:1", Answer{Image: "r.example/x:1"}, Answer{Image: "m.example/x:1"}, New, "a repository of one character"},
		{"left, for no reason that shows", "", "quay.io/acme/xx:1", Answer{Image: "quay.io/acme/xx:1"}, Answer{Image: "m.example/acme/xx:1"}, New, "an image of a source"},
		{"below a source with a path, the rest of it counts", "", "quay.io/acme/web:1", Answer{Image: "n.example/web:1"}, Answer{Image: "m.example/acme/web:1"}, Undecided, "mean different places"},
		{"the rule failed", "", "nginx", Answer{Image: "nginx", Failed: "no such key"}, Answer{Image: "m.example/hub/library/nginx:latest"}, New, "old failed the whole rule: no such key"},
		{"the container is gone", "", "nginx", Answer{Image: "nginx", Gone: true}, Answer{Image: "m.example/hub/library/nginx:latest"}, New, "the container is gone"},
		{"both are places", "", "nginx:1", Answer{Image: "other.example/library/nginx:1"}, Answer{Image: "m.example/hub/library/nginx:1"}, Undecided, "both are valid"},
		{"no mirror serves it", "", "gcr.io/a/b:1", Answer{Image: "m.example/a/b:1"}, Answer{Image: "gcr.io/a/b:1"}, Undecided, "no mirror serves gcr.io/a/b"},
		{"rewritten again", "", "m.example/hub/acme/web:1", Answer{Image: "m.example/hub/m.example/hub/acme/web:1"}, Answer{Image: "m.example/hub/acme/web:1"}, New, "rewrites what a mirror serves already"},
		{"the new scope leaves it out", "", "nginx:1", Answer{Image: "m.example/hub/library/nginx:1"}, Answer{Image: "nginx:1", Unasked: "its scope"}, Undecided, "new leaves the Pod alone: its scope"},
		{"the new scope leaves out what was wrong", "", "nginx:1", Answer{Image: "m.example/hub/nginx:1"}, Answer{Image: "nginx:1", Unasked: "its scope"}, Undecided, "its scope; old: lacks library/"},
		{"the old scope leaves it out", "", "nginx:1", Answer{Image: "nginx:1", Unasked: "no rule"}, Answer{Image: "m.example/hub/library/nginx:1"}, Undecided, "old leaves the Pod alone: no rule"},
		{"the new one is wrong", "", "nginx:1" + digest, Answer{Image: "m.example/hub/library/nginx:1" + digest}, Answer{Image: "m.example/hub/library/nginx:1"}, Old, "new: the digest is lost"},
		{"both are wrong", "", "nginx:1" + digest, Answer{Image: "m.example/hub/nginx" + digest}, Answer{Image: "m.example/hub/library/nginx:1"}, Neither, "the tag is lost; new: the digest is lost"},
		{"what is no image stays", "", "NGINX", Answer{Image: "m.example/NGINX"}, Answer{Image: "NGINX"}, New, "old changed it"},
		{"the other way round", "", "NGINX", Answer{Image: "NGINX"}, Answer{Image: "m.example/NGINX"}, Old, "new changed it"},
		{"what is no image fails a rule", "", "NGINX", Answer{Image: "NGINX", Failed: "bad image"}, Answer{Image: "NGINX"}, New, "old failed the whole rule: bad image"},
		{"and both", "", "NGINX", Answer{Image: "a"}, Answer{Image: "b"}, Neither, "nothing can be made of it"},
		{"left alone by both", "", "quay.io/acme/own:1", Answer{Image: "quay.io/acme/own:1"}, Answer{Image: "quay.io/acme/own:1"}, Same, ""},
	} {
		got := Compare(plans, row.list, row.before, row.old, row.new)
		if got.Right != row.right || !strings.Contains(got.Why, row.say) || (got.Right == Same) != (got.Why == "") {
			t.Errorf("%s: %s, %q; want %s, %q", row.why, got.Right, got.Why, row.right, row.say)
		}
	}
	for side, name := range map[Side]string{Same: "same", New: "new", Old: "old", Neither: "neither", Undecided: "undecided", 0: "Side(0)"} {
		if side.String() != name {
			t.Errorf("%d is called %s", side, side)
		}
	}
}
