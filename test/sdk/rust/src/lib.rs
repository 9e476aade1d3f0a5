//! message-guard: see README.md above this folder.

use siogw::{count, json_string, log, Kind, Level, Value, Verdict, View, Walk};

struct Guard {
    max_length: i64,
    max_depth: i64,
    max_number: i64,
    max_attachment: i64,
    words: Vec<String>,
    roles: Vec<(String, String)>,
}

/// What is found in one packet.
#[derive(Default)]
struct Found {
    masked: usize,
    cards: usize,
    shouting: usize,
}

fn limit(v: Value) -> Result<i64, String> {
    match v.as_i64() {
        Some(n @ 0..=1_000_000_000) if !v.raw().starts_with('-') => Ok(n),
        _ => Err("a limit is no integer from 0 to 1000000000".into()),
    }
}

fn texts(v: Value, kind: Kind) -> Result<Vec<(String, String)>, String> {
    if v.kind() != Some(kind) {
        return Err("words want a list, roles an object".into());
    }
    v.members()
        .map(|m| match m.value.as_str() {
            Some(text) => Ok((m.key.into_owned(), text.into_owned())),
            None => Err("words and roles want texts".into()),
        })
        .collect()
}

impl siogw::Plugin for Guard {
    fn configure(config: &str) -> Result<Self, String> {
        let mut g = Guard { max_length: 200, max_depth: 8, max_number: 1_000_000, max_attachment: 1 << 20, words: vec![], roles: vec![] };
        let config = Value::new(config);
        if config.kind().map_or(false, |k| k != Kind::Object) {
            return Err("want an object".into());
        }
        for m in config.members() {
            match &*m.key {
                "max_length" => g.max_length = limit(m.value)?,
                "max_depth" => g.max_depth = limit(m.value)?,
                "max_number" => g.max_number = limit(m.value)?,
                "max_attachment" => g.max_attachment = limit(m.value)?,
                "words" => g.words = texts(m.value, Kind::Array)?.into_iter().map(|(_, word)| word).collect(),
                "roles" => g.roles = texts(m.value, Kind::Object)?,
                other => return Err(format!("an unknown key {}", other)),
            }
        }
        if g.words.iter().any(String::is_empty) {
            return Err("an empty word".into());
        }
        Ok(g)
    }

    fn judge(&mut self, view: &View, verdict: &mut Verdict) {
        let input = view.json();
        let mut found = Found::default();
        if !self.roles.is_empty() {
            self.role(input, verdict);
        }
        for m in input.members() {
            if verdict.denied() {
                return;
            }
            match &*m.key {
                "args" => self.texts(Walk::new(m.value, "/args"), &mut found, verdict),
                "auth" => self.texts(Walk::new(m.value, "/auth"), &mut found, verdict),
                "attachments" => self.attachments(m.value, verdict),
                _ => {}
            }
        }
        if verdict.denied() {
            return;
        }
        if found.shouting > 0 {
            verdict.label("shouting", &found.shouting.to_string());
        }
        if found.cards > 0 {
            verdict.label("masked", &found.masked.to_string());
            verdict.score(found.cards as f64);
            count("masked", found.cards as i64);
        }
    }
}

siogw::plugin!(Guard);

fn refuse(verdict: &mut Verdict, code: &str, reason: &str) {
    verdict.deny(code, reason);
    log(Level::Info, &["denied: ", code].concat());
}

impl Guard {
    fn role(&self, input: Value, verdict: &mut Verdict) {
        let event = match input.member("event").and_then(Value::as_str) {
            Some(event) => event,
            None => return,
        };
        let want = match self.roles.iter().find(|(of, _)| *of == event) {
            Some((_, role)) => role,
            None => return,
        };
        let has = input.get("/identity/roles").map_or(false, |v| v.members().any(|m| m.value.as_str().as_deref() == Some(want)));
        if !has {
            refuse(verdict, "role", "a role is missing");
            verdict.deny_data(&format!("{{\"role\":{}}}", json_string(want)));
        }
    }

    fn texts(&self, mut walk: Walk, found: &mut Found, verdict: &mut Verdict) {
        while let Some(node) = walk.next() {
            if node.depth as i64 > self.max_depth {
                refuse(verdict, "too_deep", "nested too deep");
            } else if node.kind == Kind::String {
                self.text(&node.text, &walk, found, verdict);
            } else if node.kind == Kind::Number && node.text.parse::<f64>().map_or(true, |n| n.abs() > self.max_number as f64) {
                verdict.deny_number(422, "a number is too large");
                log(Level::Info, "denied: 422");
            }
            if verdict.denied() {
                return;
            }
        }
    }

    fn text(&self, text: &str, walk: &Walk, found: &mut Found, verdict: &mut Verdict) {
        if text.chars().count() as i64 > self.max_length {
            return refuse(verdict, "too_long", "a text is too long");
        }
        if self.words.iter().any(|w| contains(text.as_bytes(), w.as_bytes())) {
            return refuse(verdict, "banned_word", "a word is not allowed");
        }
        let capitals = text.bytes().filter(u8::is_ascii_uppercase).count();
        found.shouting += (capitals >= 8 && !text.bytes().any(|c| c.is_ascii_lowercase())) as usize;
        let (masked, cards) = mask(text);
        if cards > 0 {
            verdict.patch_text(&walk.pointer(), &masked);
            found.masked += 1;
            found.cards += cards;
        }
    }

    fn attachments(&self, list: Value, verdict: &mut Verdict) {
        for (i, m) in list.members().enumerate() {
            if m.value.get("/bytes").and_then(Value::as_i64).unwrap_or(0) > self.max_attachment {
                verdict.replace_attachment(i, b"removed");
            }
        }
    }
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|w| w.eq_ignore_ascii_case(word))
}

/// The text with its cards masked, and how many there were.
fn mask(text: &str) -> (String, usize) {
    let b = text.as_bytes();
    let mut out = String::new();
    let (mut cards, mut i, mut copied) = (0, 0, 0);
    while i < b.len() {
        if !b[i].is_ascii_digit() {
            i += 1;
            continue;
        }
        let end = run(b, i);
        let digits = b[i..end].iter().filter(|c| c.is_ascii_digit()).count();
        if (13..=19).contains(&digits) && luhn(&b[i..end]) {
            cards += 1;
            out.push_str(&text[copied..i]);
            let mut left = digits;
            for c in text[i..end].chars() {
                out.push(if c.is_ascii_digit() && left > 4 { '*' } else { c });
                left -= c.is_ascii_digit() as usize;
            }
            copied = end;
        }
        i = end;
    }
    if cards > 0 {
        out.push_str(&text[copied..]);
    }
    (out, cards)
}

/// The end of the run of digits that begins at `i`.
fn run(b: &[u8], mut i: usize) -> usize {
    let digit = |i: usize| b.get(i).map_or(false, u8::is_ascii_digit);
    while digit(i) || i < b.len() && (b[i] == b' ' || b[i] == b'-') && digit(i - 1) && digit(i + 1) {
        i += 1;
    }
    i
}

fn luhn(run: &[u8]) -> bool {
    let mut sum = 0;
    for (n, c) in run.iter().rev().filter(|c| c.is_ascii_digit()).enumerate() {
        let d = (c - b'0') as u32 * (1 + n as u32 % 2);
        sum += if d > 9 { d - 9 } else { d };
    }
    sum % 10 == 0
}
