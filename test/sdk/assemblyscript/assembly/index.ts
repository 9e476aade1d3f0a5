// message-guard: see README.md above this folder.
import { Kind, Level, Text, Value, Verdict, View, Walk, count, jsonString, log, onConfigure, onJudge } from "../sdk";

let maxLength: i64 = 200;
let maxDepth: i64 = 8;
let maxNumber: i64 = 1000000;
let maxAttachment: i64 = 1 << 20;
const words: string[] = []; // in small letters, as far as ASCII goes
const roles = new Map<string, string>();

// What is found in one packet.
let masked = 0;
let cards = 0;
let shouting = 0;

const removed = Uint8Array.wrap(String.UTF8.encode("removed"));

onConfigure((config: Value): string | null => {
  if (config.kind == Kind.None) return null;
  if (config.kind != Kind.Object) return "want an object";
  for (let m = config.members(); m.next(); ) {
    const key = m.key.toString();
    const v = m.value;
    if (key == "words" || key == "roles") {
      const problem = texts(v, key == "words" ? Kind.Array : Kind.Object);
      if (problem !== null) return problem;
      continue;
    }
    if (!v.isInteger || v.integer < 0 || v.integer > 1000000000 || v.raw == "-0") return "a limit is no integer from 0 to 1000000000";
    if (key == "max_length") maxLength = v.integer;
    else if (key == "max_depth") maxDepth = v.integer;
    else if (key == "max_number") maxNumber = v.integer;
    else if (key == "max_attachment") maxAttachment = v.integer;
    else return "an unknown key " + key;
  }
  return null;
});

function texts(v: Value, kind: Kind): string | null {
  if (v.kind != kind) return "words want a list, roles an object";
  for (let m = v.members(); m.next(); ) {
    if (m.value.kind != Kind.String) return "words and roles want texts";
    const text = m.value.toString();
    if (kind == Kind.Object) roles.set(m.key.toString(), text);
    else if (text.length == 0) return "an empty word";
    else words.push(text);
  }
  return null;
}

onJudge((view: View, verdict: Verdict): void => {
  masked = cards = shouting = 0;
  const input = view.json();
  if (roles.size > 0) role(input, verdict);
  for (let m = input.members(); !verdict.denied && m.next(); ) {
    if (m.key.is("args")) look(new Walk(m.value, "/args"), verdict);
    else if (m.key.is("auth")) look(new Walk(m.value, "/auth"), verdict);
    else if (m.key.is("attachments")) attachments(m.value, verdict);
  }
  if (verdict.denied) return;
  if (shouting > 0) verdict.label("shouting", shouting.toString());
  if (cards > 0) {
    verdict.label("masked", masked.toString());
    verdict.score(cards);
    count("masked", cards);
  }
});

function refuse(verdict: Verdict, code: string, reason: string): void {
  verdict.deny(code, reason);
  log(Level.Info, "denied: " + code);
}

function role(input: Value, verdict: Verdict): void {
  const named = input.member("event");
  const event = named.toString();
  if (named.kind == Kind.None || !roles.has(event)) return;
  const want = roles.get(event);
  for (let m = input.get("/identity/roles").members(); m.next(); ) {
    if (m.value.toString() == want) return;
  }
  refuse(verdict, "role", "a role is missing");
  verdict.denyData('{"role":' + jsonString(want) + "}");
}

function look(walk: Walk, verdict: Verdict): void {
  while (!verdict.denied && walk.next()) {
    if (walk.depth > maxDepth) {
      refuse(verdict, "too_deep", "nested too deep");
    } else if (walk.kind == Kind.String) {
      text(walk, verdict);
    } else if (walk.kind == Kind.Number && !(Math.abs(parseFloat(walk.text.toString())) <= <f64>maxNumber)) {
      verdict.denyNumber(422, "a number is too large");
      log(Level.Info, "denied: 422");
    }
  }
}

function text(walk: Walk, verdict: Verdict): void {
  const t = walk.text;
  let points: i64 = 0, capitals = 0, small = 0, digits = 0;
  for (let i = 0; i < t.length; i++) {
    const c = t.byte(i);
    if ((c & 0xc0) != 0x80) points++;
    if (c >= 0x41 && c <= 0x5a) capitals++;
    else if (c >= 0x61 && c <= 0x7a) small++;
    else if (isDigit(c)) digits++;
  }
  if (points > maxLength) return refuse(verdict, "too_long", "a text is too long");
  for (let i = 0; i < words.length; i++) {
    if (contains(t, words[i])) return refuse(verdict, "banned_word", "a word is not allowed");
  }
  if (capitals >= 8 && small == 0) shouting++;
  if (digits >= 13) mask(walk, verdict);
}

function lower(c: i32): i32 {
  return c >= 0x41 && c <= 0x5a ? c + 32 : c;
}

function contains(t: Text, word: string): bool {
  const s = t.toString();
  for (let i = 0; i + word.length <= s.length; i++) {
    let n = 0;
    while (n < word.length && lower(s.charCodeAt(i + n)) == lower(word.charCodeAt(n))) n++;
    if (n == word.length) return true;
  }
  return false;
}

function isDigit(c: i32): bool {
  return c >= 0x30 && c <= 0x39;
}

// mask works on a copy: the text is the view's.
function mask(walk: Walk, verdict: Verdict): void {
  const s = walk.text.toString();
  let out = "", copied = 0, found = 0;
  for (let i = 0; i < s.length; ) {
    if (!isDigit(s.charCodeAt(i))) {
      i++;
      continue;
    }
    const end = run(s, i), digits = digitsIn(s, i, end);
    if (digits >= 13 && digits <= 19 && luhn(s, i, end)) {
      found++;
      out += s.substring(copied, i);
      for (let left = digits; i < end; i++) {
        out += isDigit(s.charCodeAt(i)) && left > 4 ? "*" : s.charAt(i);
        if (isDigit(s.charCodeAt(i))) left--;
      }
      copied = end;
    }
    i = end;
  }
  if (found == 0) return;
  verdict.patchText(walk.pointer, out + s.substring(copied));
  masked++;
  cards += found;
}

// run gives the end of the run of digits that begins at i.
function run(s: string, i: i32): i32 {
  for (; i < s.length; i++) {
    const c = s.charCodeAt(i);
    const joint = (c == 0x20 || c == 0x2d) && isDigit(s.charCodeAt(i - 1)) && i + 1 < s.length && isDigit(s.charCodeAt(i + 1));
    if (!isDigit(c) && !joint) break;
  }
  return i;
}

function digitsIn(s: string, from: i32, to: i32): i32 {
  let n = 0;
  for (; from < to; from++) if (isDigit(s.charCodeAt(from))) n++;
  return n;
}

function luhn(s: string, from: i32, to: i32): bool {
  let sum = 0, n = 0;
  for (let i = to - 1; i >= from; i--) {
    if (!isDigit(s.charCodeAt(i))) continue;
    const d = (s.charCodeAt(i) - 0x30) << (n++ & 1);
    sum += d > 9 ? d - 9 : d;
  }
  return sum % 10 == 0;
}

function attachments(list: Value, verdict: Verdict): void {
  for (let m = list.members(); m.next(); ) {
    if (m.value.get("/bytes").integer > maxAttachment) verdict.replaceAttachment(m.index, removed);
  }
}
