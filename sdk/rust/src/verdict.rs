use crate::escape::quote;

#[derive(Clone, Copy, Debug, PartialEq)]
enum Effect {
    Allow,
    Deny,
    Abstain,
}

/// What changes the arguments: a verdict holds one sort.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Change {
    Nothing,
    Args,
    Patch,
    Strings,
}

/// A plugin's answer. As it comes it allows, and changes nothing. The first denial counts, and forgets all changes; of
/// `replace_args`, `patch` and `replace_string` a verdict holds one sort, and another one after it panics. Arguments named json
/// are JSON text.
#[derive(Debug)]
pub struct Verdict {
    effect: Effect,
    change: Change,
    denial: Vec<u8>,
    args: Vec<u8>,
    auth: Vec<u8>,
    attachments: Vec<u8>,
    labels: Vec<u8>,
}

impl Verdict {
    pub(crate) const fn new() -> Self {
        Verdict {
            effect: Effect::Allow,
            change: Change::Nothing,
            denial: Vec::new(),
            args: Vec::new(),
            auth: Vec::new(),
            attachments: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Forgets what was said, and keeps the memory.
    pub(crate) fn begin(&mut self) {
        self.effect = Effect::Allow;
        self.change = Change::Nothing;
        for part in [&mut self.denial, &mut self.args, &mut self.auth, &mut self.attachments, &mut self.labels] {
            part.clear();
        }
    }

    /// Denies. The client sees both: the reason must not repeat what it sent.
    pub fn deny(&mut self, code: &str, reason: &str) {
        if self.begin_denial() {
            member(&mut self.denial, "code");
            quote(&mut self.denial, code);
            self.reason(reason);
        }
    }

    /// Denies with a number for a code.
    pub fn deny_number(&mut self, code: i64, reason: &str) {
        if self.begin_denial() {
            member(&mut self.denial, "code");
            self.denial.extend_from_slice(code.to_string().as_bytes());
            self.reason(reason);
        }
    }

    /// What else the client may know; after a denial.
    pub fn deny_data(&mut self, json: &str) {
        assert!(self.denied(), "data go with a denial");
        member(&mut self.denial, "data");
        self.denial.extend_from_slice(json.as_bytes());
    }

    pub fn denied(&self) -> bool {
        self.effect == Effect::Deny
    }

    /// Leaves the packet to others.
    pub fn abstain(&mut self) {
        if !self.denied() {
            self.effect = Effect::Abstain;
        }
    }

    fn begin_denial(&mut self) -> bool {
        !self.denied() && {
            self.effect = Effect::Deny;
            true
        }
    }

    fn reason(&mut self, reason: &str) {
        member(&mut self.denial, "reason");
        quote(&mut self.denial, reason);
    }

    fn change(&mut self, change: Change) -> &mut Vec<u8> {
        assert!(self.change == change || self.change == Change::Nothing, "a verdict changes the arguments in one way");
        self.change = change;
        &mut self.args
    }

    /// Replaces all arguments by a JSON array.
    pub fn replace_args(&mut self, json: &str) {
        let args = self.change(Change::Args);
        args.clear();
        args.extend_from_slice(json.as_bytes());
    }

    /// Replaces the payload of a CONNECT by a JSON object.
    pub fn replace_auth(&mut self, json: &str) {
        self.auth.clear();
        self.auth.extend_from_slice(json.as_bytes());
    }

    /// Replaces a text of the arguments by its number in the view `strings`.
    pub fn replace_string(&mut self, i: usize, with: &str) {
        let out = self.change(Change::Strings);
        member(out, &i.to_string());
        quote(out, with);
    }

    /// Replaces a binary attachment by its number in the packet; no bytes leave it empty.
    pub fn replace_attachment(&mut self, i: usize, with: &[u8]) {
        member(&mut self.attachments, &i.to_string());
        self.attachments.push(b'"');
        base64(&mut self.attachments, with);
        self.attachments.push(b'"');
    }

    /// An operation of RFC 6902, under `/args` or `/auth`; no value for `remove`.
    pub fn patch(&mut self, op: &str, path: &str, json: Option<&str>) {
        let out = self.change(Change::Patch);
        if !out.is_empty() {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"op\":");
        quote(out, op);
        out.extend_from_slice(b",\"path\":");
        quote(out, path);
        if let Some(value) = json {
            out.extend_from_slice(b",\"value\":");
            out.extend_from_slice(value.as_bytes());
        }
        out.push(b'}');
    }

    /// Replaces the text at a pointer by a patch.
    pub fn patch_text(&mut self, path: &str, with: &str) {
        self.patch("replace", path, Some(&json_string(with)));
    }

    /// Tells later plugins and the policy something: `input.plugins.NAME.key`. Each key once.
    pub fn label(&mut self, key: &str, json: &str) {
        member(&mut self.labels, key);
        self.labels.extend_from_slice(json.as_bytes());
    }

    /// The label `score`, a finite number.
    pub fn score(&mut self, score: f64) {
        assert!(score.is_finite(), "a score is a finite number");
        self.label("score", &score.to_string());
    }

    /// Writes the verdict's JSON; nothing for the plain allow.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.clear();
        let effect = match self.effect {
            Effect::Allow if self.plain() => return,
            Effect::Allow => "allow",
            Effect::Deny => "deny",
            Effect::Abstain => "abstain",
        };
        out.extend_from_slice(b"{\"effect\":");
        quote(out, effect);
        match self.effect {
            Effect::Deny => part(out, "", ["", ""], &self.denial),
            Effect::Allow => self.write_changes(out),
            Effect::Abstain => {}
        }
        part(out, "labels", ["{", "}"], &self.labels);
        out.push(b'}');
    }

    fn plain(&self) -> bool {
        self.change == Change::Nothing && self.auth.is_empty() && self.attachments.is_empty() && self.labels.is_empty()
    }

    fn write_changes(&self, out: &mut Vec<u8>) {
        match self.change {
            Change::Nothing => {}
            Change::Args => part(out, "args", ["", ""], &self.args),
            Change::Patch => part(out, "patch", ["[", "]"], &self.args),
            Change::Strings => part(out, "strings", ["{", "}"], &self.args),
        }
        part(out, "auth", ["", ""], &self.auth);
        part(out, "attachments", ["{", "}"], &self.attachments);
    }
}

/// `text` as a JSON string.
pub fn json_string(text: &str) -> String {
    let mut out = Vec::with_capacity(text.len() + 2);
    quote(&mut out, text);
    String::from_utf8(out).unwrap_or_default() // quote keeps text what it is
}

/// Begins a member of what is written.
fn member(out: &mut Vec<u8>, key: &str) {
    if !out.is_empty() {
        out.push(b',');
    }
    quote(out, key);
    out.push(b':');
}

fn part(out: &mut Vec<u8>, key: &str, brackets: [&str; 2], body: &[u8]) {
    if body.is_empty() {
        return;
    }
    if key.is_empty() {
        out.push(b',');
    } else {
        member(out, key);
    }
    out.extend_from_slice(brackets[0].as_bytes());
    out.extend_from_slice(body);
    out.extend_from_slice(brackets[1].as_bytes());
}

fn base64(out: &mut Vec<u8>, data: &[u8]) {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    for three in data.chunks(3) {
        let at = |i: usize| *three.get(i).unwrap_or(&0) as usize;
        let v = at(0) << 16 | at(1) << 8 | at(2);
        for i in 0..4 {
            out.push(if i > three.len() { b'=' } else { LETTERS[v >> (18 - 6 * i) & 63] });
        }
    }
}
