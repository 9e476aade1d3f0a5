// Strings of JSON, found and freed of their escapes. The host has checked the text; of text that is no JSON, these find less,
// and stay inside of it.
import { Text, room } from "./text";

@inline
function marks(w: u64, c: u64): u64 {
  w ^= c;
  return (w - 0x0101010101010101) & ~w & 0x8080808080808080;
}

/** Whether the string that stringEnd found last has escapes. */
export let escaped: bool = false;

/** Where the string ends that begins behind a quotation mark: at its last one; 0 for nowhere. It looks at 8 bytes at once. */
export function stringEnd(at: usize, end: usize): usize {
  escaped = false;
  while (at < end) {
    while (at + 8 <= end) {
      const w = load<u64>(at);
      const found = marks(w, 0x2222222222222222) | marks(w, 0x5c5c5c5c5c5c5c5c);
      if (found != 0) {
        at += <usize>(ctz(found) >> 3);
        break;
      }
      at += 8;
    }
    if (at >= end) break;
    const c = load<u8>(at);
    if (c == 0x22) return at;
    if (c == 0x5c) {
      escaped = true;
      at++;
    }
    at++;
  }
  return 0;
}

/** Sets text to what stands between the quotation marks, before stringEnd is called again. */
export function setText(text: Text, p: usize, n: usize): void {
  text.p = p;
  text.n = n;
  if (escaped) unescape(text);
}

/** It needs no more room than it had: an escape is at least as long as what it stands for. */
function unescape(text: Text): void {
  const out = room(text.n), end = text.p + text.n;
  let to = out, at = text.p;
  while (at < end) {
    let c: u32 = load<u8>(at++);
    if (c != 0x5c) {
      store<u8>(to++, <u8>c);
      continue;
    }
    c = at < end ? load<u8>(at++) : 0x5c;
    switch (c) {
      case 0x62: c = 0x08; break;
      case 0x66: c = 0x0c; break;
      case 0x6e: c = 0x0a; break;
      case 0x72: c = 0x0d; break;
      case 0x74: c = 0x09; break;
      case 0x75:
        c = codePoint(at, end);
        at = min(at + (c >= 0x10000 ? 10 : 4), end);
        to = putRune(to, c);
        continue;
    }
    store<u8>(to++, <u8>c);
  }
  text.p = out;
  text.n = to - out;
}

/** What stands behind \u, with its second half if it has one; a surrogate alone becomes U+FFFD. */
function codePoint(at: usize, end: usize): u32 {
  const c = hex4(at, end);
  if (c < 0xd800 || c >= 0xe000) return c;
  if (c < 0xdc00 && at + 10 <= end && load<u16>(at + 4) == 0x755c) {
    const low = hex4(at + 6, end);
    if (low >= 0xdc00 && low < 0xe000) return ((c - 0xd800) << 10) + (low - 0xdc00) + 0x10000;
  }
  return 0xfffd;
}

function hex4(at: usize, end: usize): u32 {
  if (at + 4 > end) return 0xfffd;
  let v: u32 = 0;
  for (let i: usize = 0; i < 4; i++) {
    const c = <u32>load<u8>(at + i), small = c | 0x20;
    if (c >= 0x30 && c <= 0x39) v = (v << 4) | (c - 0x30);
    else if (small >= 0x61 && small <= 0x66) v = (v << 4) | (small - 0x57);
    else return 0xfffd;
  }
  return v;
}

function putRune(to: usize, c: u32): usize {
  if (c < 0x80) {
    store<u8>(to, <u8>c);
    return to + 1;
  }
  if (c < 0x800) {
    store<u8>(to++, <u8>(0xc0 | (c >> 6)));
  } else {
    if (c < 0x10000) {
      store<u8>(to++, <u8>(0xe0 | (c >> 12)));
    } else {
      store<u8>(to++, <u8>(0xf0 | (c >> 18)));
      store<u8>(to++, <u8>(0x80 | ((c >> 12) & 0x3f)));
    }
    store<u8>(to++, <u8>(0x80 | ((c >> 6) & 0x3f)));
  }
  store<u8>(to, <u8>(0x80 | (c & 0x3f)));
  return to + 1;
}
