package mirror_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"mirrorgen.dev/gen/generator/mirror"
	"mirrorgen.dev/gen/generator/spec"
)

// annotation is the one of a key.
func annotation(t *testing.T, key string) mirror.Annotation {
	t.Helper()
	for _, a := range mirror.Annotations() {
		if a.Key == key {
			return a
		}
	}
	t.Fatalf("there is no annotation %s", key)
	return mirror.Annotation{}
}

const (
	eciSkip = "k8s.aliyun.com/insecure-registry"
	eciHTTP = "k8s.aliyun.com/plain-http-registry"
	tkeSkip = "eks.tke.cloud.tencent.com/registry-insecure-skip-verify"
	tkeHTTP = "eks.tke.cloud.tencent.com/registry-http-endpoint"
	cciSkip = "cci.io/insecure-registries"
	cciHTTP = "cci.io/http-registries"
)

func TestARegistryIsAppendedOnceToWhatIsThere(t *testing.T) {
	hosts := []string{"a.example", "b.example:5000"}
	for _, row := range []struct {
		why, key, value string
		hosts           []string
		want            string // where it equals value, nothing changed
	}{
		{"nothing is there", eciHTTP, "", hosts, "a.example,b.example:5000"},
		{"no registry is needed", eciHTTP, "", nil, ""},
		{"no registry is needed beside what is there", eciHTTP, "x.example", nil, "x.example"},
		{"another is there", eciHTTP, "x.example", hosts, "x.example,a.example,b.example:5000"},
		{"both are there", eciHTTP, "a.example,b.example:5000", hosts, "a.example,b.example:5000"},
		{"both are there in another order", eciHTTP, "b.example:5000,a.example", hosts, "b.example:5000,a.example"},
		{"one of the two is there", eciHTTP, "b.example:5000", hosts, "b.example:5000,a.example"},
		{"one is there twice, which is theirs", eciHTTP, "a.example,a.example", hosts, "a.example,a.example,b.example:5000"},
		{"spaces around an entry are no part of it", eciHTTP, " a.example\t,\r\n b.example:5000 ", hosts, " a.example\t,\r\n b.example:5000 "},
		{"spaces at the end stay, and a comma follows them", eciHTTP, "x.example ", hosts[:1], "x.example ,a.example"},
		{"spaces alone hold nothing", eciHTTP, " \t", hosts[:1], " \ta.example"},
		{"a trailing comma is made use of", eciHTTP, "x.example,", hosts[:1], "x.example,a.example"},
		{"a trailing comma and a space are, too", eciHTTP, "x.example, ", hosts[:1], "x.example, a.example"},
		{"a comma alone gets no second", eciHTTP, ",", hosts[:1], ",a.example"},
		{"empty entries inside are theirs", eciHTTP, "x.example,,y.example", hosts[:1], "x.example,,y.example,a.example"},
		{"a listed registry with a trailing comma stays", eciHTTP, "a.example,", hosts[:1], "a.example,"},
		{"a space that not every engine trims is a part of the entry", eciHTTP, "\u00a0a.example", hosts[:1], "\u00a0a.example,a.example"},
		{"a vertical tab is a part of the entry", eciHTTP, "a.example\v", hosts[:1], "a.example\v,a.example"},
		{"a space that not every engine trims is no empty text", eciHTTP, "\u3000", hosts[:1], "\u3000,a.example"},
		{"a longer name is another registry", eciHTTP, "xa.example", hosts[:1], "xa.example,a.example"},
		{"a name below it is another registry", eciHTTP, "a.example.com", hosts[:1], "a.example.com,a.example"},
		{"a port makes another registry", eciHTTP, "a.example:443", hosts[:1], "a.example:443,a.example"},
		{"without its port it is another registry", eciHTTP, "b.example", hosts[1:], "b.example,b.example:5000"},
		{"capitals make another entry, as the platform's comparison is not known", eciHTTP, "A.example", hosts[:1], "A.example,a.example"},
		{"a path makes another entry", eciHTTP, "a.example/x", hosts[:1], "a.example/x,a.example"},
		{"another separator makes one entry of all", eciHTTP, "a.example;x.example", hosts[:1], "a.example;x.example,a.example"},
		{"an IPv6 address has colons and no commas", eciHTTP, "[::1]:5000", []string{"[::1]:5000", "[::2]"}, "[::1]:5000,[::2]"},
		{"hostile text stays text", eciHTTP, "{{ x }}`$(x)\\\"", hosts[:1], "{{ x }}`$(x)\\\",a.example"},
		{"the order of the registries is kept", eciHTTP, "", []string{"z.example", "a.example"}, "z.example,a.example"},
		{"Tencent's word for all is left alone", tkeHTTP, "all", hosts, "all"},
		{"so it is with spaces around it", tkeSkip, "\tall ", hosts, "\tall "},
		{"so it is among others", tkeSkip, "x.example, all,y.example", hosts, "x.example, all,y.example"},
		{"the word in capitals is a registry", tkeSkip, "ALL", hosts[:1], "ALL,a.example"},
		{"a name that begins with the word is a registry", tkeSkip, "all.example", hosts[:1], "all.example,a.example"},
		{"on another platform the word is a registry", eciSkip, "all", hosts[:1], "all,a.example"},
		{"on the third platform, too", cciSkip, "all", hosts[:1], "all,a.example"},
		{"a platform's limit does not keep a registry out: the constraint says so", cciHTTP, "1,2,3,4,5,6,7,8,9,10", hosts[:1], "1,2,3,4,5,6,7,8,9,10,a.example"},
	} {
		got, changed := annotation(t, row.key).WithHosts(row.value, row.hosts)
		if got != row.want || changed != (row.want != row.value) {
			t.Errorf("%s: %q: got %q (changed %v), want %q", row.why, row.value, got, changed, row.want)
		}
	}
}

func TestEntriesAreWhatStandsBetweenCommas(t *testing.T) {
	for _, row := range []struct {
		why, value string
		want       int
	}{
		{"no text is one empty entry, as it is to the platform", "", 1},
		{"one", "a.example", 1},
		{"two", "a.example,b.example", 2},
		{"an empty one counts", "a.example,,b.example", 3},
		{"one behind the last comma counts", "a.example,", 2},
		{"another separator is none", "a.example;b.example", 1},
		{"a comma of another script is none", "a.example，b.example", 1},
	} {
		if got := mirror.Entries(row.value); got != row.want {
			t.Errorf("%s: %q: %d, want %d", row.why, row.value, got, row.want)
		}
	}
}

func TestEveryPlatformsAnnotationsAreInTheOrderOfTheirKeys(t *testing.T) {
	byPlatform := map[string][]string{}
	var keys []string
	for _, a := range mirror.Annotations() {
		keys = append(keys, a.Key)
		byPlatform[a.Platform] = append(byPlatform[a.Platform], a.Transport)
		if limited := a.Platform == "huawei-cci"; limited != (a.Most == 10) {
			t.Errorf("%s: takes %d entries", a.Key, a.Most)
		}
		if hasWord := a.Platform == "tencent-eks"; hasWord != (a.All == "all") {
			t.Errorf("%s: %q stands for every registry", a.Key, a.All)
		}
	}
	if !slices.IsSorted(keys) || len(slices.Compact(keys)) != 6 {
		t.Errorf("keys %v", keys)
	}
	for _, platform := range []string{"alibaba-eci", "huawei-cci", "tencent-eks"} {
		slices.Sort(byPlatform[platform])
		if !slices.Equal(byPlatform[platform], []string{mirror.HTTP, mirror.SkipVerify}) {
			t.Errorf("%s: one annotation for each transport is wanted, got %v", platform, byPlatform[platform])
		}
	}
}

func TestVolcenginesDocumentHoldsNothingButTheFlag(t *testing.T) {
	for _, row := range []struct {
		why   string
		hosts []string
		want  string
	}{
		{"one registry", []string{"a.example"}, `{"configs":{"a.example":{"tls":{"insecure_skip_verify":true}}}}`},
		{"keys are sorted, whatever the order", []string{"b.example:5000", "a.example"}, `{"configs":{"a.example":{"tls":{"insecure_skip_verify":true}},"b.example:5000":{"tls":{"insecure_skip_verify":true}}}}`},
		{"an IPv6 address", []string{"[::1]:5000"}, `{"configs":{"[::1]:5000":{"tls":{"insecure_skip_verify":true}}}}`},
	} {
		got := mirror.RegistryConfig(row.hosts)
		if got != row.want {
			t.Errorf("%s: got %s, want %s", row.why, got, row.want)
		}
		var document struct {
			Configs map[string]map[string]map[string]bool
		}
		if err := json.Unmarshal([]byte(got), &document); err != nil || len(document.Configs) != len(row.hosts) {
			t.Errorf("%s: %v, %v", row.why, document, err)
		}
		for _, word := range []string{"auth", "username", "password", "mirrors", "token"} {
			if strings.Contains(got, word) {
				t.Errorf("%s: holds %s: %s", row.why, word, got)
			}
		}
	}
}

// The schema is what a user's editor knows of; the annotations are what is done.
func TestEveryPlatformOfTheSchemaIsServed(t *testing.T) {
	schema, err := spec.Schema()
	if err != nil {
		t.Fatal(err)
	}
	var root struct {
		Properties struct {
			Spec struct {
				Properties struct {
					Serverless struct{ Items struct{ Enum []string } }
				}
			}
		}
	}
	if err := json.Unmarshal(schema, &root); err != nil {
		t.Fatal(err)
	}
	known := root.Properties.Spec.Properties.Serverless.Items.Enum
	for _, platform := range known {
		plan := richNeeds(platform)
		if plan.Annotate(nil, plan.Needs([]string{"10.0.0.9:5000/x", "[::1]:5000/x"})) == nil {
			t.Errorf("%s: nothing is annotated", platform)
		}
	}
	if len(known) != 4 {
		t.Errorf("platforms %v", known)
	}
}
