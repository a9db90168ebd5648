# METADATA
# title: Image references
# description: |
#   Reads an image reference the way a kubelet does: the grammar of
#   github.com/distribution/reference, normalized, no more and no less. Every
#   spelling of Docker Hub is the registry docker.io, whose one-component
#   repositories lie below library/.
package lib.mirrorgen.image

# What is Docker Hub: its spellings, and no host at all.
_hub := {
	"": "docker.io",
	"docker.io": "docker.io",
	"index.docker.io": "docker.io",
	"registry-1.docker.io": "docker.io",
}

# What stands before a path, by registry and by whether the path has a "/".
_library := {"docker.io": {false: "library/"}}

# The groups: host, repository, suffix, tag, hash, digits. What makes a first
# component a host is a dot, a port, the name localhost, an upper-case letter,
# or the brackets of an IPv6 address. The last kind of host, such as
# my_registry.local, is none by the grammar; a kubelet connects to it all the same.
_pattern := concat("", [
	`^(?:(`,
	`[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*(?:(?:\.[a-zA-Z0-9]+(?:-+[a-zA-Z0-9]+)*)+(?::[0-9]+)?|:[0-9]+)|`,
	`localhost|`,
	`(?:[a-zA-Z0-9][a-zA-Z0-9-]*)?[A-Z](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?|`,
	`\[[a-fA-F0-9:]*[A-F:][a-fA-F0-9:]*\](?::[0-9]+)?|\[[a-fA-F0-9]+\]:[0-9]+|`,
	`[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*\.[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*`,
	`)/)?`,
	`([a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)`,
	`((?::([A-Za-z0-9_][A-Za-z0-9_.-]*))?(?:@(sha256|sha384|sha512):([a-f0-9]+))?)$`,
])

# METADATA
# description: |
#   The parts of a reference: the registry as written (docker.io for Docker
#   Hub), the name under which mirrors are looked up (host in lower case, and
#   repository), the repository, and the suffix (tag, digest or both as written,
#   :latest where neither was). Undefined where the text is no reference.
#   It is one function without others, as it runs for every image.
parse(text) := {"registry": registry, "repository": repository, "name": name, "suffix": suffix} if {
	is_string(text)

	# Nothing longer can be a reference; it is not even matched.
	count(text) <= 4617
	[[_, host, path, written, tag, hash, digits]] := regex.find_all_string_submatch_n(_pattern, text, 1)
	{"": 0, "sha256": 64, "sha384": 96, "sha512": 128}[hash] == count(digits)
	count(tag) <= 128

	# 64 hexadecimal digits alone name an image by its id.
	regex.match(`^[a-f0-9]{64}$`, text) == false
	registry := object.get(_hub, lower(host), host)
	library := object.get(_library, [registry, contains(path, "/")], "")
	repository := concat("", [library, path])

	# A host with an underscore counts as a part of the repository, its slash too.
	beyond := object.get({true: count(host) + 1}, contains(host, "_"), 0)
	count(repository) + beyond <= 255
	name := concat("/", [lower(registry), repository])
	suffix := object.get({"": ":latest"}, written, written)
}

# A host with a dot, a path, a tag, a digest; nothing to fill in or to fold.
_plain := concat("", [
	`^([a-z0-9]+(?:[.-][a-z0-9]+)*\.[a-z0-9]+(?::[0-9]+)?(?:/[a-z0-9]+(?:[._-][a-z0-9]+)*)+)`,
	`(?::\w[\w.-]*)?(?:@sha256:[a-f0-9]{64})?$`,
])

# METADATA
# description: |
#   The name in a reference of the most usual form, at a fraction of the cost of
#   parse; undefined for every other text, be it a reference or not. Up to 128
#   characters no part can be too long.
plain_name(text) := name if {
	is_string(text)
	count(text) <= 128
	[[_, name]] := regex.find_all_string_submatch_n(_plain, text, 1)
	not contains(name, "docker.io/")
	not contains(name, ":443/")
	not contains(name, ":0")
}

# METADATA
# description: |
#   The name that the reference would have with its port in the usual spelling:
#   without leading zeros, which a client drops, and not at all where it is the
#   default port of HTTPS. It pulls from the same place. Undefined where the port
#   is written so, or not at all.
portless(reference) := concat("", [registry, "/", library, reference.repository]) if {
	written := lower(reference.registry)
	[[_, host, port]] := regex.find_all_string_submatch_n(`^(.*):0*([0-9]+)$`, written, 1)
	usual := concat("", [host, object.get({"443": ""}, port, concat("", [":", port]))])
	usual != written
	registry := object.get(_hub, usual, usual)
	library := object.get(_library, [registry, contains(reference.repository, "/")], "")
}
