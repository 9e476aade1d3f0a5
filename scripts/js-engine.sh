#!/bin/sh
# Builds the engine of JavaScript plugins, or checks that the committed one is what its sources give.
#   scripts/js-engine.sh build|check
# Its parts come from npm, by version and checksum of plugins/js/engine/package-lock.json; scripts/setup.sh installs them.
set -eu
cd "$(dirname "$0")/../plugins/js/engine"
[ -d node_modules/binaryen ] || npm ci --ignore-scripts --loglevel=error
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
node build.mjs "$out/engine.wasm"
case ${1:-} in
build)
	gzip -9 -n -c "$out/engine.wasm" >engine.wasm.gz
	ls -l engine.wasm.gz ;;
check)
	# gzip versions differ: what counts is what is inside.
	gzip -dc engine.wasm.gz | cmp - "$out/engine.wasm" || { echo "js-engine.sh: engine.wasm.gz is not what its sources give; run scripts/js-engine.sh build" >&2; exit 1; }
	echo "the engine is what its sources give" ;;
*) echo "usage: scripts/js-engine.sh build|check" >&2; exit 2 ;;
esac
