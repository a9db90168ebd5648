package spec

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Mirrors stand from line 6, a line each.
const transportHead = "apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: s}\nspec:\n  mirrors:\n"

// registriesOf declares n registries of a transport, named after letter.
func registriesOf(n int, letter, transport string) string {
	var text strings.Builder
	for i := range n {
		fmt.Fprintf(&text, "  - {host: %s%d.example, transport: %s}\n", letter, i, transport)
	}
	return text.String()
}

func TestARegistryHasOneTransport(t *testing.T) {
	const open = "  - {source: quay.io, mirror: m.example}\n"
	for _, row := range []struct{ why, text, want string }{
		{"two mirrors on one host", "  - {source: quay.io, mirror: m.example/a, transport: http}\n  - {source: gcr.io, mirror: m.example/b, transport: https-skip-verify}\n",
			`f:7:54: spec.mirrors[1].transport: "m.example" is reached by https-skip-verify here and by http in spec.mirrors[0].transport; a registry has one transport: write the same in both`},
		{"one says nothing, which is https", "  - {source: quay.io, mirror: m.example/a}\n  - {source: gcr.io, mirror: m.example/b, transport: http}\n",
			`f:7:54: spec.mirrors[1].transport: "m.example" is reached by http here and by https in spec.mirrors[0].transport; a registry has one transport: write the same in both`},
		{"the second says nothing: its mirror is the place", "  - {source: quay.io, mirror: m.example/a, transport: http}\n  - {source: gcr.io, mirror: m.example/b}\n",
			`f:7:5: spec.mirrors[1].transport: "m.example" is reached by https here and by http in spec.mirrors[0].transport; a registry has one transport: write the same in both`},
		{"a mirror and a declaration", open + "  registries:\n  - {host: m.example, transport: http}\n",
			`f:8:34: spec.registries[0].transport: "m.example" is reached by http here and by https in spec.mirrors[0].transport; a registry has one transport: write the same in both`},
		{"a declaration that says nothing", "  - {source: quay.io, mirror: m.example, transport: http}\n  registries:\n  - {host: m.example}\n",
			`f:8:5: spec.registries[0].transport: "m.example" is reached by https here and by http in spec.mirrors[0].transport; a registry has one transport: write the same in both`},
		{"two declarations, which are one too many as well", open + "  registries:\n  - {host: r.example, transport: http}\n  - {host: r.example, transport: https-skip-verify}\n",
			"f:9:12: spec.registries[1].host: \"r.example\": is declared twice, first as spec.registries[0]; remove one\n" +
				`f:9:34: spec.registries[1].transport: "r.example" is reached by https-skip-verify here and by http in spec.registries[0].transport; a registry has one transport: write the same in both`},
		{"each one that differs from the first", "  - {source: quay.io, mirror: m.example/a}\n  - {source: gcr.io, mirror: m.example/b, transport: http}\n  - {source: ghcr.io, mirror: m.example/c, transport: https}\n  - {source: docker.io, mirror: m.example/d, transport: https-skip-verify}\n",
			`f:7:54: spec.mirrors[1].transport: "m.example" is reached by http here and by https in spec.mirrors[0].transport; a registry has one transport: write the same in both` + "\n" +
				`f:9:57: spec.mirrors[3].transport: "m.example" is reached by https-skip-verify here and by https in spec.mirrors[0].transport; a registry has one transport: write the same in both`},
		{"an IPv6 address", "  - {source: quay.io, mirror: '[::1]:5000/a', transport: http}\n  - {source: gcr.io, mirror: '[::1]:5000/b'}\n",
			`f:7:5: spec.mirrors[1].transport: "[::1]:5000" is reached by https here and by http in spec.mirrors[0].transport; a registry has one transport: write the same in both`},
		{"the same in both", "  - {source: quay.io, mirror: m.example/a, transport: http}\n  - {source: gcr.io, mirror: m.example/b, transport: http}\n  registries:\n  - {host: m.example, transport: http}\n", ""},
		{"https written out is https", "  - {source: quay.io, mirror: m.example/a, transport: https}\n  - {source: gcr.io, mirror: m.example/b}\n", ""},
		{"another port is another registry", "  - {source: quay.io, mirror: 'm.example:5000', transport: http}\n  - {source: gcr.io, mirror: m.example}\n", ""},
		{"a fallback says nothing of its registry", "  - {source: quay.io, mirror: m.example, transport: http, fallbacks: [n.example]}\n  - {source: gcr.io, mirror: n.example, transport: https-skip-verify}\n", ""},
		{"a source has no transport", "  - {source: quay.io, mirror: gcr.io/quay, transport: http}\n  - {source: ghcr.io/quay, mirror: m.example}\n", ""},
		{"a mirror that is no address is complained of for that alone", "  - {source: quay.io, mirror: M.example, transport: http}\n  - {source: gcr.io, mirror: m.example}\n",
			`f:6:31: spec.mirrors[0].mirror: "M.example": a host is lower case; write "m.example"`},
	} {
		if row.want != "" {
			check(t, row.why, transportHead+row.text, row.want)
		} else if _, err := Parse("f", []byte(transportHead+row.text)); err != nil {
			t.Errorf("%s: %v", row.why, err)
		}
	}
}

func TestHuaweiTakesTenRegistriesOfAKind(t *testing.T) {
	const open = "  - {source: quay.io, mirror: m.example}\n"
	for _, row := range []struct{ why, text, want string }{
		{"ten by plain http, ten without verification", open + "  serverless: [huawei-cci]\n  registries:\n" + registriesOf(10, "h", "http") + registriesOf(10, "s", "https-skip-verify"), ""},
		{"eleven by plain http", open + "  serverless: [huawei-cci]\n  registries:\n" + registriesOf(11, "h", "http"),
			`f:7:15: spec.serverless: huawei-cci takes at most 10 registries of one kind, and 11 are declared with transport http; drop some, or give them certificates`},
		{"eleven and twelve", open + "  serverless: [alibaba-eci, huawei-cci]\n  registries:\n" + registriesOf(11, "h", "http") + registriesOf(12, "s", "https-skip-verify"),
			"f:7:15: spec.serverless: huawei-cci takes at most 10 registries of one kind, and 11 are declared with transport http; drop some, or give them certificates\n" +
				`f:7:15: spec.serverless: huawei-cci takes at most 10 registries of one kind, and 12 are declared with transport https-skip-verify; drop some, or give them certificates`},
		{"a mirror counts", "  - {source: quay.io, mirror: m.example, transport: http}\n  serverless: [huawei-cci]\n  registries:\n" + registriesOf(10, "h", "http"),
			`f:7:15: spec.serverless: huawei-cci takes at most 10 registries of one kind, and 11 are declared with transport http; drop some, or give them certificates`},
		{"a registry counts once", "  - {source: quay.io, mirror: h0.example/a, transport: http}\n  - {source: gcr.io, mirror: h0.example/b, transport: http}\n  serverless: [huawei-cci]\n  registries:\n" + registriesOf(10, "h", "http"), ""},
		{"eleven that are https", open + "  serverless: [huawei-cci]\n  registries:\n" + registriesOf(11, "h", "https"), ""},
		{"eleven on other platforms", open + "  serverless: [alibaba-eci, tencent-eks]\n  registries:\n" + registriesOf(11, "h", "http"), ""},
	} {
		if row.want != "" {
			check(t, row.why, transportHead+row.text, row.want)
		} else if _, err := Parse("f", []byte(transportHead+row.text)); err != nil {
			t.Errorf("%s: %v", row.why, err)
		}
	}
}

func TestVolcengineIsWarnedOfPlainHTTP(t *testing.T) {
	const said = `: volcengine-vci has no annotation for plain http, so that its Pods cannot pull from there; serve it by https`
	for _, row := range []struct{ why, text, want string }{
		{"a mirror", "  - {source: quay.io, mirror: m.example/a, transport: http}\n  serverless: [volcengine-vci]\n", `f:6:55: spec.mirrors[0].transport: "m.example"` + said},
		{"several, by their lines", "  - {source: quay.io, mirror: m.example/a, transport: http}\n  serverless: [volcengine-vci]\n  registries:\n  - {host: b.example, transport: http}\n  - {host: a.example, transport: http}\n",
			`f:6:55: spec.mirrors[0].transport: "m.example"` + said + "\n" + `f:9:34: spec.registries[0].transport: "b.example"` + said + "\n" + `f:10:34: spec.registries[1].transport: "a.example"` + said},
		{"a registry once, where it is first", "  - {source: quay.io, mirror: m.example/a, transport: http}\n  - {source: gcr.io, mirror: m.example/b, transport: http}\n  serverless: [volcengine-vci]\n", `f:6:55: spec.mirrors[0].transport: "m.example"` + said},
		{"unverified certificates it has a word for", "  - {source: quay.io, mirror: m.example/a, transport: https-skip-verify}\n  serverless: [volcengine-vci]\n", ""},
		{"another platform has one for plain http, too", "  - {source: quay.io, mirror: m.example/a, transport: http}\n  serverless: [alibaba-eci]\n", ""},
	} {
		sets, err := Parse("f", []byte(transportHead+row.text))
		if err != nil {
			t.Errorf("%s: %v", row.why, err)
			continue
		}
		var got []string
		for _, warning := range sets[0].Warnings {
			got = append(got, warning.String())
		}
		if strings.Join(got, "\n") != row.want {
			t.Errorf("%s:\n got %s\nwant %s", row.why, strings.Join(got, "\n     "), row.want)
		}
	}
}

func TestTheSchemaKnowsEveryPlatformAndTransport(t *testing.T) {
	data, err := Schema()
	if err != nil {
		t.Fatal(err)
	}
	type property struct {
		Enum       []string
		Items      *property
		Properties map[string]*property
	}
	var root property
	if err := json.Unmarshal(data, &root); err != nil {
		t.Fatal(err)
	}
	body := root.Properties["spec"].Properties
	if got, want := body["serverless"].Items.Enum, []string{"alibaba-eci", "tencent-eks", "huawei-cci", "volcengine-vci"}; !slices.Equal(got, want) {
		t.Errorf("platforms %v, want %v", got, want)
	}
	for _, list := range []string{"mirrors", "registries"} {
		if got, want := body[list].Items.Properties["transport"].Enum, []string{"https", "https-skip-verify", "http"}; !slices.Equal(got, want) {
			t.Errorf("%s: transports %v, want %v", list, got, want)
		}
	}
	schema := compiled(t)
	for _, platform := range []string{"alibaba-eci", "tencent-eks", "huawei-cci", "volcengine-vci"} {
		if err, _ := judge(t, schema, minimal("", "serverless: ["+platform+"]")); err != nil {
			t.Errorf("%s: %v", platform, err)
		}
		if _, err := Parse("f", []byte(minimal("", "serverless: ["+platform+"]"))); err != nil {
			t.Errorf("%s: %v", platform, err)
		}
	}
	check(t, "a platform that none is", minimal("", "serverless: [volcengine]"),
		`f:9:16: spec.serverless[0]: "volcengine": must be one of alibaba-eci, tencent-eks, huawei-cci, volcengine-vci`)
	if err, _ := judge(t, schema, minimal("", "serverless: [volcengine]")); err == nil {
		t.Error("the schema takes a platform that none is")
	}
}
