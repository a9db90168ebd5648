#!/usr/bin/env bash
# bench-cel.sh GEN: the benchmarks of generated CEL policies, in Kyverno's engine
# and in the API server's, offline. Each runs COUNT times (default 5), one round
# after the other, and the best run counts, as whatever else the machine does only
# ever adds. It ends with what we promise, and fails where that does not hold.
set -euo pipefail
gen=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for n in 1 50 200; do
	go run ./hack/manymirrors "$n" >"$work/mirrors-$n.yaml"
	"$gen" policies -f "$work/mirrors-$n.yaml" --out "$work/policies/$n" --target kyverno-cel,kubernetes >"$work/log" 2>&1 || { cat "$work/log" >&2; exit 2; }
done

for _ in $(seq "${COUNT:-5}"); do
	for engine in kyverno kubernetes; do
		(cd "engines/$engine" && MIRRORGEN_BENCH_POLICIES=$work/policies \
			go test -count=1 -run '^$' -bench '^BenchmarkGeneratedCEL$' -benchmem -benchtime "${BENCHTIME:-0.5s}" ./admission | sed "s/^BenchmarkGeneratedCEL/$engine/")
	done
done | tee "$work/runs"

awk '
	/^(kyverno|kubernetes)\// {
		name = $1
		sub(/-[0-9]+$/, "", name) # the number of CPUs
		if (!(name in best)) order[++names] = name
		if (!(name in best) || $3 < best[name]) {
			best[name] = $3
			bytes[name] = $5
		}
	}
	function promise(what, value, limit, unit) {
		printf "| %s | %.3f%s | %s%s | %s |\n", what, value, unit, limit, unit, value <= limit ? "yes" : "NO"
		if (value > limit) broken = 1
	}
	END {
		if (names != 12) {
			print "bench-cel: " names " of 12 benchmarks were measured" > "/dev/stderr"
			exit 2
		}
		print "\n| best of the runs | ms/op | B/op |\n|---|---|---|"
		for (i = 1; i <= names; i++) printf "| %s | %.3f | %d |\n", order[i], best[order[i]] / 1e6, bytes[order[i]]
		print "\n| promised | measured | at most | holds |\n|---|---|---|---|"
		split("kyverno kubernetes", engines)
		for (i = 1; i <= 2; i++) {
			e = engines[i]
			promise(e ": a Pod of three images, rewritten", best[e "/mutate/mirrors=1"] / 1e6, 0.25, " ms")
			promise(e ": 200 mirrors to one, rewriting", best[e "/mutate/mirrors=200"] / best[e "/mutate/mirrors=1"], 1.15, " times")
			promise(e ": 200 mirrors to one, judging", best[e "/validate/mirrors=200"] / best[e "/validate/mirrors=1"], 1.15, " times")
		}
		exit broken
	}' "$work/runs"
