// Package agreement holds every runtime to the plan: whatever the MirrorSet, the
// place where a node asks for an image is the one that admission would rewrite
// it to.
package agreement

import (
	"errors"
	"io"
	"math/rand"
	"os"
	"strings"
	"testing"

	"github.com/sirupsen/logrus"

	"mirrorgen.dev/gen/engines/runtimes"
	"mirrorgen.dev/gen/engines/runtimes/loopback"
	"mirrorgen.dev/gen/engines/runtimes/nodefiles"
	"mirrorgen.dev/gen/generator/document"
	"mirrorgen.dev/gen/generator/image/corpus"
	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/mirror/mirrortest"
	"mirrorgen.dev/gen/generator/node"
	"mirrorgen.dev/gen/generator/spec"
)

// world is what TestMain makes before any test: the trust store and the proxies
// of the process, which Go reads once.
var world loopback.World

func TestMain(m *testing.M) {
	logrus.SetOutput(io.Discard) // the libraries log each endpoint that fails
	os.Exit(loopback.Main(m, &world))
}

// render returns the folder of one runtime, or false where it refuses the set.
func render(t *testing.T, set *spec.MirrorSet, runtime string) (dir string, ok bool) {
	t.Helper()
	files, _, err := node.Render([]*spec.MirrorSet{set}, node.Options{Runtimes: []string{runtime}})
	var problems spec.Problems
	if errors.As(err, &problems) {
		return "", false
	}
	if err != nil {
		t.Fatalf("%v\n%s", err, show(set))
	}
	return nodefiles.Write(t, files), true
}

// agrees holds the endpoints of an image to what is wanted, in order.
func (rt runtime) agrees(endpoints []runtimes.Endpoint, w want) bool {
	if extra := len(endpoints) - len(w.asked); rt.always && extra == 1 {
		// Behind what the files say the registry itself is asked; where the files
		// are about that registry, it is the same place again.
		endpoints = endpoints[:len(w.asked)]
	}
	if len(endpoints) != len(w.asked) {
		return false
	}
	for i, e := range endpoints {
		if rt.usual(e.Location) != rt.usual(w.asked[i].location) || !e.Speaks(w.asked[i].transport) {
			return false
		}
	}
	return true
}

// usual leaves out the port of HTTPS or HTTP where the runtime is known by what
// it dials, and has one name for Docker Hub's two hosts, as the Network does.
func (rt runtime) usual(location string) string {
	if rt.renders != node.K3s {
		return location
	}
	host, rest, _ := strings.Cut(location, "/")
	if host = strings.TrimSuffix(strings.TrimSuffix(host, ":443"), ":80"); host == "index.docker.io" {
		host = "registry-1.docker.io"
	}
	return host + "/" + rest
}

// A tally counts what one runtime was judged by.
type tally struct{ sets, images, rewritten int }

// judge asks the runtime for an image and for what admission would make of it.
func (rt runtime) judge(t *testing.T, endpoints func(string) ([]runtimes.Endpoint, error), set *spec.MirrorSet, plan *mirror.Plan, text string, met map[*limit]int) (status mirror.Status, ok bool) {
	w := wantOf(set, plan, text)
	if w.decision.Status == mirror.Invalid || rt.renders == node.K3s && (w.loopback() || w.nowhere()) {
		// What is on the machine itself is not asked through a proxy, and so not seen;
		// what is in brackets and no address is not asked at all.
		return w.decision.Status, false
	}
	got, err := endpoints(text)
	agrees := err == nil && rt.agrees(got, w)
	if l := rt.limitOf(text, set, w); l != nil {
		if !agrees {
			met[l]++
		}
		return w.decision.Status, false
	}
	if !agrees {
		t.Errorf("%s asks for %s at\n%v %v, wanted is\n%v (%v) by\n%s", rt.name, text, got, err, w.asked, w.decision.Status, show(set))
	}
	if w.decision.Status == mirror.Rewritten {
		direct := wantOf(set, plan, w.decision.Image)
		got, err := endpoints(w.decision.Image)
		if (err != nil || !rt.agrees(got, direct) || direct.asked[0] != w.asked[0]) && rt.limitOf(w.decision.Image, set, direct) == nil {
			t.Errorf("%s asks for the rewritten %s at\n%v %v, wanted is\n%v by\n%s", rt.name, w.decision.Image, got, err, direct.asked, show(set))
		}
	}
	return w.decision.Status, true
}

func TestEveryRuntimeAsksWhereThePlanSays(t *testing.T) {
	const sets, images, watched = 320, 40, 6
	r := rand.New(rand.NewSource(1))
	published := corpus.RealImages(t)
	met := map[*limit]int{}
	tallies := map[string]*tally{}
	list := all(t)
	for _, rt := range list {
		tallies[rt.name] = &tally{}
	}
	for i := range sets {
		set, plan := randomSet(r, []shape{registries, hub, anything}[i%3])
		// A source may be a repository as well, though its images are below it as a rule.
		texts := []string{pick(r, set.Spec.Mirrors).Source}
		for j := range images {
			if j%2 == 0 {
				texts = append(texts, mirrortest.RandomImage(r, set))
			} else {
				texts = append(texts, pick(r, published).Image)
			}
		}
		for _, rt := range list {
			dir, ok := render(t, set, rt.renders)
			if !ok {
				continue
			}
			count := tallies[rt.name]
			count.sets++
			endpoints := rt.load(t, dir)
			for j, text := range texts {
				if rt.renders == node.K3s && j == watched {
					break // each costs several connections
				}
				status, ok := rt.judge(t, endpoints, set, plan, text, met)
				if ok {
					count.images++
				}
				if ok && status == mirror.Rewritten {
					count.rewritten++
				}
			}
			if t.Failed() {
				return
			}
		}
	}
	// What is random must still reach every runtime, or agreement says nothing.
	for name, count := range tallies {
		if t.Logf("%s: %+v", name, *count); count.sets < 20 || count.images < 100 || count.rewritten < 30 {
			t.Errorf("%s: too little was judged", name)
		}
	}
	for i := range limits {
		if t.Logf("%d images: %s", met[&limits[i]], limits[i].why); met[&limits[i]] == 0 {
			t.Errorf("no image meets this limit: %s", limits[i].why)
		}
	}
}

func show(set *spec.MirrorSet) string {
	data, err := document.Marshal(set.Object())
	if err != nil {
		return err.Error()
	}
	return string(data)
}
