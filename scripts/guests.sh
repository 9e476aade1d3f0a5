#!/bin/sh
# Builds the first-party guests, or checks that the committed ones are what their sources give.
#   scripts/guests.sh build|check
# The bytes depend on the exact Go version, which is recorded in plugins/std/bin/GO_VERSION.
set -eu
cd "$(dirname "$0")/../plugins/std"
want=$(cat bin/GO_VERSION)
have=$(go env GOVERSION)
if [ "$want" != "$have" ]; then
	echo "guests.sh: the guests are built with $want and this is $have; set GOTOOLCHAIN=$want" >&2
	exit 2
fi
out=bin
[ "${1:-}" = check ] && out=$(mktemp -d) && trap 'rm -rf "$out"' EXIT
for manifest in */manifest.json; do
	name=${manifest%/*}
	wasm=$(mktemp)
	(cd "$name" && GOOS=wasip1 GOARCH=wasm CGO_ENABLED=0 GOFLAGS=-mod=readonly GOWORK=off go build -buildmode=c-shared \
		-trimpath -buildvcs=false -ldflags="-s -w -buildid=" -o "$wasm" .)
	gzip -9 -n -c "$wasm" >"$out/$name.wasm.gz"
	rm -f "$wasm"
	cp "$manifest" "$out/$name.json"
done
case ${1:-} in
build) ls -l bin ;;
check)
	for f in bin/*.json; do
		cmp "$f" "$out/${f#bin/}" || { echo "guests.sh: $f is not the source's manifest; run scripts/guests.sh build" >&2; exit 1; }
	done
	for f in bin/*.wasm.gz; do
		# gzip versions differ: what counts is what is inside.
		gzip -dc "$f" >"$out/committed"
		gzip -dc "$out/${f#bin/}" >"$out/built"
		cmp "$out/committed" "$out/built" || { echo "guests.sh: $f is not what its source gives; run scripts/guests.sh build" >&2; exit 1; }
	done
	echo "guests are what their sources give" ;;
*) echo "usage: scripts/guests.sh build|check" >&2; exit 2 ;;
esac
