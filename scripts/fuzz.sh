#!/usr/bin/env bash
# Runs every fuzz target of the module for FUZZTIME each, one after the other; ends at the first finding.
set -euo pipefail
cd "$(dirname "$0")/.."
time=${FUZZTIME:-10m}
count=0
while IFS=: read -r file line; do
	name=$(sed -E 's/^func (Fuzz[A-Za-z0-9_]*).*/\1/' <<<"$line")
	folder=$(dirname "$file")
	printf '== %s %s for %s\n' "$folder" "$name" "$time"
	(cd "$folder" && go test -run '^$' -fuzz "^$name\$" -fuzztime "$time" -fuzzminimizetime 10s .)
	count=$((count + 1))
done < <(find . -name "*_test.go" -not -path "*/node_modules/*" -print0 | xargs -0 grep -E '^func Fuzz[A-Za-z0-9_]*\(' /dev/null | sort)
printf '%d fuzz targets ran for %s each, without a finding\n' "$count" "$time"
