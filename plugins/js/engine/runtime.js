// What a plugin finds in QuickJS beside ECMAScript: siogw, console, and a clock and chance of the host's. It runs before
// the plugin's own code, and keeps what it needs of the language where that code cannot change it.
(host) => {
  'use strict';
  const { stringify } = JSON;
  const { defineProperty, freeze, keys, getPrototypeOf } = Object;
  const { isArray } = Array;
  const { apply, construct } = Reflect;
  const NativeDate = Date, dateParse = Date.parse, NativeError = Error, NativeString = String;
  const { fromCharCode } = String, toBase64 = btoa, Bytes = Uint8Array, isView = ArrayBuffer.isView, Buffer = ArrayBuffer;
  const replace = Function.prototype.call.bind(''.replace);
  const slice = Function.prototype.call.bind(''.slice);
  const then = (v) => v !== null && typeof v === 'object' && typeof v.then === 'function';
  const call = (op, a, b, c) => host(op, a, b ?? 0, c ?? 0);

  // Numbers of env.wat.
  const LOG = 0, LABEL = 1, COUNTER = 2, GET = 3, SET = 4, DELETE = 5, ADD = 6, TIME = 7, RANDOM = 8, SUM = 9;

  let view = 'input', decide, configure, input, granted = [], manifest;

  function explain(e) {
    try {
      return describe(e);
    } catch {
      return 'thrown: what cannot be told';
    }
  }

  // One line: name, message, and where in the plugin it was.
  function describe(e) {
    if (!(e instanceof NativeError)) return `thrown: ${slice(NativeString(e), 0, 1000)}`;
    const at = replace(replace(NativeString(e.stack ?? ''), / *at [^\n]*(runtime\.js|\(native\))[^\n]*\n?/g, ''), /\s+/g, ' ');
    const message = NativeString(e.message);
    const advice = message.startsWith('could not load module') ? '; a plugin is one file: bundle what it imports' : '';
    return slice(`${e.name}: ${message}${advice}${at.length > 1 ? (at[0] === ' ' ? '' : ' ') + at : ''}`, 0, 1000).trimEnd();
  }

  // What a line of the log says of a value.
  function text(v) {
    if (v instanceof NativeError) return explain(v);
    return typeof v === 'object' ? (stringify(v) ?? NativeString(v)) : NativeString(v);
  }

  const log = (level) => (...all) => { call(LOG, all.map(text).join(' '), level); };
  const siogw = {
    config: undefined,
    log: log(1), debug: log(0), info: log(1), warn: log(2), error: log(3),
    counter(name, delta = 1) { call(COUNTER, `${name}`, delta); },
    label(key, value) {
      const json = stringify(value);
      if (json === undefined) throw new TypeError(`label ${key}: no JSON`);
      call(LABEL, `${key}`, json);
    },
    allow: (changes) => ({ effect: 'allow', ...changes }),
    deny: (code, reason, data) => ({ effect: 'deny', code, reason, data }),
    abstain: () => ({ effect: 'abstain' }),
  };
  globalThis.console = { log: log(1), debug: log(0), info: log(1), warn: log(2), error: log(3) };

  const reasons = { '-2': 'the store is full', '-3': 'key or value too long, or no key', '-4': 'the value is no number', '-5': 'the store cannot be reached now' };
  const answer = (n, what) => {
    if (n < -1) throw new NativeError(`kv.${what}: ${reasons[n] ?? n}`);
    return n;
  };
  const kv = freeze({
    get(key) {
      const v = call(GET, `${key}`);
      return typeof v === 'string' ? v : (answer(v, 'get'), undefined);
    },
    set(key, value, ttl = 0) { answer(call(SET, `${key}`, `${value}`, ttl), 'set'); },
    delete: (key) => answer(call(DELETE, `${key}`), 'delete') === 1,
    add(key, delta = 1, ttl = 0) {
      answer(call(ADD, `${key}`, delta, ttl), 'add');
      return call(SUM);
    },
  });

  // No clock but the input's, where the view holds it or the capability was granted; 1970 otherwise.
  function now() {
    if (granted.includes('clock')) return call(TIME);
    return view === 'input' && input ? dateParse(input.time) : 0;
  }
  function HostDate(...all) {
    if (!new.target) return new NativeDate(now()).toString();
    return construct(NativeDate, all.length ? all : [now()], new.target);
  }
  for (const name of ['parse', 'UTC']) defineProperty(HostDate, name, { value: NativeDate[name], writable: true, configurable: true });
  defineProperty(HostDate, 'now', { value: now, writable: true, configurable: true });
  defineProperty(HostDate, 'name', { value: 'Date' });
  defineProperty(HostDate, 'length', { value: 7 });
  HostDate.prototype = NativeDate.prototype;
  defineProperty(NativeDate.prototype, 'constructor', { value: HostDate });
  globalThis.Date = HostDate;

  // No code from text: what comes in a packet is never run.
  const refuse = () => { throw new EvalError('code from text is not run here'); };
  for (const f of [function () {}, async function () {}, function* () {}, async function* () {}]) {
    const of = getPrototypeOf(f);
    const Refused = function () { refuse(); };
    Refused.prototype = of;
    defineProperty(of, 'constructor', { value: Refused });
    if (of === Function.prototype) globalThis.Function = Refused;
  }
  globalThis.eval = () => refuse();
  delete globalThis.performance;

  // Takes the module's exports, and gives the view.
  function start(module) {
    if (module === undefined) throw new SyntaxError('await outside of a function: a plugin answers at once');
    if (module.manifest !== undefined && (module.manifest === null || typeof module.manifest !== 'object')) throw new TypeError('manifest: want an object');
    manifest = { abi: 1, ...module.manifest };
    granted = isArray(manifest.capabilities) ? manifest.capabilities : [];
    if (granted.includes('kv')) siogw.kv = kv;
    if (granted.includes('random')) Math.random = () => call(RANDOM);
    decide = module.default;
    configure = module.configure;
    if (manifest.view !== undefined) view = manifest.view;
    if (!['input', 'args', 'fields', 'strings', 'attachments'].includes(view)) throw new TypeError(`manifest: no view ${stringify(view)}`);
    if (typeof decide !== 'function') throw new TypeError('export default: want a function, such as export default function decide(input, siogw) {}');
    if (configure !== undefined && typeof configure !== 'function') throw new TypeError('configure: want a function');
    manifest = stringify(manifest);
    return view;
  }

  function setup(config) {
    siogw.config = config;
    freeze(siogw);
    if (then(configure?.(config, siogw))) throw new TypeError('configure is async: a plugin answers at once');
  }

  function judge(seen) {
    try {
      input = view === 'attachments' ? pairs(seen) : seen;
      return verdict(decide(input, siogw));
    } catch (e) {
      if (e instanceof InternalError && e.message === 'out of memory') throw e; // the host knows its name
      return `{"error":${stringify(explain(e))}}`;
    } finally {
      input = undefined;
    }
  }

  function pairs(flat) {
    const all = [];
    for (let i = 0; i < flat.length; i += 2) all[i / 2] = { bytes: flat[i], data: flat[i + 1] };
    return all;
  }

  // A verdict of ABI.md, section 5, as JSON; undefined allows and changes nothing.
  function verdict(v) {
    if (v === undefined) return undefined;
    if (then(v)) throw new TypeError('decide is async: a plugin answers at once');
    if (v === null || typeof v !== 'object' || isArray(v)) throw new TypeError(`decide gave ${isArray(v) ? 'an array' : NativeString(v)}: want nothing, siogw.deny(…) or an object`);
    const all = keys(v);
    if (all.length === 0 || (all.length === 1 && v.effect === 'allow')) return undefined;
    if (v.attachments) v = { ...v, attachments: binary(v.attachments) };
    return stringify(v.effect === undefined ? { effect: 'allow', ...v } : v);
  }

  // Contents of attachments become base64; strings are that already, null drops one.
  function binary(from) {
    const to = {};
    for (const i of keys(from)) to[i] = from[i] instanceof Buffer || isView(from[i]) ? base64(from[i]) : from[i];
    return to;
  }
  function base64(b) {
    const bytes = b instanceof Buffer ? new Bytes(b) : new Bytes(b.buffer, b.byteOffset, b.byteLength);
    let s = '';
    for (let i = 0; i < bytes.length; i += 4096) s += apply(fromCharCode, undefined, bytes.subarray(i, i + 4096));
    return toBase64(s);
  }

  return [explain, start, setup, judge, () => manifest];
}
