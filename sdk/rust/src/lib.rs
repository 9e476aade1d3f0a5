//! Plugins of the siogw gateway in Rust: WebAssembly guests that judge the packets of Socket.IO connections.
//!
//! ```
//! struct Quiet;
//!
//! impl siogw::Plugin for Quiet {
//!     fn configure(_config: &str) -> Result<Self, String> {
//!         Ok(Quiet)
//!     }
//!     fn judge(&mut self, view: &siogw::View, verdict: &mut siogw::Verdict) {
//!         for (i, text) in view.strings().enumerate() {
//!             if text.len() > 20 && text == text.to_uppercase() {
//!                 verdict.replace_string(i, &text.to_lowercase());
//!             }
//!         }
//!     }
//! }
//!
//! siogw::plugin!(Quiet);
//! ```
//!
//! A panic denies: its message goes to the gateway's log, and never to a client. `hostabi/ABI.md` says what the gateway
//! promises; README.md how a plugin is built and tested.

mod escape;
#[doc(hidden)]
pub mod guest;
mod host;
mod json;
pub mod kv;
pub mod test;
mod verdict;
mod view;
mod walk;

pub use host::{count, log, random, time_ms, Level};
pub use json::{Kind, Member, Members, Value};
pub use verdict::{json_string, Verdict};
pub use view::{Attachment, Attachments, Strings, View};
pub use walk::{Node, Walk};

/// What a plugin is. `plugin!` makes a guest of it.
pub trait Plugin: Sized {
    /// Reads the operator's configuration: JSON, or nothing. Its error refuses it, and keeps the gateway from starting.
    fn configure(config: &str) -> Result<Self, String>;

    /// Judges one packet. What the verdict is not told to deny is allowed.
    fn judge(&mut self, view: &View, verdict: &mut Verdict);
}

/// Makes a guest of a [`Plugin`]: the functions that the host calls.
#[macro_export]
macro_rules! plugin {
    ($plugin:ty) => {
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            static GUEST: $crate::guest::Guest<$plugin> = $crate::guest::Guest::new();

            #[no_mangle]
            pub extern "C" fn siogw_alloc(n: u32) -> *mut u8 {
                GUEST.alloc(n as usize)
            }

            /// # Safety
            /// The host passes what it wrote into the buffer.
            #[no_mangle]
            pub unsafe extern "C" fn siogw_configure(p: *const u8, n: u32) -> u64 {
                GUEST.configure(p, n as usize)
            }

            /// # Safety
            /// The host passes what it wrote into the buffer.
            #[no_mangle]
            pub unsafe extern "C" fn siogw_decide(p: *const u8, n: u32) -> u64 {
                GUEST.decide(p, n as usize)
            }
        };
    };
}
