use crate::{Value, Walk};

/// What a plugin gets to see of a packet: what its manifest's `view` says. The methods panic on another view.
pub struct View<'a>(&'a [u8]);

impl<'a> View<'a> {
    /// A view of these bytes, for tests.
    pub fn new(bytes: &'a [u8]) -> Self {
        View(bytes)
    }

    /// The bytes as they came.
    pub fn bytes(&self) -> &'a [u8] {
        self.0
    }

    /// The JSON of the views `input`, `args` and `fields`.
    pub fn json(&self) -> Value<'a> {
        Value::new(text(self.0))
    }

    /// Every key and scalar of that JSON, in order.
    pub fn walk(&self) -> Walk<'a> {
        Walk::new(self.json(), "")
    }

    /// The texts of the view `strings`, in order.
    pub fn strings(&self) -> Strings<'a> {
        let mut rest = self.0;
        Strings { left: take32(&mut rest), rest }
    }

    /// The attachments of the view `attachments`, in order.
    pub fn attachments(&self) -> Attachments<'a> {
        let mut rest = self.0;
        Attachments { left: take32(&mut rest), rest }
    }
}

/// The texts of a view, one by one.
pub struct Strings<'a> {
    left: u32,
    rest: &'a [u8],
}

impl<'a> Iterator for Strings<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        more(&mut self.left, self.rest).then(|| text(take(&mut self.rest)))
    }
}

/// A binary attachment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attachment<'a> {
    /// Bytes of the whole.
    pub size: u32,
    /// As many of the first bytes as the manifest's `prefix` says.
    pub data: &'a [u8],
}

/// The attachments of a view, one by one.
pub struct Attachments<'a> {
    left: u32,
    rest: &'a [u8],
}

impl<'a> Iterator for Attachments<'a> {
    type Item = Attachment<'a>;

    fn next(&mut self) -> Option<Attachment<'a>> {
        more(&mut self.left, self.rest).then(|| Attachment { size: take32(&mut self.rest), data: take(&mut self.rest) })
    }
}

/// Whether another part is left. What is behind the last is no part of the view.
fn more(left: &mut u32, rest: &[u8]) -> bool {
    assert!(*left > 0 || rest.is_empty(), "bytes behind the view; does the manifest ask for this one?");
    let more = *left > 0;
    *left -= more as u32;
    more
}

fn take32(rest: &mut &[u8]) -> u32 {
    let n = cut(rest, 4);
    u32::from_le_bytes([n[0], n[1], n[2], n[3]])
}

fn take<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
    let n = take32(rest) as usize;
    cut(rest, n)
}

fn cut<'a>(rest: &mut &'a [u8], n: usize) -> &'a [u8] {
    assert!(n <= rest.len(), "the view ends early; does the manifest ask for this one?");
    let (part, behind) = rest.split_at(n);
    *rest = behind;
    part
}

fn text(b: &[u8]) -> &str {
    std::str::from_utf8(b).expect("the view is text; does the manifest ask for this one?")
}
