use crate::escape::{string_end, unescaped};
use std::borrow::Cow;

/// What a JSON value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    String,
    Number,
    /// true, false or null
    Word,
    Array,
    Object,
    /// The key of a member; in a walk only.
    Key,
}

/// A JSON value as it is written. Nothing is built of it: what is not asked for is skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value<'a>(&'a str);

impl<'a> Value<'a> {
    pub fn new(text: &'a str) -> Self {
        Value(text.trim_matches(&[' ', '\n', '\t', '\r'][..]))
    }

    /// The text as it is written.
    pub fn raw(self) -> &'a str {
        self.0
    }

    /// None for nothing at all.
    pub fn kind(self) -> Option<Kind> {
        Some(match *self.0.as_bytes().first()? {
            b'"' => Kind::String,
            b'[' => Kind::Array,
            b'{' => Kind::Object,
            b't' | b'f' | b'n' => Kind::Word,
            _ => Kind::Number,
        })
    }

    /// The text of a string, without escapes.
    pub fn as_str(self) -> Option<Cow<'a, str>> {
        if self.kind()? != Kind::String {
            return None;
        }
        let (end, escaped) = string_end(self.0.as_bytes(), 1)?;
        Some(unescaped(&self.0[1..end], escaped))
    }

    pub fn as_f64(self) -> Option<f64> {
        if self.kind()? != Kind::Number {
            return None;
        }
        self.0.parse().ok()
    }

    /// A number that is written as an integer, and fits.
    pub fn as_i64(self) -> Option<i64> {
        if self.kind()? != Kind::Number {
            return None;
        }
        self.0.parse().ok()
    }

    pub fn as_bool(self) -> Option<bool> {
        self.0.parse().ok()
    }

    /// The value at an RFC 6901 pointer, such as `/args/0/text`.
    pub fn get(self, pointer: &str) -> Option<Value<'a>> {
        let mut v = self;
        for token in pointer.split('/').skip(1) {
            let key = if token.contains('~') { Cow::Owned(token.replace("~1", "/").replace("~0", "~")) } else { Cow::Borrowed(token) };
            v = match v.kind()? {
                Kind::Array => v.element(&key)?,
                _ => v.member(&key)?,
            };
        }
        Some(v)
    }

    fn element(self, index: &str) -> Option<Value<'a>> {
        let i: usize = index.parse().ok()?;
        let canonical = index == "0" || !index.starts_with(&['0', '+'][..]);
        self.members().nth(i).filter(|_| canonical).map(|m| m.value)
    }

    /// The value of an object's member.
    pub fn member(self, key: &str) -> Option<Value<'a>> {
        if self.kind()? != Kind::Object {
            return None;
        }
        self.members().find(|m| m.key == key).map(|m| m.value)
    }

    /// The members of an object or the elements of an array; of anything else none.
    pub fn members(self) -> Members<'a> {
        let container = matches!(self.kind(), Some(Kind::Array | Kind::Object));
        Members { text: if container { self.0 } else { "" }, at: 0 }
    }
}

/// A member of an object, or an element of an array.
#[derive(Clone, Debug)]
pub struct Member<'a> {
    /// Without escapes; empty in an array.
    pub key: Cow<'a, str>,
    pub value: Value<'a>,
}

/// The members of a value, one by one. They end where the text is no JSON.
pub struct Members<'a> {
    text: &'a str, // from the opening bracket on
    at: usize,     // of the bracket, or of the comma in front of the next
}

impl<'a> Iterator for Members<'a> {
    type Item = Member<'a>;

    fn next(&mut self) -> Option<Member<'a>> {
        let b = self.text.as_bytes();
        let from = std::mem::replace(&mut self.at, b.len());
        if from > 0 && *b.get(from)? != b',' {
            return None;
        }
        let mut at = skip_space(b, from + 1);
        let mut key = Cow::Borrowed("");
        if b.first()? == &b'{' {
            if *b.get(at)? != b'"' {
                return None;
            }
            let (end, escaped) = string_end(b, at + 1)?;
            key = unescaped(&self.text[at + 1..end], escaped);
            at = skip_space(b, end + 1);
            if *b.get(at)? != b':' {
                return None;
            }
            at = skip_space(b, at + 1);
        }
        let end = value_end(b, at)?;
        self.at = skip_space(b, end);
        Some(Member { key, value: Value(&self.text[at..end]) })
    }
}

pub fn is_space(c: u8) -> bool {
    matches!(c, b' ' | b'\n' | b'\t' | b'\r')
}

pub fn skip_space(b: &[u8], mut at: usize) -> usize {
    while at < b.len() && is_space(b[at]) {
        at += 1;
    }
    at
}

/// The end of a number or word.
pub fn scalar_end(b: &[u8], mut at: usize) -> usize {
    while at < b.len() && b[at] > b' ' && !matches!(b[at], b',' | b']' | b'}') {
        at += 1;
    }
    at
}

/// The end of the value that begins at `at`.
fn value_end(b: &[u8], mut at: usize) -> Option<usize> {
    let mut depth = 0;
    loop {
        match *b.get(at)? {
            b'"' => at = string_end(b, at + 1)?.0 + 1,
            b'[' | b'{' => {
                depth += 1;
                at += 1;
                continue;
            }
            b']' | b'}' if depth > 0 => {
                depth -= 1;
                at += 1;
            }
            c if depth > 0 && (is_space(c) || c == b',' || c == b':') => {
                at += 1;
                continue;
            }
            _ => {
                let end = scalar_end(b, at);
                if end == at {
                    return None;
                }
                at = end;
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}
