use crate::escape::{string_end, unescaped};
use crate::json::{scalar_end, skip_space};
use crate::{Kind, Value};
use std::borrow::Cow;

/// How deep arrays and objects may be nested; the gateway's own limit is lower.
const DEEP: usize = 128;

/// A key or a scalar that a walk comes by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node<'a> {
    /// Key, String, Number or Word.
    pub kind: Kind,
    /// Of a key or string without escapes, otherwise as it is written.
    pub text: Cow<'a, str>,
    /// Arrays and objects around it.
    pub depth: usize,
}

enum Step<'a> {
    Key(Cow<'a, str>),
    Index(usize),
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Value,
    First,
    Key,
    Colon,
    After,
    Ended,
}

/// Goes through JSON text: `while let Some(node) = walk.next()`.
pub struct Walk<'a> {
    text: &'a str,
    at: usize,
    state: State,
    path: Vec<Step<'a>>,
    base: &'a str,
    bad: bool,
}

impl<'a> Walk<'a> {
    /// `base` is the pointer of the value itself, such as `/args`; pointers begin with it.
    pub fn new(value: Value<'a>, base: &'a str) -> Self {
        Walk { text: value.raw(), at: 0, state: State::Value, path: Vec::new(), base, bad: false }
    }

    /// Whether the walk ended early: at text that is no JSON, or nested more than 128 deep.
    pub fn bad(&self) -> bool {
        self.bad
    }

    /// The RFC 6901 pointer of the node that came last; of a key that of its value.
    pub fn pointer(&self) -> String {
        let mut out = self.base.to_string();
        for step in &self.path {
            out.push('/');
            match step {
                Step::Index(i) => out.push_str(&i.to_string()),
                Step::Key(key) if key.contains(&['~', '/'][..]) => out.push_str(&key.replace('~', "~0").replace('/', "~1")),
                Step::Key(key) => out.push_str(key),
            }
        }
        out
    }

    fn tell(&mut self, kind: Kind, text: Cow<'a, str>, next: State) -> Option<Node<'a>> {
        self.state = next;
        Some(Node { kind, text, depth: self.path.len() })
    }

    fn string(&mut self) -> Option<Cow<'a, str>> {
        let b = self.text.as_bytes();
        if b[self.at] != b'"' {
            return None;
        }
        let (end, escaped) = string_end(b, self.at + 1)?;
        let text = unescaped(&self.text[self.at + 1..end], escaped);
        self.at = end + 1;
        Some(text)
    }

    /// Reads on: None and the state Ended at what is no JSON, a node, or None and another state to go on with.
    fn step(&mut self, c: u8) -> Option<Node<'a>> {
        match self.state {
            State::Key => {
                if let Some(key) = self.string() {
                    if let Some(last) = self.path.last_mut() {
                        *last = Step::Key(key.clone());
                    }
                    return self.tell(Kind::Key, key, State::Colon);
                }
                self.fail()
            }
            State::Colon if c == b':' => self.go_on(State::Value),
            State::Value if c == b'"' => match self.string() {
                Some(text) => self.tell(Kind::String, text, State::After),
                None => self.fail(),
            },
            State::Value if c == b'[' || c == b'{' => {
                if self.path.len() == DEEP {
                    return self.fail();
                }
                self.path.push(if c == b'[' { Step::Index(0) } else { Step::Key(Cow::Borrowed("")) });
                self.go_on(State::First)
            }
            State::Value => {
                let text = &self.text[self.at..scalar_end(self.text.as_bytes(), self.at)];
                self.at += text.len();
                match Value::new(text).kind() {
                    Some(kind) => self.tell(kind, Cow::Borrowed(text), State::After),
                    None => self.fail(),
                }
            }
            State::First | State::After => self.behind(c),
            _ => self.fail(),
        }
    }

    /// Reads what stands behind a value, or at the beginning of a container.
    fn behind(&mut self, c: u8) -> Option<Node<'a>> {
        let first = self.state == State::First;
        let (end, next) = match self.path.last_mut() {
            None => return self.fail(),
            Some(Step::Key(_)) => (b'}', State::Key),
            Some(Step::Index(i)) => {
                *i += (!first && c == b',') as usize;
                (b']', State::Value)
            }
        };
        if c == end {
            self.path.pop();
            return self.go_on(State::After);
        }
        if first {
            self.state = next;
            return None;
        }
        if c != b',' {
            return self.fail();
        }
        self.go_on(next)
    }

    fn go_on(&mut self, next: State) -> Option<Node<'a>> {
        self.at += 1;
        self.state = next;
        None
    }

    fn fail(&mut self) -> Option<Node<'a>> {
        self.bad = true;
        self.state = State::Ended;
        None
    }
}

impl<'a> Iterator for Walk<'a> {
    type Item = Node<'a>;

    fn next(&mut self) -> Option<Node<'a>> {
        while self.state != State::Ended {
            self.at = skip_space(self.text.as_bytes(), self.at);
            match self.text.as_bytes().get(self.at) {
                Some(&c) => {
                    if let Some(node) = self.step(c) {
                        return Some(node);
                    }
                }
                None => {
                    self.bad = self.state != State::After || !self.path.is_empty();
                    self.state = State::Ended;
                }
            }
        }
        None
    }
}
