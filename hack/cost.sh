#!/usr/bin/env bash
# cost.sh GEN: what Pods that are as dear as can be cost the policies of 200 mirrors,
# in the units of the API server's budget, which is also Kyverno's. Fails where an
# expression takes more than half of what it may: beyond it, failurePolicy Ignore
# would let the Pod past the rewrite.
set -euo pipefail
gen=$(realpath "$1")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

go run ./hack/manymirrors 200 >"$work/mirrors.yaml"
"$gen" policies -f "$work/mirrors.yaml" --out "$work" --target kubernetes >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 2; }
mkdir "$work/pods"
go run ./hack/heavypods "$work/pods"
cd engines/kubernetes
go build -o "$work/cost" ./cost
echo "| Pod | dearest expression | of what it may cost |"
echo "|---|---|---|"
status=0
for pod in "$work"/pods/*.json; do
	"$work/cost" -object "$pod" -most 50 "$work"/kubernetes/many-rewrite.yaml "$work"/kubernetes/many-constraint.yaml >"$work/bill" || status=1
	sort -k2 -g "$work/bill" | awk -v pod="$(basename "$pod" .json)" 'END {printf "| %s | %s %s %s | %s |\n", pod, $5, $6, $7, $2}'
done
exit $status
