package spec

import (
	"strings"
	"testing"
)

// refusals are files with the whole of what is said about them.
var refusals = []struct{ why, text, want string }{
	{"an empty file", "", `f:1:1: holds no MirrorSet; write one`},
	{"comments alone", "# a\n---\n# b\n", `f:1:1: holds no MirrorSet; write one`},
	{"not UTF-8", "a: 1\nb: \"é\xff\"\n", `f:2:6: is not UTF-8 here; save the file as UTF-8`},
	{"a byte order mark", "\uFEFFa: 1\n", `f:1:1: the file begins with a byte order mark; save it as UTF-8 without one`},
	{"tabs", "a:\n\tb: 1\n \tc: 1\n\t\n", "f:2:1: a tab indents this line; YAML takes spaces only\nf:3:2: a tab indents this line; YAML takes spaces only"},
	{"too large a file", strings.Repeat("#", maxFile+1), `f:1:1: the file has 4194305 bytes; at most 4194304 are read`},
	{"not YAML", "a: [\n", `f:1:1: not YAML: did not find expected node content (at or near this line)`},
	{"too deep", strings.Repeat("[", 1100) + strings.Repeat("]", 1100), `f:1:1: not YAML: nested deeper than 1000 levels`},
	{"a list", "- a\n", `f:1:1: a MirrorSet must be a mapping, not a list`},
	{"another kind", "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n", `f:2:7: kind: "Pod": only MirrorSet is read here; keep other objects in files of their own`},
	{"a second document of another kind", minimal("", "") + "---\nkind: ConfigMap\n", `f:10:7: kind: "ConfigMap": only MirrorSet is read here; keep other objects in files of their own`},
	{"a misspelt kind", strings.Replace(minimal("", ""), "kind: MirrorSet", "kind: Mirrorset", 1), `f:2:7: kind: "Mirrorset": must be "MirrorSet"`},
	{"another version", strings.Replace(minimal("", ""), "v1alpha1", "v1", 1), `f:1:13: apiVersion: "mirrorgen.dev/v1": must be "mirrorgen.dev/v1alpha1"`},
	{"the required fields", "kind: MirrorSet\nmetadata: {}\nspec: {mirrors: [{}]}\n", strings.Join([]string{
		`f:1:1: apiVersion: is missing; write "apiVersion: mirrorgen.dev/v1alpha1"`,
		`f:2:11: metadata.name: is missing; give the set a name`,
		`f:3:18: spec.mirrors[0].source: is missing; name what is redirected, such as "source: docker.io"`,
		`f:3:18: spec.mirrors[0].mirror: is missing; name where the source is served, such as "mirror: registry.example.com/dockerhub"`}, "\n")},
	{"no mirrors", "apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: s}\nspec: {mirrors: []}\n", `f:4:17: spec.mirrors: a MirrorSet needs at least one mirror; add one`},
	{"status", minimal("", "") + "status: {}\n", `f:9:1: status: a MirrorSet has no status; remove it`},
	{"other metadata", strings.Replace(minimal("", ""), "  name: s\n", "  name: s\n  generation: 1\n", 1), `f:5:3: metadata: "generation": unknown field; known here: name, namespace, annotations, labels`},
	{"two sets of one name", minimal("", "") + "---\n" + minimal("", ""), `f:13:9: metadata.name: "s": the set on line 4 has the same name; name one otherwise`},
	{"a long name", strings.Replace(minimal("", ""), "name: s", "name: "+strings.Repeat("s", 41), 1), `f:4:9: metadata.name: "` + strings.Repeat("s", 41) + `": a name here has at most 40 characters, this has 41; shorten it`},
	{"a name that is no label", strings.Replace(minimal("", ""), "name: s", "name: S_", 1), `f:4:9: metadata.name: "S_": must be lower-case letters, digits and -, and begin and end with a letter or digit`},
	{"a name that YAML reads as a number", strings.Replace(minimal("", ""), "name: s", "name: 5", 1), `f:4:9: metadata.name: 5: must be a string, and YAML reads a number; put it in quotes`},
	{"a name that YAML 1.1 reads as a boolean", strings.Replace(minimal("", ""), "name: s", "name: yes", 1), `f:4:9: metadata.name: yes: must be a string, and YAML reads a boolean; put it in quotes`},
	{"a key that is a list", strings.Replace(minimal("", ""), "  name: s\n", "  name: s\n  [a]: b\n", 1), `f:5:3: metadata: a key must be a string, not a list`},
	{"an alias and its anchor", strings.Replace(minimal("", ""), "  name: s\n", "  name: &n s\n  labels: {a: *n}\n", 1), "f:4:9: metadata.name: a YAML anchor has no place here; write the value out where it is used\nf:5:15: metadata.labels.a: a YAML alias has no place here; write the value out"},
	{"a bomb", "a: &a [x,x]\nb: &b [*a,*a]\nkind: MirrorSet\nmetadata: {name: s}\napiVersion: mirrorgen.dev/v1alpha1\nspec: {mirrors: [{source: a.b, mirror: c.d}]}\n", strings.Join([]string{
		`f:1:1: "a": unknown field; known here: apiVersion, kind, metadata, spec`,
		`f:1:4: a: a YAML anchor has no place here; write the value out where it is used`,
		`f:2:1: "b": unknown field; known here: apiVersion, kind, metadata, spec`,
		`f:2:4: b: a YAML anchor has no place here; write the value out where it is used`,
		`f:2:8: b[0]: a YAML alias has no place here; write the value out`,
		`f:2:11: b[1]: a YAML alias has no place here; write the value out`}, "\n")},
}

// valueRefusals are fields of a mirror and of the spec, in a valid set otherwise.
// The mirror's fields begin on line 8 where they name the source, else on line
// 9; the spec's on the line behind.
var valueRefusals = []struct{ why, mirror, body, want string }{
	// Structure.
	{"a misspelt field", "sorce: quay.io\nonly: [a]", "", `f:9:5: spec.mirrors[0]: "sorce": unknown field; did you mean "source"?`},
	{"a misspelt section", "", "constraints: {}", `f:9:3: spec: "constraints": unknown field; did you mean "constraint"?`},
	{"an unknown field deep down", "", "scope: {podSelector: {matchExpressions: [{key: a, operator: Exists, value: x}]}}", `f:9:71: spec.scope.podSelector.matchExpressions[0]: "value": unknown field; did you mean "values"?`},
	{"a duplicate key", "only: [a]\nonly: [b]", "", `f:10:5: spec.mirrors[0].only: duplicate key, already on line 9; remove one`},
	{"a merge key", "<<: {only: [a]}", "", `f:9:5: spec.mirrors[0]: a YAML merge key has no place here; write the fields out`},
	{"a tag", "only: [!!str a]", "", `f:9:12: spec.mirrors[0].only[0]: a YAML tag has no place here; drop it`},
	{"a string for a list", "only: library", "", `f:9:11: spec.mirrors[0].only: must be a list, not a string; begin each item with -`},
	{"a mapping for a list", "", "registries: {host: a.b}", `f:9:15: spec.registries: must be a list, not a mapping; begin each item with -`},
	{"a list for a string", "transport: [http]", "", `f:9:16: spec.mirrors[0].transport: must be a string, not a list`},
	{"a list for a mapping", "", "scope: []", `f:9:10: spec.scope: must be a mapping, not a list`},
	{"a string for a mapping", "", "scope: {namespaceSelector: {matchLabels: x}}", `f:9:44: spec.scope.namespaceSelector.matchLabels: must be a mapping, not a string`},
	{"nothing for a mapping", "", "scope:", `f:9:9: spec.scope: has no value; give it one, or remove the line`},
	{"a string for a boolean", "", `scope: {includeSystemNamespaces: "true"}`, `f:9:36: spec.scope.includeSystemNamespaces: "true": must be a boolean, not a string; drop the quotes`},
	{"a boolean of YAML 1.1", "", `scope: {includeSystemNamespaces: yes}`, `f:9:36: spec.scope.includeSystemNamespaces: "yes": some readers take this for a string; write true or false`},
	{"a number for a boolean", "", `constraint: {honourPodSelector: 1}`, `f:9:35: spec.constraint.honourPodSelector: must be true or false, not a number`},
	{"a boolean for a label", "", `scope: {podSelector: {matchLabels: {a: true}}}`, `f:9:42: spec.scope.podSelector.matchLabels.a: true: must be a string, and YAML reads a boolean; put it in quotes`},
	{"a string that is too long", "transport: " + strings.Repeat("x", 1025), "", `f:9:16: spec.mirrors[0].transport: is 1025 characters long; at most 1024 are read`},
	// Enumerations.
	{"a transport", "transport: htps", "", `f:9:16: spec.mirrors[0].transport: "htps": must be one of https, https-skip-verify, http; did you mean "https"?`},
	{"a failure policy's case", "", "rewrite: {failurePolicy: fail}", `f:9:28: spec.rewrite.failurePolicy: "fail": must be one of Ignore, Fail; did you mean "Fail"?`},
	{"an enforcement", "", "constraint: {enforcement: audit}", `f:9:29: spec.constraint.enforcement: "audit": must be one of deny, warn, dryrun`},
	{"nodes", "", "nodes: {onUnsupported: warn}", `f:9:26: spec.nodes.onUnsupported: "warn": must be one of error, skip`},
	{"a platform twice", "", "serverless: [alibaba-eci, alibaba-eci]", `f:9:29: spec.serverless[1]: "alibaba-eci": stands here twice, first as [0]; remove one`},
	// Addresses.
	{"an upper-case host", "source: Docker.io", "", `f:8:13: spec.mirrors[0].source: "Docker.io": a host is lower case; write "docker.io"`},
	{"an upper-case repository", "source: quay.io/Acme", "", `f:8:13: spec.mirrors[0].source: "quay.io/Acme": a repository is lower case; write "quay.io/acme"`},
	{"a Docker Hub user", "fallbacks: [harbor/hub]", "", `f:9:17: spec.mirrors[0].fallbacks[0]: "harbor/hub": "harbor" has no . and no port, so it reads as a user on Docker Hub; begin with a host, such as "registry.example.com/harbor/hub"`},
	{"no host", "source: harbor", "", `f:8:13: spec.mirrors[0].source: "harbor": reads as no host, since it has no . and no port and is not localhost; write it in full, such as "registry.example.com"`},
	{"a scheme", "source: https://quay.io/a", "", `f:8:13: spec.mirrors[0].source: "https://quay.io/a": a scheme has no place here; drop "https://"`},
	{"a scheme of charts", "source: oci://quay.io", "", `f:8:13: spec.mirrors[0].source: "oci://quay.io": a scheme has no place here; drop "oci://"`},
	{"a scheme without a host", "source: 'http://'", "", `f:8:13: spec.mirrors[0].source: "http://": a scheme has no place here; drop it`},
	{"a user", "source: admin@quay.io", "", `f:8:13: spec.mirrors[0].source: holds @; a user or a password has no place here (and is not repeated), name a Secret in pullSecret`},
	{"a digest", "source: quay.io/a@sha256:abc", "", `f:8:13: spec.mirrors[0].source: a digest has no place here; drop it`},
	{"a tag on a path", "source: quay.io/a:1", "", `f:8:13: spec.mirrors[0].source: "quay.io/a:1": carries a tag or a port behind the host; drop what follows the colon`},
	{"a tag on a host", "source: quay.io:latest", "", `f:8:13: spec.mirrors[0].source: "quay.io:latest": what follows the colon is no port, a number from 1 to 65535; drop a tag`},
	{"a port that is too high", "source: quay.io:65536", "", `f:8:13: spec.mirrors[0].source: "quay.io:65536": what follows the colon is no port, a number from 1 to 65535; drop a tag`},
	{"a port with a zero", "source: quay.io:080", "", `f:8:13: spec.mirrors[0].source: "quay.io:080": what follows the colon is no port, a number from 1 to 65535; drop a tag`},
	{"two colons", "source: a:1:2", "", `f:8:13: spec.mirrors[0].source: "a:1:2": holds more than one colon; put an IPv6 address in brackets, and drop a tag`},
	{"an open bracket", "source: '[::1'", "", `f:8:13: spec.mirrors[0].source: "[::1": an IPv6 address stands in brackets; add ]`},
	{"no IPv6 address", "source: '[1.2.3.4]'", "", `f:8:13: spec.mirrors[0].source: "[1.2.3.4]": holds no IPv6 address between the brackets`},
	{"text behind IPv6", "source: '[::1]x'", "", `f:8:13: spec.mirrors[0].source: "[::1]x": only a port may follow an IPv6 address; write [address]:port`},
	{"a dash at an end", "source: -a.b", "", `f:8:13: spec.mirrors[0].source: "-a.b": is no host name: its parts are lower-case letters, digits and -, with . between them and no - at an end`},
	{"an empty part", "source: a..b", "", `f:8:13: spec.mirrors[0].source: "a..b": is no host name: its parts are lower-case letters, digits and -, with . between them and no - at an end`},
	{"a long part", "source: " + strings.Repeat("a", 64) + ".b", "", `f:8:13: spec.mirrors[0].source: "` + strings.Repeat("a", 64) + `.b": a part of a host name has at most 63 characters; shorten it`},
	{"a long host", "source: " + strings.Repeat("a.", 127) + "b", "", `f:8:13: spec.mirrors[0].source: "` + strings.Repeat("a.", 40) + `"...: a host name has at most 253 characters; shorten it`},
	{"a trailing slash", "source: quay.io/", "", `f:8:13: spec.mirrors[0].source: "quay.io/": ends with /; drop the slash`},
	{"a trailing slash behind a path", "source: quay.io/a/", "", `f:8:13: spec.mirrors[0].source: "quay.io/a/": ends with /; drop the slash`},
	{"an empty component", "source: quay.io/a//b", "", `f:8:13: spec.mirrors[0].source: "quay.io/a//b": holds an empty component; drop the doubled slash`},
	{"a leading slash", "source: /quay.io", "", `f:8:13: spec.mirrors[0].source: "/quay.io": begins with /; begin with a host`},
	{"a doubled slash behind the host", "source: quay.io//a", "", `f:8:13: spec.mirrors[0].source: "quay.io//a": holds an empty component; drop the doubled or leading slash`},
	{"a path upwards", "source: quay.io/../a", "", `f:8:13: spec.mirrors[0].source: "quay.io/../a": ".." is no component of a repository: letters and digits with ., _, __ or dashes between them, not at an end`},
	{"a component's end", "source: quay.io/a_", "", `f:8:13: spec.mirrors[0].source: "quay.io/a_": "a_" is no component of a repository: letters and digits with ., _, __ or dashes between them, not at an end`},
	{"a long path", "source: quay.io/" + strings.Repeat("a", 256), "", `f:8:13: spec.mirrors[0].source: "quay.io/` + strings.Repeat("a", 72) + `"...: a path has at most 255 characters, this has 256; shorten it`},
	{"a space", "source: quay.io/a b", "", `f:8:13: spec.mirrors[0].source: "quay.io/a b": holds a space; an address has lower-case letters, digits and . _ - : / here`},
	{"a letter beyond ASCII", "source: quаy.io", "", `f:8:13: spec.mirrors[0].source: "quаy.io": holds U+0430; an address has lower-case letters, digits and . _ - : / here`},
	{"an empty source", "source: ''", "", `f:8:13: spec.mirrors[0].source: "": is empty; write an address`},
	{"all of Docker Hub as a fallback", "fallbacks: [registry-1.docker.io]", "", `f:9:17: spec.mirrors[0].fallbacks[0]: "registry-1.docker.io": a mirror on Docker Hub needs a path; add the user or organisation, such as "registry-1.docker.io/acme"`},
	{"a fallback that is the mirror", "fallbacks: [m.example.com/x]", "", `f:9:17: spec.mirrors[0].fallbacks[0]: "m.example.com/x": is the mirror itself; remove it`},
	{"a fallback twice", "fallbacks: [a.b, a.b]", "", `f:9:22: spec.mirrors[0].fallbacks[1]: "a.b": stands here twice, first as [0]; remove one`},
	// Aliases.
	{"an alias with a path", "aliases: [a.b/c]", "", `f:9:15: spec.mirrors[0].aliases[0]: "a.b/c": must be a host without a path; write "a.b"`},
	{"an alias in upper case", "aliases: [A.b]", "", `f:9:15: spec.mirrors[0].aliases[0]: "A.b": a host is lower case; write "a.b"`},
	{"the source as its alias", "aliases: [quay.io]", "", `f:9:15: spec.mirrors[0].aliases[0]: "quay.io": is the source's own host; remove it`},
	{"Docker Hub's own alias", "source: docker.io\naliases: [index.docker.io]", "", `f:9:15: spec.mirrors[0].aliases[0]: "index.docker.io": every name of Docker Hub is built in; remove it`},
	{"Docker Hub as an alias", "aliases: [docker.io]", "", `f:9:15: spec.mirrors[0].aliases[0]: "docker.io": is Docker Hub, which "quay.io" is not; give it a mirror of its own`},
	// only and except.
	{"only nothing", "only: []", "", `f:9:11: spec.mirrors[0].only: an empty list would hold nothing; list what the mirror holds, or remove the line where it holds everything`},
	{"an entry twice", "only: [a, a]", "", `f:9:15: spec.mirrors[0].only[1]: "a": stands here twice, first as [0]; remove one`},
	{"an entry with the host", "only: [quay.io/acme]", "", `f:9:12: spec.mirrors[0].only[0]: "quay.io/acme": repeats the host, but entries are paths below the source; write "acme"`},
	{"an entry that is the host", "except: [quay.io]", "", `f:9:14: spec.mirrors[0].except[0]: "quay.io": repeats the host, but entries are paths below the source; remove it`},
	{"an entry with another name of Docker Hub", "source: docker.io\nonly: [index.docker.io/library]", "", `f:9:12: spec.mirrors[0].only[0]: "index.docker.io/library": repeats the host, but entries are paths below the source; write "library"`},
	{"an entry with a tag", "only: ['a:1']", "", `f:9:12: spec.mirrors[0].only[0]: "a:1": carries a tag or a port behind the host; drop what follows the colon`},
	{"an entry in upper case", "only: [Acme]", "", `f:9:12: spec.mirrors[0].only[0]: "Acme": a repository is lower case; write "acme"`},
	{"an entry with a wildcard", "only: ['acme/*']", "", `f:9:12: spec.mirrors[0].only[0]: "acme/*": holds *; a repository has lower-case letters, digits and . _ - : / here`},
	{"an exception beside only", "only: [a, b/c]\nexcept: [b/d]", "", `f:10:14: spec.mirrors[0].except[0]: "b/d": can match nothing, since it lies below no entry of only; remove it`},
	{"an exception that only looks alike", "only: [acme]\nexcept: [acme2/x]", "", `f:10:14: spec.mirrors[0].except[0]: "acme2/x": can match nothing, since it lies below no entry of only; remove it`},
	{"only what is excepted", "only: [a/b]\nexcept: [a]", "", `f:9:12: spec.mirrors[0].only[0]: "a/b": can match nothing, since except[0] "a" leaves all of it alone; remove one`},
	{"the same entry in both", "only: [a]\nexcept: [a]", "", `f:9:12: spec.mirrors[0].only[0]: "a": can match nothing, since except[0] "a" leaves all of it alone; remove one`},
	{"an entry too long with its source", "source: quay.io/" + strings.Repeat("s", 150) + "\nonly: [" + strings.Repeat("a", 120) + "]", "", `f:9:12: spec.mirrors[0].only[0]: "` + strings.Repeat("a", 80) + `"...: can match nothing, since with the source's path it has more than 255 characters; shorten it`},
	// Certificates.
	{"certificates for plain http", "transport: http\ncaFile: a.crt", "", `f:10:13: spec.mirrors[0].caFile: "a.crt": plain http uses no certificates; remove it, or set transport: https`},
	{"an absolute path", "caFile: /etc/ssl/a.crt", "", `f:9:13: spec.mirrors[0].caFile: "/etc/ssl/a.crt": must be relative to the spec's folder; copy the file there`},
	{"a path out of the folder", "caFile: certs/../../a.crt", "", `f:9:13: spec.mirrors[0].caFile: "certs/../../a.crt": must stay below the spec's folder; drop ".."`},
	{"a path that is not plain", "caFile: ./a.crt", "", `f:9:13: spec.mirrors[0].caFile: "./a.crt": must be a plain path; drop "./" and doubled or trailing slashes`},
	{"a hidden file", "caFile: .ssh/a", "", `f:9:13: spec.mirrors[0].caFile: ".ssh/a": names a hidden file or folder; rename it`},
	{"a name like an option", "caFile: -a.crt", "", `f:9:13: spec.mirrors[0].caFile: "-a.crt": holds a name that begins with -, which commands take for an option; rename it`},
	{"a backslash", `caFile: certs\a.crt`, "", `f:9:13: spec.mirrors[0].caFile: "certs\\a.crt": holds \; a file's path has letters, digits and . _ - / here`},
	// Transports.
	{"Docker Hub by plain http", "", "registries: [{host: docker.io, transport: http}]", `f:9:45: spec.registries[0].transport: "http": Docker Hub is served by https alone, with a certificate that every system trusts; remove the line, and name the CA of a proxy in between in caFile`},
	{"Docker Hub without verification, by its older name", "", "registries: [{host: index.docker.io, transport: https-skip-verify}]", `f:9:51: spec.registries[0].transport: "https-skip-verify": Docker Hub is served by https alone, with a certificate that every system trusts; remove the line, and name the CA of a proxy in between in caFile`},
	{"Docker Hub by the host that serves it, certificates beside it", "", "registries: [{host: registry-1.docker.io, transport: http, caFile: a.crt}]", "f:9:56: spec.registries[0].transport: \"http\": Docker Hub is served by https alone, with a certificate that every system trusts; remove the line, and name the CA of a proxy in between in caFile\nf:9:70: spec.registries[0].caFile: \"a.crt\": plain http uses no certificates; remove it, or set transport: https"},
	{"Docker Hub in two ways", "", "registries: [{host: docker.io, transport: http}, {host: registry-1.docker.io}, {host: index.docker.io, transport: https}]", `f:9:45: spec.registries[0].transport: "http": Docker Hub is served by https alone, with a certificate that every system trusts; remove the line, and name the CA of a proxy in between in caFile`},
	{"two ways to a registry", "transport: http", "registries: [{host: m.example.com, transport: https-skip-verify}]", `f:10:49: spec.registries[0].transport: "m.example.com" is reached by https-skip-verify here and by http in spec.mirrors[0].transport; a registry has one transport: write the same in both`},
	// Names.
	{"a mirror's name", "name: A", "", `f:9:11: spec.mirrors[0].name: "A": must be lower-case letters, digits and -, and begin and end with a letter or digit`},
	{"a mirror's long name", "name: " + strings.Repeat("a", 41), "", `f:9:11: spec.mirrors[0].name: "` + strings.Repeat("a", 41) + `": a name here has at most 40 characters, this has 41; shorten it`},
	{"no name to derive", "source: '[::]'", "", `f:7:5: spec.mirrors[0]: no name can be derived from "[::]"; give the mirror a name`},
	// Pull secrets.
	{"a secret without its names", "pullSecret: {allNamespaces: true}", "", "f:9:17: spec.mirrors[0].pullSecret.name: is missing; name the Secret\nf:9:17: spec.mirrors[0].pullSecret.namespace: is missing; name the namespace that the Secret is in"},
	{"a secret's namespace", "pullSecret: {name: a, namespace: B, allNamespaces: true, serviceAccounts: [c_d]}", "", "f:9:38: spec.mirrors[0].pullSecret.namespace: \"B\": must be lower-case letters, digits and -, and begin and end with a letter or digit\nf:9:80: spec.mirrors[0].pullSecret.serviceAccounts[0]: \"c_d\": must be lower-case letters, digits, - and ., and begin and end with a letter or digit"},
	{"a secret for everyone", "pullSecret: {name: a, namespace: b}", "", `f:9:17: spec.mirrors[0].pullSecret: whoever reads Secrets in a namespace in scope can read the clone; set scope.namespaceSelector, or allow it everywhere with allNamespaces: true`},
	{"an empty selector is for everyone", "pullSecret: {name: a, namespace: b}", "scope: {namespaceSelector: {}}", `f:9:17: spec.mirrors[0].pullSecret: whoever reads Secrets in a namespace in scope can read the clone; set scope.namespaceSelector, or allow it everywhere with allNamespaces: true`},
	// The other sections.
	{"a registry with a path", "", "registries: [{host: a.b/c}]", `f:9:23: spec.registries[0].host: "a.b/c": must be a host without a path; write "a.b"`},
	{"a registry twice", "", "registries: [{host: a.b}, {host: a.b}]", `f:9:36: spec.registries[1].host: "a.b": is declared twice, first as spec.registries[0]; remove one`},
	{"certificates for a registry of plain http", "", "registries: [{host: a.b, transport: http, caFile: a.crt}]", `f:9:53: spec.registries[0].caFile: "a.crt": plain http uses no certificates; remove it, or set transport: https`},
	{"a registry's certificates out of the folder", "", "registries: [{host: a.b, caFile: ../a.crt}]", `f:9:36: spec.registries[0].caFile: "../a.crt": must stay below the spec's folder; drop ".."`},
	{"a fallback that is a word", "", "nodes: {fallbackToUpstream: 'true'}", `f:9:31: spec.nodes.fallbackToUpstream: "true": must be a boolean, not a string; drop the quotes`},
	{"a registry without a host", "", "registries: [{transport: http}]", `f:9:16: spec.registries[0].host: is missing; name the registry, such as "host: registry.example.com:5000"`},
	{"a namespace with a wildcard", "", "scope: {excludeNamespaces: ['kube-*']}", `f:9:31: spec.scope.excludeNamespaces[0]: "kube-*": takes no wildcards, which engines read differently; list the namespaces, or use namespaceSelector`},
	{"a namespace in upper case", "", "scope: {excludeNamespaces: [Web]}", `f:9:31: spec.scope.excludeNamespaces[0]: "Web": must be lower-case letters, digits and -, and begin and end with a letter or digit`},
	{"a label's wildcard", "", "scope: {podSelector: {matchLabels: {a: 'x*'}}}", `f:9:42: spec.scope.podSelector.matchLabels.a: "x*": takes no wildcards; list the values with operator In`},
	{"a label's value", "", "scope: {podSelector: {matchLabels: {a: -x}}}", `f:9:42: spec.scope.podSelector.matchLabels.a: "-x": must be at most 63 letters, digits, -, _ and ., with a letter or digit at both ends`},
	{"a label's key", "", "scope: {podSelector: {matchLabels: {a/b/c: x}}}", `f:9:39: spec.scope.podSelector.matchLabels: "a/b/c": must be [DNS name/]name, the name of at most 63 letters, digits, -, _ and ., with a letter or digit at both ends`},
	{"a key with a wildcard", "", "scope: {podSelector: {matchExpressions: [{key: 'a*', operator: Exists}]}}", `f:9:50: spec.scope.podSelector.matchExpressions[0].key: "a*": takes no wildcards; write one label's name`},
	{"a key's prefix", "", "scope: {podSelector: {matchExpressions: [{key: A/b, operator: Exists}]}}", `f:9:50: spec.scope.podSelector.matchExpressions[0].key: "A/b": the part before / must be a DNS name in lower case`},
	{"an operator", "", "scope: {podSelector: {matchExpressions: [{key: a, operator: in, values: [b]}]}}", `f:9:63: spec.scope.podSelector.matchExpressions[0].operator: "in": must be one of In, NotIn, Exists, DoesNotExist; did you mean "In"?`},
	{"In without values", "", "scope: {podSelector: {matchExpressions: [{key: a, operator: In}]}}", `f:9:44: spec.scope.podSelector.matchExpressions[0].values: operator In needs values; list at least one`},
	{"Exists with values", "", "scope: {namespaceSelector: {matchExpressions: [{key: a, operator: Exists, values: []}]}}", `f:9:85: spec.scope.namespaceSelector.matchExpressions[0].values: operator Exists takes no values; remove them`},
	{"no registry allowed", "", "constraint: {allowRegistries: []}", `f:9:33: spec.constraint.allowRegistries: an empty list may mean nothing or everything; list registries, or remove the line where any is allowed`},
	{"a registry that is a user", "", "constraint: {allowRegistries: [acme/x]}", `f:9:34: spec.constraint.allowRegistries[0]: "acme/x": "acme" has no . and no port, so it reads as a user on Docker Hub; begin with a host, such as "registry.example.com/acme/x"`},
	{"an allowed registry twice", "", "constraint: {allowRegistries: [a.b, a.b]}", `f:9:39: spec.constraint.allowRegistries[1]: "a.b": stands here twice, first as [0]; remove one`},
}

func check(t *testing.T, why, text, want string) {
	t.Helper()
	sets, err := Parse("f", []byte(text))
	if err == nil {
		t.Errorf("%s: accepted\n%s", why, text)
		return
	}
	if sets != nil {
		t.Errorf("%s: sets beside an error", why)
	}
	if err.Error() != want {
		t.Errorf("%s:\n got %s\nwant %s", why, err, want)
	}
}

func TestRefusals(t *testing.T) {
	for _, row := range refusals {
		check(t, row.why, row.text, row.want)
	}
}

func TestValueRefusals(t *testing.T) {
	for _, row := range valueRefusals {
		check(t, row.why, minimal(row.mirror, row.body), row.want)
	}
}

// Docker Hub has three names, and a mirror there a path.
func TestAMirrorOnDockerHubIsReachedByHTTPS(t *testing.T) {
	const head = "apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: s}\nspec:\n  mirrors:\n"
	for _, host := range []string{"docker.io", "index.docker.io", "registry-1.docker.io"} {
		for _, transport := range []string{"http", "https-skip-verify"} {
			check(t, host, head+"  - source: quay.io\n    mirror: "+host+"/acme\n    transport: "+transport+"\n",
				`f:8:16: spec.mirrors[0].transport: "`+transport+`": Docker Hub is served by https alone, with a certificate that every system trusts; remove the line, and name the CA of a proxy in between in caFile`)
		}
		for _, sound := range []string{"transport: https", "caFile: a.crt", "fallbacks: [" + host + "/b]"} {
			if _, err := Parse("f", []byte(head+"  - source: quay.io\n    mirror: "+host+"/acme\n    "+sound+"\n")); err != nil {
				t.Errorf("%s, %s: %v", host, sound, err)
			}
		}
	}
	if _, err := Parse("f", []byte(head+"  - {source: docker.io, mirror: docker.io.example.com, transport: http}\n")); err != nil {
		t.Errorf("another registry: %v", err)
	}
}

func TestMirrorNamesAcrossMirrors(t *testing.T) {
	const head = "apiVersion: mirrorgen.dev/v1alpha1\nkind: MirrorSet\nmetadata: {name: s}\nspec:\n  mirrors:\n"
	for _, row := range []struct{ why, text, want string }{
		{"two derived names", head + "  - {source: quay.io/a-b, mirror: a.b}\n  - {source: quay.io/a/b, mirror: a.b}\n",
			`f:7:14: spec.mirrors[1].source: "quay.io/a/b": spec.mirrors[0] and spec.mirrors[1] would both be called "quay-io-a-b"; give each a name`},
		{"two written names", head + "  - {name: a, source: quay.io, mirror: a.b}\n  - {name: a, source: gcr.io, mirror: a.b}\n",
			`f:7:12: spec.mirrors[1].name: "a": spec.mirrors[0] has the same name; name one otherwise`},
		{"a written name that another derives", head + "  - {name: gcr-io, source: quay.io, mirror: a.b}\n  - {source: gcr.io, mirror: a.b}\n",
			`f:7:14: spec.mirrors[1].source: "gcr.io": spec.mirrors[0] and spec.mirrors[1] would both be called "gcr-io"; give each a name`},
		{"a name that another derived before", head + "  - {source: gcr.io, mirror: a.b}\n  - {name: gcr-io, source: quay.io, mirror: a.b}\n",
			`f:7:12: spec.mirrors[1].name: "gcr-io": spec.mirrors[0] has the same name, derived from its source; name one otherwise`},
		{"the generated name's length", strings.Replace(head, "name: s", "name: "+strings.Repeat("s", 40), 1) + "  - {name: abcdefghijklm, source: quay.io, mirror: a.b}\n",
			`f:6:12: spec.mirrors[0].name: "abcdefghijklm": "mirrorgen-` + strings.Repeat("s", 40) + `-abcdefghijklm" would have 64 characters, at most 63 are possible; shorten it, or the set's name`},
	} {
		check(t, row.why, row.text, row.want)
	}
}

// TestProblemsAreSortedAndComplete states that one run says everything.
func TestProblemsAreSortedAndComplete(t *testing.T) {
	check(t, "many at once", `apiVersion: mirrorgen.dev/v1alpha1
kind: MirrorSet
metadata: {name: Cn}
spec:
  mirrors:
  - source: Docker.io
    mirror: hub
    transport: ftp
  - mirror: https://a.b
    only: [A, b, b]
---
kind: Pod
---
a: [
`, strings.Join([]string{
		`f:3:18: metadata.name: "Cn": must be lower-case letters, digits and -, and begin and end with a letter or digit`,
		`f:6:13: spec.mirrors[0].source: "Docker.io": a host is lower case; write "docker.io"`,
		`f:7:13: spec.mirrors[0].mirror: "hub": reads as no host, since it has no . and no port and is not localhost; write it in full, such as "registry.example.com"`,
		`f:8:16: spec.mirrors[0].transport: "ftp": must be one of https, https-skip-verify, http`,
		`f:9:5: spec.mirrors[1].source: is missing; name what is redirected, such as "source: docker.io"`,
		`f:9:13: spec.mirrors[1].mirror: "https://a.b": a scheme has no place here; drop "https://"`,
		`f:10:12: spec.mirrors[1].only[0]: "A": a repository is lower case; write "a"`,
		`f:10:18: spec.mirrors[1].only[2]: "b": stands here twice, first as [1]; remove one`,
		`f:12:7: kind: "Pod": only MirrorSet is read here; keep other objects in files of their own`,
		`f:14:1: not YAML: did not find expected node content (at or near this line)`,
	}, "\n"))
}
