// Values of scenarios: JSON, with {"$b64": "…"} for bytes, and matchers where something is expected.
'use strict';

const isBytes = (v) => v instanceof ArrayBuffer || ArrayBuffer.isView(v);
const toBuffer = (v) => (v instanceof ArrayBuffer ? Buffer.from(v) : Buffer.from(v.buffer, v.byteOffset, v.byteLength));

// map applies f to every value, from the outside; undefined means: go on inside.
function map(v, f) {
  const r = f(v);
  if (r !== undefined) return r;
  if (Array.isArray(v)) return v.map((x) => map(x, f));
  if (v && typeof v === 'object') return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, map(x, f)]));
  return v;
}

// revive makes bytes of {"$b64"}, a text of n letters of {"$text": n}, a Date of {"$date": milliseconds}.
const revive = (v) => map(v, (x) => {
  if (typeof x?.$b64 === 'string') return Buffer.from(x.$b64, 'base64');
  if (typeof x?.$text === 'number') return 'x'.repeat(x.$text);
  if (typeof x?.$date === 'number') return new Date(x.$date);
  return undefined;
});

// plain makes {"$b64"} of bytes and {"$date"} of a Date; functions and undefined vanish as in JSON.
const plain = (v) => JSON.parse(JSON.stringify(map(v, (x) => {
  if (x instanceof Date) return { $date: x.getTime() };
  return isBytes(x) ? { $b64: toBuffer(x).toString('base64') } : undefined;
})) ?? 'null');

const matchers = {
  $any: () => true,
  $re: (want, got) => typeof got === 'string' && new RegExp(want, 'u').test(got),
  $sub: (want, got) => got !== null && typeof got === 'object' && Object.entries(want).every(([k, w]) => match(w, got[k])),
  $not: (want, got) => !match(want, got),
  $text: (want, got) => got === 'x'.repeat(want),
};

// match compares what came with what was expected: exactly, but for matchers ({"$any":1}, {"$re":"…"},
// {"$sub":{…}} for an object that holds at least that, {"$not":…}).
function match(want, got) {
  if (want === null || typeof want !== 'object') return want === got;
  if (Array.isArray(want)) return Array.isArray(got) && want.length === got.length && want.every((w, i) => match(w, got[i]));
  const keys = Object.keys(want);
  if (keys.length === 1 && Object.hasOwn(matchers, keys[0])) return matchers[keys[0]](want[keys[0]], got);
  if (got === null || typeof got !== 'object' || Array.isArray(got)) return false;
  return keys.length === Object.keys(got).length && keys.every((k) => Object.hasOwn(got, k) && match(want[k], got[k]));
}

module.exports = { revive, plain, match };
