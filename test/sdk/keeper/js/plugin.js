// keeper: see README.md above this folder.

/** @type {import('../../../../sdk/js/siogw').Manifest} */
export const manifest = { name: 'keeper', version: '1.0.0', view: 'args', kinds: ['event'], capabilities: ['kv', 'clock', 'random'] };

const failures = { full: 'is full', size: 'too long', number: 'no number', unavailable: 'cannot be reached' };

/** What f answers, or why it could not. @param {() => unknown} f */
function outcome(f) {
  try {
    return f();
  } catch (e) {
    for (const [name, text] of Object.entries(failures)) if (e instanceof Error && e.message.includes(text)) return name;
    throw e;
  }
}

/** @type {unknown} */
let configured;

/** @type {import('../../../../sdk/js/siogw').Configure} */
export function configure(config, siogw) {
  if (config?.random) Math.random();
  configured = [outcome(() => (siogw.kv.set('k', 'v'), 'ok')), Date.now()];
}

/** n bytes, eight of them a number. @param {number} n */
function hex(n) {
  let s = '';
  for (let i = 0; i < n; i += 8) {
    let r = Math.random();
    for (let j = i; j < Math.min(i + 8, n); j++) {
      r *= 256;
      s += Math.floor(r).toString(16).padStart(2, '0');
      r -= Math.floor(r);
    }
  }
  return s;
}

/** @type {import('../../../../sdk/js/siogw').Decide<any[][]>} */
export default function decide(commands, siogw) {
  const answers = commands.map(([verb, key, ...rest]) => {
    switch (verb) {
      case 'set': return outcome(() => (siogw.kv.set(key, rest[0], rest[1]), 'ok'));
      case 'get': return outcome(() => { const value = siogw.kv.get(key); return value === undefined ? 'none' : { value }; });
      case 'delete': return outcome(() => siogw.kv.delete(key));
      case 'add': return outcome(() => siogw.kv.add(key, rest[0], rest[1]));
      case 'now': return Date.now();
      case 'random': return hex(key);
      case 'configured': return configured;
    }
    return undefined;
  });
  return answers.includes(undefined) ? siogw.deny('command', 'there is no such command') : { args: answers };
}
