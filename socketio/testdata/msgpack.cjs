// Prints msgpack.jsonl: packets as socket.io-msgpack-parser 3.0.2 writes them, and the same as socket.io-parser
// 4.2 does. From a folder with both packages: NODE_PATH=node_modules node …/msgpack.cjs > msgpack.jsonl
'use strict';
const msgpack = new (require('socket.io-msgpack-parser').Encoder)();
const json = new (require('socket.io-parser').Encoder)();

const hex = (b) => Buffer.from(b).toString('hex');
const bytes = (n) => Buffer.from(Array.from({ length: n }, (_, i) => i & 255));
const of = (n, f) => Array.from({ length: n }, (_, i) => f(i));
const letters = (n) => 'x'.repeat(n);

// Each edge of each format, and what is special in JavaScript.
const numbers = [0, 1, 127, 128, 255, 256, 65535, 65536, 4294967295, 4294967296, Number.MAX_SAFE_INTEGER, 2 ** 53, 2 ** 60, 1e18,
  -1, -32, -33, -128, -129, -32768, -32769, -2147483648, -2147483649, Number.MIN_SAFE_INTEGER, -(2 ** 53), -(2 ** 60),
  0.5, -0.5, 0.1, 1 / 3, 1e-6, 1e-7, 1.5e-9, 123456789.125, 5e-324, 1.25e-300, -1e-10, 1234567890123.5];
const strings = ['', 'a', letters(31), letters(32), letters(255), letters(256), 'hé', '€', '😀', '\u0000\u001f\u007f',
  '"\\/\b\f\n\r\t', '\u2028\u2029\ufeff\uffff', '_placeholder', '$date', '<script>', 'é'.repeat(40)];
const values = [null, true, false, ...numbers, ...strings, [], {}, [[]], [{}], { a: {} }, of(15, (i) => i), of(16, (i) => i),
  Object.fromEntries(of(15, (i) => [`k${i}`, i])), Object.fromEntries(of(16, (i) => [`k${i}`, i])), Object.fromEntries(of(300, (i) => [`k${i}`, i])),
  { '': 1 }, { 'ключ "x"': [null, { b: [1.5, 'z'] }] }, { constructor: 1, prototype: 2, hasOwnProperty: 3, toString: 'x' }, { type: 2, nsp: '/', data: [], id: 1 },
  undefined, { a: undefined }, { a: undefined, b: 1, c: undefined }, { a: 1, b: undefined }, [undefined, { x: [undefined] }], { f() {}, a: 1 }];
const binary = [bytes(0), bytes(1), bytes(255), bytes(256), { a: bytes(2), b: [bytes(1), { c: bytes(3) }] }, bytes(8).buffer, new Uint8Array([1, 2, 3]),
  new ArrayBuffer(0), new Uint8Array(300).buffer];

const packets = [
  { type: 0, nsp: '/' }, { type: 0, nsp: '/', data: undefined }, { type: 0, nsp: '/admin', data: { token: 'té' } }, { type: 0, nsp: '/', data: {} },
  { type: 0, nsp: '/', data: { sid: 'abc', pid: 'def' }, server: 1 }, { type: 1, nsp: '/' }, { type: 1, nsp: '/é€' },
  { type: 4, nsp: '/no', data: { message: 'nope', data: { code: 42 } }, server: 1 }, { type: 4, nsp: '/no', data: 'nope', server: 1 },
  ...[0, 127, 128, 255, 256, 65536, 4294967296, Number.MAX_SAFE_INTEGER].flatMap((id) => [{ type: 2, nsp: '/a/b-c_d', data: ['x', id], id }, { type: 3, nsp: '/', data: [id], id }]),
  { type: 3, nsp: '/', data: [], id: 0 }, { type: 2, nsp: '/', data: ['x'], id: undefined }, { type: 2, nsp: '/', data: ['x', 1], options: { compress: true } },
  { type: 2, nsp: '/', data: ['x', 1], options: { compress: false }, id: 3 },
  ...values.map((v) => ({ type: 2, nsp: '/', data: ['x', v] })), ...binary.map((v) => ({ type: 2, nsp: '/', data: ['x', v, 1] })),
  { type: 3, nsp: '/admin', data: [bytes(4), { b: bytes(2) }], id: 7 },
];

// Random nested values, the same in each run.
let state = 1;
const random = (n) => { state = (state * 48271) % 2147483647; return state % n; };
function nested(depth) {
  switch (random(depth > 3 ? 6 : 9)) {
    case 0: return numbers[random(numbers.length)];
    case 1: return strings[random(6)];
    case 2: return random(2) === 0;
    case 3: return null;
    case 4: return random(4) === 0 ? bytes(random(40)) : random(1e6);
    case 5: return strings[8 + random(8)];
    case 6: return of(random(6), () => nested(depth + 1));
    default: return Object.fromEntries(of(random(6), (i) => [`k${i}`, nested(depth + 1)]));
  }
}
for (let i = 0; i < 200; i++) packets.push({ type: 2, nsp: i % 3 ? '/' : '/chat', data: ['random', ...of(random(4), () => nested(0))], ...(i % 2 && { id: i }) });

// The order of keys in what real clients and servers send.
function ordered({ server, ...p }) {
  const { nsp, ...rest } = p;
  return { ...rest, nsp };
}

for (const p of packets) {
  const { server, options, ...plain } = p;
  const [text, ...attachments] = json.encode(copy(plain));
  process.stdout.write(JSON.stringify({ server: server === 1, sent: hex(msgpack.encode(ordered(p))[0]), short: hex(msgpack.encode(plain)[0]), text, attachments: attachments.map(hex) }) + '\n');
}

// The JSON encoder changes what it is given.
function copy(v) {
  if (v === null || typeof v !== 'object' || Buffer.isBuffer(v) || v instanceof ArrayBuffer || ArrayBuffer.isView(v)) return v;
  if (Array.isArray(v)) return v.map(copy);
  return Object.fromEntries(Object.entries(v).map(([k, x]) => [k, copy(x)]));
}
