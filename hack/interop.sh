#!/usr/bin/env bash
# interop.sh TOOLS GEN: the verdicts of gator, conftest and opa on our output
# agree with ours on the objects of every case that is a CREATE under the sample.
set -euo pipefail
tools=$1
gen=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# What the tools can be asked: a CREATE of one object under the sample, in a
# namespace that no selector needs to know.
cases=()
for case in testcases/*/; do
	case=${case%/}
	[ -f "$case/case.yaml" ] || continue # specs and policies that cases share
	grep -q '^spec: ../../policies/mirrors.yaml$' "$case/case.yaml" || continue
	grep -qE '^(operation|subresource|namespaceLabels):' "$case/case.yaml" && continue
	[ "$(grep -c '^kind:' "$case/object.yaml")" = 1 ] || continue
	cases+=("$case")
done
[ ${#cases[@]} -ge 30 ] || { echo "interop: found only ${#cases[@]} cases; nothing would be proven" >&2; exit 1; }

checked=0
failed=0
# verdict NAME CASE WANT GOT: WANT and GOT are allowed or denied.
verdict() {
	checked=$((checked + 1))
	if [ "$3" != "$4" ]; then
		echo "interop: $2: $1 says $4, gen says $3" >&2
		failed=$((failed + 1))
	fi
}

for case in "${cases[@]}"; do
	# gator, conftest and opa see objects as submitted, so gen is asked likewise.
	for engine in gatekeeper rego; do
		want=allowed
		"$gen" admit -f policies/mirrors.yaml --engine "$engine" "$case/object.yaml" >/dev/null 2>&1 || want=denied
		got=allowed
		if [ "$engine" = gatekeeper ]; then
			"$tools/gator" test -f policies/gatekeeper/templates/template.yaml -f policies/gatekeeper/templates/expansion.yaml \
				-f policies/gatekeeper/constraints/ -f "$case/object.yaml" >"$work/out" 2>&1 || got=denied
			verdict gator "$case" "$want" "$got"
		else
			"$tools/conftest" test -p policies/rego/policy -d policies/rego/data "$case/object.yaml" >"$work/out" 2>&1 || got=denied
			verdict conftest "$case" "$want" "$got"
		fi
	done
done

# opa eval on one denied and one allowed object, through its JSON form.
for pair in "denied NGINX" "allowed registry.example.com/app:1"; do
	want=${pair%% *}
	image=${pair#* }
	printf '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p"},"spec":{"containers":[{"name":"c","image":"%s"}]}}' "$image" >"$work/pod.json"
	count=$("$tools/opa" eval -f raw -d policies/rego/policy -d policies/rego/data -i "$work/pod.json" 'count(data.main.deny)')
	got=denied
	[ "$count" = 0 ] && got=allowed
	verdict opa "$image" "$want" "$got"
done

echo "interop: $checked verdicts on ${#cases[@]} cases, $failed differ"
[ "$failed" = 0 ]
