#!/usr/bin/env bash
# bench-kyverno.sh GEN: the benchmarks of the Kyverno engine, on policies that GEN
# makes. Each runs COUNT times (default 5), and the best run counts, as whatever
# else the machine does only ever adds. cluster/ is Kyverno by itself, as its
# webhooks run a policy, gen/ is gen-engine-kyverno. It ends with what we promise
# of the cost in a cluster, and fails where that does not hold.
set -euo pipefail
gen=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for n in 1 10 50 200 needs; do
	if [[ $n == needs ]]; then
		go run ./hack/manymirrors 1 needs >"$work/mirrors-$n.yaml"
	else
		go run ./hack/manymirrors "$n" >"$work/mirrors-$n.yaml"
	fi
	"$gen" policies -f "$work/mirrors-$n.yaml" --out "$work/policies/$n" --target kyverno >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 2; }
done

# One round after the other, so that a slow minute hits one run of each benchmark
# and not all runs of one.
for _ in $(seq "${COUNT:-5}"); do
	(cd engines/kyverno && MIRRORGEN_BENCH_POLICIES=$work/policies \
		go test -count=1 -run '^$' -bench "${BENCH:-.}" -benchmem -benchtime "${BENCHTIME:-0.3s}" ./...)
done | tee "$work/runs"

awk '
	/^Benchmark/ {
		name = $1
		sub(/^Benchmark/, "", name)
		sub(/-[0-9]+$/, "", name) # the number of CPUs
		sub(/^Generated\//, "", name)
		if (!(name in best)) order[++names] = name
		if (!(name in best) || $3 < best[name]) {
			best[name] = $3
			bytes[name] = $5
		}
	}
	function of(name) {
		if (!(name in best)) {
			print "bench-kyverno: " name " was not measured" > "/dev/stderr"
			exit 2
		}
		return best[name]
	}
	function promise(what, value, limit, unit) {
		printf "| %s | %.2f%s | %s%s | %s |\n", what, value, unit, limit, unit, value <= limit ? "yes" : "NO"
		if (value > limit) broken = 1
	}
	END {
		print "\n| best of the runs | ms/op | B/op |\n|---|---|---|"
		for (i = 1; i <= names; i++) printf "| %s | %.3f | %d |\n", order[i], best[order[i]] / 1e6, bytes[order[i]]
		print "\n| promised | measured | at most | holds |\n|---|---|---|---|"
		one = of("cluster/rewrite/mirrors=1")
		promise("one Pod, to the sample", one / of("cluster/sample"), 0.6, " times")
		promise("50 mirrors, to one", of("cluster/rewrite/mirrors=50") / one, 1.5, " times")
		promise("200 mirrors, to one", of("cluster/rewrite/mirrors=200") / one, 2.6, " times")
		promise("an image of 500 kB, alone", of("cluster/rewrite-500kB-alone/mirrors=1") / 1e6, 3, " ms")
		promise("an image of 500 kB, beside others", of("cluster/rewrite-500kB-beside/mirrors=1") / 1e6, 3, " ms")
		exit broken
	}' "$work/runs"
