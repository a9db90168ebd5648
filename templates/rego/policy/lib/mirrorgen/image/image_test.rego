package lib.mirrorgen.image_test

import data.lib.mirrorgen.image

_hex := "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

_digest := concat("", ["sha256:", _hex])

_valid := {
	"nginx": ["docker.io", "library/nginx", ":latest"],
	"nginx:1.25": ["docker.io", "library/nginx", ":1.25"],
	"bitnami/redis": ["docker.io", "bitnami/redis", ":latest"],
	"docker.io/nginx": ["docker.io", "library/nginx", ":latest"],
	"Index.Docker.IO/nginx": ["docker.io", "library/nginx", ":latest"],
	"registry-1.docker.io/a/b": ["docker.io", "a/b", ":latest"],
	"localhost/a": ["localhost", "a", ":latest"],
	"localhost": ["docker.io", "library/localhost", ":latest"],
	"Quay.io:443/a/b:1": ["Quay.io:443", "a/b", ":1"],
	"[::1]:5000/x": ["[::1]:5000", "x", ":latest"],
	"my_registry.local/x": ["my_registry.local", "x", ":latest"],
	concat("@", ["gcr.io/a/b", _digest]): ["gcr.io", "a/b", concat("", ["@", _digest])],
	concat("@", ["nginx:1", _digest]): ["docker.io", "library/nginx", concat("", [":1@", _digest])],
	_repeated("a", 247): ["docker.io", concat("", ["library/", _repeated("a", 247)]), ":latest"],
	concat("/", ["my_registry.local", _repeated("a", 237)]): ["my_registry.local", _repeated("a", 237), ":latest"],
}

test_what_a_kubelet_accepts_is_taken_apart if {
	every text, parts in _valid {
		[registry, repository, suffix] := parts
		parsed := image.parse(text)
		parsed.registry == registry
		parsed.repository == repository
		parsed.name == concat("/", [lower(registry), repository])
		parsed.suffix == suffix
	}
}

_invalid := {
	"", "NGINX", "nginx:", " nginx", "nginx\n", "a//b", "nginx@sha256:abc", "https://x/y", "a_/b", "-a/b", "a.b_/c",
	"[]:5000/x", "x@md5:00", "x:{{ y }}", _hex,
	concat(":", ["a", _repeated("t", 129)]),
	_repeated("a", 248),
	concat("/", ["my_registry.local", _repeated("a", 238)]),
	_repeated("h", 4618),
}

test_what_a_kubelet_refuses_is_no_reference if {
	every text in _invalid {
		not image.parse(text)
	}
	not image.parse(null)
}

test_the_short_way_reads_the_usual_form_as_parse_does if {
	every text in ["quay.io/a", "quay.io:8443/a-b/c_d:V1", concat("@", ["m.example.com/x:1", _digest])] {
		image.plain_name(text) == image.parse(text).name
	}
}

test_the_short_way_leaves_the_rest_to_parse if {
	every text in [
		"docker.io/nginx", "quay.io:443/a", "quay.io:0443/a", "nginx", "a/b", "Quay.io/a", "quay.io/a@sha256:0",
		concat("/", ["quay.io", _repeated("a", 128)]),
	] {
		not image.plain_name(text)
	}
	not image.plain_name(7)
}

test_the_default_port_can_be_left_out if {
	image.portless(image.parse("Quay.io:443/a/b")) == "quay.io/a/b"
	image.portless(image.parse("index.docker.io:443/nginx")) == "docker.io/library/nginx"
	image.portless(image.parse("[::1]:443/a")) == "[::1]/a"
}

test_leading_zeros_of_a_port_can_be_left_out if {
	image.portless(image.parse("quay.io:0443/a/b")) == "quay.io/a/b"
	image.portless(image.parse("registry-1.docker.io:00443/nginx")) == "docker.io/library/nginx"
	image.portless(image.parse("reg.corp:05000/a")) == "reg.corp:5000/a"
	image.portless(image.parse("reg.corp:00/a")) == "reg.corp:0/a"
}

test_another_port_stays if {
	not image.portless(image.parse("quay.io:4430/a"))
	not image.portless(image.parse("quay.io/a"))
	not image.portless(image.parse("[::0443]/a"))
	not image.portless(image.parse("reg.corp:0/a"))
}

_repeated(letter, times) := concat("", [letter | some _ in numbers.range(1, times)])
