//! Strings of JSON: found, freed of their escapes, and written.

use std::borrow::Cow;

const fn all(byte: u8) -> u64 {
    u64::from_le_bytes([byte; 8])
}

/// Has the high bit of the bytes of w that are c; of those above the first such, maybe wrongly.
fn marks(w: u64, c: u8) -> u64 {
    let w = w ^ all(c);
    w.wrapping_sub(all(1)) & !w & all(0x80)
}

/// Where the first quotation mark or backslash is, from `at` on. It looks at 8 bytes at once.
fn mark(b: &[u8], mut at: usize) -> Option<usize> {
    while let Some(eight) = b.get(at..at + 8) {
        let mut w = [0; 8];
        w.copy_from_slice(eight);
        let w = u64::from_le_bytes(w);
        let found = marks(w, b'"') | marks(w, b'\\');
        if found != 0 {
            return Some(at + (found.trailing_zeros() / 8) as usize);
        }
        at += 8;
    }
    (at..b.len()).find(|&i| b[i] == b'"' || b[i] == b'\\')
}

/// Where the string ends that begins at `at`, behind its quotation mark: at its last one. And whether it has escapes.
pub fn string_end(b: &[u8], mut at: usize) -> Option<(usize, bool)> {
    let mut escaped = false;
    while let Some(i) = mark(b, at) {
        if b[i] == b'"' {
            return Some((i, escaped));
        }
        escaped = true;
        at = i + 2;
        if at > b.len() {
            return None;
        }
    }
    None
}

/// The text of a string without its quotation marks.
pub fn unescaped(raw: &str, escaped: bool) -> Cow<'_, str> {
    if escaped {
        Cow::Owned(unescape(raw))
    } else {
        Cow::Borrowed(raw)
    }
}

fn unescape(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(i) = rest.find('\\') {
        out.push_str(&rest[..i]);
        rest = &rest[i + 1..];
        let c = rest.chars().next().unwrap_or('\\');
        rest = &rest[c.len_utf8().min(rest.len())..];
        match c {
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' => rest = code_point(rest, &mut out),
            other => out.push(other),
        }
    }
    out.push_str(rest);
    out
}

/// Reads what stands behind \u; a surrogate alone becomes U+FFFD.
fn code_point<'a>(rest: &'a str, out: &mut String) -> &'a str {
    let unit = hex4(rest);
    let mut rest = rest.get(4..).unwrap_or("");
    let mut r = unit.unwrap_or(0xfffd);
    if (0xd800..0xdc00).contains(&r) {
        if let Some(low @ 0xdc00..=0xdfff) = rest.strip_prefix("\\u").and_then(hex4) {
            r = ((r - 0xd800) << 10) + (low - 0xdc00) + 0x10000;
            rest = &rest[6..];
        }
    }
    out.push(char::from_u32(r).unwrap_or('\u{fffd}'));
    rest
}

fn hex4(s: &str) -> Option<u32> {
    let digits = s.get(..4)?;
    digits.bytes().all(|c| c.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).unwrap_or(0))
}

/// Writes `text` as a JSON string. Runs of bytes that need no escape are copied at once.
pub fn quote(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let b = text.as_bytes();
    let mut from = 0;
    for (i, &c) in b.iter().enumerate() {
        if c >= b' ' && c != b'"' && c != b'\\' {
            continue;
        }
        out.extend_from_slice(&b[from..i]);
        from = i + 1;
        if c < b' ' {
            let hex = b"0123456789abcdef";
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex[(c >> 4) as usize], hex[(c & 15) as usize]]);
        } else {
            out.extend_from_slice(&[b'\\', c]);
        }
    }
    out.extend_from_slice(&b[from..]);
    out.push(b'"');
}
