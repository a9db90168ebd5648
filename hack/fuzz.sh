#!/usr/bin/env bash
# fuzz.sh: every fuzz test for FUZZTIME each. Go runs one fuzz test of one
# package at a time.
set -euo pipefail
found=0
while IFS=: read -r file name; do
	found=$((found + 1))
	echo "== $name ($(dirname "$file"))"
	go test -run '^$' -fuzz "^$name\$" -fuzztime "${FUZZTIME:?}" "./$(dirname "$file")"
done < <(grep -rHoE '^func Fuzz[A-Za-z0-9]+' --include='*_test.go' generator harness diagnosis migrate | sed 's/:func /:/' | sort)
[ "$found" -gt 0 ] || { echo "no fuzz test found" >&2; exit 1; }
