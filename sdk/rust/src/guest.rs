//! The plugin as the host sees it: ABI.md, sections 2 and 5.

use crate::{log, Level, Plugin, Verdict, View};
use std::cell::UnsafeCell;

/// One instance of a plugin, and what the host writes to and reads from.
pub struct Guest<P>(UnsafeCell<State<P>>);

struct State<P> {
    plugin: Option<P>,
    buffer: Vec<u8>,
    answer: Vec<u8>,
    verdict: Verdict,
}

// The host never calls an instance twice at a time, and a guest has one thread.
unsafe impl<P> Sync for Guest<P> {}

impl<P> Guest<P> {
    pub const fn new() -> Self {
        Guest(UnsafeCell::new(State { plugin: None, buffer: Vec::new(), answer: Vec::new(), verdict: Verdict::new() }))
    }
}

impl<P> Default for Guest<P> {
    fn default() -> Self {
        Self::new()
    }
}

impl<P: Plugin> Guest<P> {
    #[allow(clippy::mut_from_ref)]
    fn state(&self) -> &mut State<P> {
        unsafe { &mut *self.0.get() }
    }

    pub fn alloc(&self, n: usize) -> *mut u8 {
        let state = self.state();
        state.buffer = Vec::new(); // the old one goes before the new one comes
        state.buffer = vec![0; n];
        state.buffer.as_mut_ptr()
    }

    /// # Safety
    /// p and n are those of bytes that live during the call.
    pub unsafe fn configure(&self, p: *const u8, n: usize) -> u64 {
        std::panic::set_hook(Box::new(|what| log(Level::Error, &what.to_string())));
        let state = self.state();
        match configured::<P>(bytes(p, n)) {
            Ok(plugin) => {
                state.plugin = Some(plugin);
                0
            }
            Err(why) => {
                state.answer = if why.is_empty() { b"it is refused".to_vec() } else { why.into_bytes() };
                place(&state.answer)
            }
        }
    }

    /// # Safety
    /// p and n are those of bytes that live during the call.
    pub unsafe fn decide(&self, p: *const u8, n: usize) -> u64 {
        let state = self.state();
        let plugin = state.plugin.as_mut().expect("the host configures before it asks");
        state.verdict.begin();
        plugin.judge(&View::new(bytes(p, n)), &mut state.verdict);
        state.verdict.write(&mut state.answer);
        place(&state.answer)
    }
}

pub(crate) fn configured<P: Plugin>(config: &[u8]) -> Result<P, String> {
    P::configure(std::str::from_utf8(config).map_err(|e| e.to_string())?)
}

unsafe fn bytes<'a>(p: *const u8, n: usize) -> &'a [u8] {
    if n == 0 {
        return &[];
    }
    std::slice::from_raw_parts(p, n)
}

fn place(b: &[u8]) -> u64 {
    if b.is_empty() {
        return 0;
    }
    (b.as_ptr() as usize as u64) << 32 | b.len() as u64
}
