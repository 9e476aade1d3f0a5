// message-guard: see README.md above this folder.

/** @type {import('../../../sdk/js/siogw').Manifest} */
export const manifest = { name: 'message-guard', version: '1.0.0', description: 'The same in every language.', kinds: ['connect', 'event', 'emit', 'ack'], pure: true };

let limits = { max_length: 200, max_depth: 8, max_number: 1000000, max_attachment: 1048576 };
/** @type {string[]} */
let words = [];
/** @type {Map<string, string>} */
const roles = new Map();

/** @param {string} s */
const lower = (s) => s.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
/** @type {(v: any) => v is object} */
const isObject = (v) => typeof v === 'object' && v !== null && !Array.isArray(v);
/** @param {boolean} ok @param {string} what */
const want = (ok, what) => {
  if (!ok) throw new Error(`${what} is not what it should be`);
};

/** @type {import('../../../sdk/js/siogw').Configure} */
export function configure(config) {
  if (config === undefined) return;
  want(isObject(config), 'the configuration');
  for (const [key, value] of Object.entries(config)) {
    if (Object.hasOwn(limits, key)) {
      want(Number.isInteger(value) && value >= 0 && value <= 1e9, key);
      limits = { ...limits, [key]: value };
    } else if (key === 'words') {
      want(Array.isArray(value) && value.every((w) => typeof w === 'string' && w !== ''), key);
      words = value.map(lower);
    } else if (key === 'roles') {
      want(isObject(value), key);
      for (const [event, role] of Object.entries(value)) {
        want(typeof role === 'string', key);
        roles.set(event, role);
      }
    } else want(false, key);
  }
}

/** @type {import('../../../sdk/js/siogw').Decide} */
export default function decide(input, siogw) {
  const found = new Findings();
  found.role(input);
  for (const section of ['args', 'auth']) if (!found.denied && input[section] !== undefined) found.walk(input[section], 0, '/' + section);
  if (found.denied) {
    siogw.log('denied: ' + found.denied.code);
    return found.denied;
  }
  if (found.cards > 0) siogw.counter('masked', found.cards);
  return found.verdict(input);
}

class Findings {
  denied = undefined;
  patch = [];
  cards = 0;
  shouting = 0;

  deny(code, reason, data) {
    this.denied ??= { effect: 'deny', code, reason, data };
  }

  role({ event, identity }) {
    const role = roles.get(event);
    if (role !== undefined && !identity?.roles?.includes(role)) this.deny('role', 'a role is missing', { role });
  }

  // depth is of the arrays and objects around v.
  walk(v, depth, place) {
    if (typeof v === 'object' && v !== null) {
      const isArray = Array.isArray(v);
      for (const key in v) {
        if (!isArray && depth + 1 > limits.max_depth) this.deny('too_deep', 'nested too deep'); // the key
        if (this.denied) return;
        this.walk(v[key], depth + 1, `${place}/${isArray ? key : key.replaceAll('~', '~0').replaceAll('/', '~1')}`);
      }
      return;
    }
    if (depth > limits.max_depth) this.deny('too_deep', 'nested too deep');
    else if (typeof v === 'string') this.text(v, place);
    else if (typeof v === 'number' && Math.abs(v) > limits.max_number) this.deny(422, 'a number is too large');
  }

  text(s, place) {
    if (s.length > limits.max_length && [...s].length > limits.max_length) return this.deny('too_long', 'a text is too long');
    if (words.length > 0) {
      const small = lower(s);
      if (words.some((w) => small.includes(w))) return this.deny('banned_word', 'a word is not allowed');
    }
    if (!/[a-z]/.test(s) && (s.match(/[A-Z]/g)?.length ?? 0) >= 8) this.shouting++;
    let cards = 0;
    const value = s.replace(/[0-9]+(?:[ -][0-9]+)*/g, (run) => {
      const digits = run.replace(/[ -]/g, '');
      if (digits.length < 13 || digits.length > 19 || !luhn(digits)) return run;
      cards++;
      let left = digits.length;
      return run.replace(/[0-9]/g, (d) => (left-- > 4 ? '*' : d));
    });
    if (cards > 0) this.patch.push({ op: 'replace', path: place, value });
    this.cards += cards;
  }

  verdict({ attachments = [] }) {
    const v = {}, labels = {}, removed = {};
    if (this.cards > 0) {
      v.patch = this.patch;
      labels.masked = this.patch.length;
      v.score = this.cards;
    }
    if (this.shouting > 0) labels.shouting = this.shouting;
    attachments.forEach(({ bytes }, i) => {
      if (bytes > limits.max_attachment) removed[i] = 'cmVtb3ZlZA==';
    });
    if (Object.keys(labels).length > 0) v.labels = labels;
    if (Object.keys(removed).length > 0) v.attachments = removed;
    return v;
  }
}

function luhn(digits) {
  let sum = 0;
  for (let i = 0; i < digits.length; i++) {
    let d = Number(digits[digits.length - 1 - i]);
    if (i % 2 === 1) d = d > 4 ? 2 * d - 9 : 2 * d;
    sum += d;
  }
  return sum % 10 === 0;
}
