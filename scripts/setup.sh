#!/usr/bin/env bash
# Installs what the tests need beside Go: node and npm with the packages of test/interop, test/advisories, plugins/js/engine and
# sdk/assemblyscript, Chromium, Redis, and compilers of guests, from Debian's packages. What is there already is left alone. Works as root and with sudo.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'setup: %s\n' "$*" >&2; }

as_root() {
	if [ "$(id -u)" = 0 ]; then "$@"
	elif command -v sudo >/dev/null; then sudo "$@"
	else
		say "not root, and there is no sudo: install these by hand: ${missing[*]}"
		exit 1
	fi
}

# A half-upgraded npm is there but does not run.
works() { "$@" --version >/dev/null 2>&1; }

node_is_new() { works node && [ "$(node -p 'parseInt(process.versions.node)')" -ge 18 ]; }

# A broken npm of one's own, in front of a sound one of the system.
works npm || ! works /usr/bin/npm || export PATH="/usr/bin:$PATH"

missing=()
node_is_new || missing+=(nodejs)
works npm || missing+=(npm)
command -v chromium >/dev/null || missing+=(chromium)
command -v redis-server >/dev/null || missing+=(redis-server)
# The client of the tests is Debian's, whatever other Python there is.
has_socketio() { /usr/bin/python3 -c 'import socketio, requests, websocket' 2>/dev/null; }
has_socketio || missing+=(python3-socketio python3-requests python3-websocket)

# What compiles guests: test/sdk.
has_c() {
	command -v clang >/dev/null && command -v wasm-ld >/dev/null && [ -n "$(clang --target=wasm32-wasi -print-file-name=libc.a | grep /)" ] &&
		ls "$(clang --target=wasm32-wasi -print-resource-dir)"/lib/wasi/libclang_rt.builtins-wasm32.a >/dev/null 2>&1
}
has_rust() {
	local rustc
	for rustc in rustc /usr/bin/rustc; do
		ls "$($rustc --print target-libdir --target wasm32-unknown-unknown 2>/dev/null)"/libstd-*.rlib >/dev/null 2>&1 && return
	done
	return 1
}
has_c || missing+=(clang lld wasi-libc libclang-rt-14-dev-wasm32)
has_rust || missing+=(rustc libstd-rust-dev-wasm32)

if [ ${#missing[@]} -gt 0 ]; then
	command -v apt-get >/dev/null || { say "no apt-get here: install these by hand: ${missing[*]}"; exit 1; }
	say "installing ${missing[*]}"
	export DEBIAN_FRONTEND=noninteractive
	as_root apt-get update -qq
	install() { as_root apt-get install -y -qq --no-install-recommends "$@" >&2; }
	# What is installed and does not work is installed anew, all at once or one by one. A package of
	# nodejs that brings npm along conflicts with Debian's npm: then that one is renewed.
	as_root apt-get --fix-broken install -y -qq >&2
	install --reinstall "${missing[@]}" || for name in "${missing[@]}"; do
		install --reinstall "$name" || { [ "$name" = npm ] && install --reinstall nodejs; } || say "apt-get could not install $name"
	done
	hash -r
	works npm || ! works /usr/bin/npm || export PATH="/usr/bin:$PATH"
fi
node_is_new || { say "node 18 or newer is needed, here is: $(node --version 2>&1 || true)"; exit 1; }
works npm || { say "npm is there but does not run: $(npm --version 2>&1 | head -n 3)"; exit 1; }

has_socketio || { say "python3-socketio is not installed"; exit 1; }
has_c || { say "clang cannot make WebAssembly"; exit 1; }
has_rust || { say "rustc cannot make WebAssembly"; exit 1; }
for name in chromium redis-server; do
	command -v "$name" >/dev/null || { say "$name is not installed"; exit 1; }
done

# The stamp says which lock file node_modules was made from.
for dir in test/interop test/advisories plugins/js/engine sdk/assemblyscript; do
	stamp=$dir/node_modules/.lock.sha256
	sum=$(sha256sum $dir/package-lock.json | cut -d' ' -f1)
	if [ "$(cat "$stamp" 2>/dev/null)" != "$sum" ]; then
		say "installing the npm packages of $dir"
		(cd $dir && npm ci --ignore-scripts --loglevel=error >&2)
		echo "$sum" >"$stamp"
	fi
done
say "node $(node --version), npm $(npm --version 2>/dev/null), $(chromium --version 2>/dev/null || echo chromium), redis $(redis-server --version | grep -o 'v=[0-9.]*')"
