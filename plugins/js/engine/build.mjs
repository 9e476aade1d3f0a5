// Builds engine.wasm: QuickJS as the package quickjs-wasi has it, with the guest ABI around it and all else taken away.
//   node build.mjs OUT
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const tmp = mkdtempSync(join(tmpdir(), 'engine-'));
const tool = (name, ...args) => execFileSync(process.execPath, [join(here, 'node_modules/binaryen/bin', name), ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
const features = ['--enable-bulk-memory', '--enable-bulk-memory-opt', '--enable-sign-ext', '--enable-mutable-globals', '--enable-nontrapping-float-to-int', '--enable-multivalue', '--enable-reference-types'];

// The exports that stay; what they do not need goes.
const exports = ['memory', '_initialize', 'siogw_alloc', 'siogw_program', 'siogw_manifest', 'siogw_configure', 'siogw_decide'];

try {
  const runtime = readFileSync(join(here, 'runtime.js'));
  const hex = [...runtime].map((b) => '\\' + b.toString(16).padStart(2, '0')).join('');
  const guest = readFileSync(join(here, 'guest.wat.in'), 'utf8')
    .replace('@RUNTIME@', hex).replaceAll('@SIZE@', runtime.length + 1).replaceAll('@LENGTH@', runtime.length);
  writeFileSync(join(tmp, 'guest.wat'), guest);
  for (const [name, wat] of [['guest', join(tmp, 'guest.wat')], ['env', join(here, 'env.wat')], ['wasi', join(here, 'wasi.wat')]]) {
    tool('wasm-as', ...features, wat, '-o', join(tmp, name + '.wasm'));
  }
  tool('wasm-merge', ...features, join(here, 'node_modules/quickjs-wasi/quickjs.wasm'), 'quickjs', join(tmp, 'env.wasm'), 'env',
    join(tmp, 'wasi.wasm'), 'wasi_snapshot_preview1', join(tmp, 'guest.wasm'), 'guest', '-o', join(tmp, 'merged.wasm'));
  writeFileSync(join(tmp, 'roots.json'), JSON.stringify(exports.map((e) => ({ name: e, root: true, export: e }))));
  tool('wasm-metadce', ...features, join(tmp, 'merged.wasm'), '--graph-file', join(tmp, 'roots.json'), '-o', join(tmp, 'small.wasm'));
  tool('wasm-opt', ...features, '-O2', '--strip-debug', '--strip-producers', '--strip-target-features', join(tmp, 'small.wasm'), '-o', process.argv[2]);
} finally {
  rmSync(tmp, { recursive: true });
}
