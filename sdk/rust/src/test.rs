//! For tests outside of the gateway, with plain `cargo test`: what the gateway would do.

use crate::guest::configured;
use crate::{Plugin, Verdict, View};

/// Configures a plugin, has it judge a view, and gives the verdict's JSON; nothing for the plain allow.
pub fn run<P: Plugin>(config: &str, view: &[u8]) -> Result<String, String> {
    let mut plugin: P = configured(config.as_bytes())?;
    let mut verdict = Verdict::new();
    plugin.judge(&View::new(view), &mut verdict);
    let mut out = Vec::new();
    verdict.write(&mut out);
    String::from_utf8(out).map_err(|e| e.to_string())
}

/// The view `strings` of these texts.
pub fn strings(texts: &[&str]) -> Vec<u8> {
    let mut out = (texts.len() as u32).to_le_bytes().to_vec();
    for t in texts {
        out.extend_from_slice(&(t.len() as u32).to_le_bytes());
        out.extend_from_slice(t.as_bytes());
    }
    out
}
