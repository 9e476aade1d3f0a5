//! What the host does for a guest: ABI.md, section 6. Outside of WebAssembly, in tests, lines go to stderr.

/// The level of a line in the gateway's log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Debug,
    Info,
    Warn,
    Error,
}

/// Logs a line: 16 a packet, 1 KiB of each.
pub fn log(level: Level, line: &str) {
    inner::log(level, line);
}

/// Adds to a counter of the plugin, named in lower case letters, digits and underscores; 64 times a packet.
pub fn count(name: &str, delta: i64) {
    inner::count(name, delta);
}

/// The packet's time in milliseconds since 1970, with the capability `clock`; 0 while the plugin is configured.
pub fn time_ms() -> i64 {
    inner::time_ms()
}

/// Fills `to` with unpredictable bytes, with the capability `random`; 4 KiB a packet.
pub fn random(to: &mut [u8]) {
    inner::random(to);
}

#[cfg(target_arch = "wasm32")]
mod inner {
    mod siogw {
        #[link(wasm_import_module = "siogw")]
        extern "C" {
            pub fn log(level: i32, p: *const u8, n: usize);
            pub fn counter(p: *const u8, n: usize, delta: i64);
            pub fn time_ms() -> i64;
            pub fn random(p: *mut u8, n: usize);
        }
    }

    pub fn log(level: super::Level, line: &str) {
        unsafe { siogw::log(level as i32, line.as_ptr(), line.len()) }
    }

    pub fn count(name: &str, delta: i64) {
        unsafe { siogw::counter(name.as_ptr(), name.len(), delta) }
    }

    pub fn time_ms() -> i64 {
        unsafe { siogw::time_ms() }
    }

    pub fn random(to: &mut [u8]) {
        unsafe { siogw::random(to.as_mut_ptr(), to.len()) }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod inner {
    pub fn log(level: super::Level, line: &str) {
        eprintln!("{level:?}: {line}");
    }

    pub fn count(_name: &str, _delta: i64) {}

    pub fn time_ms() -> i64 {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |d| d.as_millis() as i64)
    }

    pub fn random(to: &mut [u8]) {
        to.fill(0x5a);
    }
}
