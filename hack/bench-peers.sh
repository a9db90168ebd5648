#!/usr/bin/env bash
# bench-peers.sh TOOLS BIN: whole processes on the same work, side by side in one
# run: ours, peer, ours, peer, ... so that a drift of the machine hits both. For
# each it prints the median wall time, CPU time and peak memory of RUNS runs
# (default 5) after one that does not count.
set -euo pipefail
tools=$1
bin=$2
runs=${RUNS:-5}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

go run ./hack/pods 1000 >"$work/pods-1000.yaml"
go run ./hack/pods 10000 >"$work/pods-10000.yaml"
"$bin/gen" policies -f policies/mirrors.yaml --out "$work/policies" 2>/dev/null
mkdir "$work/rewrite" "$work/mpol"
cp "$work/policies/kyverno/cn-rewrite.yaml" "$work/rewrite/"
cp "$work/policies/kyverno-cel/cn-rewrite.yaml" "$work/mpol/"
cat "$work/policies/gatekeeper/templates/template.yaml" >"$work/gator.yaml"
for constraint in "$work"/policies/gatekeeper/constraints/cn*.yaml; do
	echo '---' >>"$work/gator.yaml"
	cat "$constraint" >>"$work/gator.yaml"
done
go run ./hack/manymirrors 1000 >"$work/many.yaml"

# measure FILE COMMAND...: one run; appends "wall cpu memory".
measure() {
	local file=$1
	shift
	go_time "$@" >>"$file"
}

# go_time prints wall seconds, CPU seconds and peak MiB of the largest process.
go_time() { "$work/measure" "$@"; }
go build -o "$work/measure" ./hack/measure

median() { sort -n "$1" | awk '{v[NR]=$1} END {print (NR%2) ? v[(NR+1)/2] : (v[NR/2]+v[NR/2+1])/2}'; }
column() { awk -v c="$2" '{print $c}' "$1" >"$1.$2"; median "$1.$2"; }

# pair TITLE OURS PEER NAME [RUNS]: OURS and PEER are words for a shell.
pair() {
	local title=$1 ours=$2 peer=$3 name=$4 runs=${5:-$runs}
	rm -f "$work/a" "$work/b"
	measure "$work/warm" bash -c "$ours"
	measure "$work/warm" bash -c "$peer"
	for _ in $(seq "$runs"); do
		measure "$work/a" bash -c "$ours"
		measure "$work/b" bash -c "$peer"
	done
	awk -v title="$title" -v name="$name" -v aw="$(column "$work/a" 1)" -v ac="$(column "$work/a" 2)" -v am="$(column "$work/a" 3)" \
		-v bw="$(column "$work/b" 1)" -v bc="$(column "$work/b" 2)" -v bm="$(column "$work/b" 3)" 'BEGIN {
		printf "| %s | %.2f | %.2f | %.0f | %s | %.2f | %.2f | %.0f | %.1f | %.1f |\n", title, aw, ac, am, name, bw, bc, bm, bw/aw, bm/am }'
}

# alone TITLE COMMAND
alone() {
	rm -f "$work/a"
	measure "$work/warm" bash -c "$2"
	for _ in $(seq "$runs"); do measure "$work/a" bash -c "$2"; done
	printf '| %s | %.3f | %.3f | %.0f |\n' "$1" "$(column "$work/a" 1)" "$(column "$work/a" 2)" "$(column "$work/a" 3)"
}

echo "gen $("$bin/gen" version -o json | tr -d ' \n')"
for tool in gator conftest kyverno; do
	echo "$tool: $(go version -m "$tools/$tool" | awk -v tool="$tool" 'BEGIN {module["gator"]="gatekeeper/v3$"; module["conftest"]="conftest$"; module["kyverno"]="kyverno/kyverno$"}
		($1=="mod" || $1=="dep") && $2 ~ module[tool] {print $2, $3}')"
done
echo "size of gen: $(wc -c <"$bin/gen") bytes"
echo
echo "| work | gen wall s | gen CPU s | gen MiB | peer | wall s | CPU s | MiB | times faster | times smaller |"
echo "|---|---|---|---|---|---|---|---|---|---|"
for n in 1000 10000; do
	pair "$n Pods, the constraint" \
		"$bin/gen admit --policies $work/gator.yaml --engine gatekeeper $work/pods-$n.yaml >/dev/null 2>&1 || true" \
		"$tools/gator test -f $work/gator.yaml -f $work/pods-$n.yaml -o json >/dev/null 2>&1 || true" "gator test"
	pair "$n Pods, the plain Rego" \
		"$bin/gen admit -f policies/mirrors.yaml --engine rego $work/pods-$n.yaml >/dev/null 2>&1 || true" \
		"$tools/conftest test -p $work/policies/rego/policy -d $work/policies/rego/data $work/pods-$n.yaml -o json >/dev/null 2>&1 || true" "conftest test"
	pair "$n Pods, the ClusterPolicy" \
		"$bin/gen admit --policies $work/rewrite --engine kyverno $work/pods-$n.yaml >/dev/null 2>&1" \
		"$tools/kyverno apply $work/rewrite/cn-rewrite.yaml --resource $work/pods-$n.yaml >/dev/null 2>&1" "kyverno apply"
done
# kyverno apply compiles the policy anew for each Pod, so that a run takes minutes: one counts.
pair "1000 Pods, the MutatingPolicy" \
	"$bin/gen admit --policies $work/mpol --engine kyverno-cel $work/pods-1000.yaml >/dev/null 2>&1" \
	"$tools/kyverno apply $work/mpol/cn-rewrite.yaml --resource $work/pods-1000.yaml >/dev/null 2>&1" "kyverno apply" 1
echo
echo "| gen alone | wall s | CPU s | MiB |"
echo "|---|---|---|---|"
alone "gen policies, the sample (5 mirrors)" "rm -rf $work/out && $bin/gen policies -f policies/mirrors.yaml --out $work/out 2>/dev/null"
alone "gen policies, 1,000 mirrors" "rm -rf $work/out && $bin/gen policies -f $work/many.yaml --out $work/out 2>/dev/null"
