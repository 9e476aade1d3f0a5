//! The store of a plugin, with the capability `kv`: bounded, shared by its instances, and emptied by time alone. See
//! ABI.md, sections 6 and 7. In tests outside of the gateway it is unavailable.

use std::time::Duration;

/// Why the store did not do what it was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// There is no room; what was there before is unchanged.
    Full,
    /// The key is empty or longer than 256 bytes, or the value longer than 64 KiB.
    Size,
    /// The value is no number.
    NoNumber,
    /// Not now: while the plugin is configured, after 64 calls of one packet, or the store cannot be reached.
    Unavailable,
}

const NO_ENTRY: i32 = -1;

fn error(code: i32) -> Error {
    match code {
        -2 => Error::Full,
        -3 => Error::Size,
        -4 => Error::NoNumber,
        _ => Error::Unavailable,
    }
}

/// The value at `key`. It is asked for twice when it has more than 256 bytes.
pub fn get(key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
    let mut value = vec![0; 256];
    for _ in 0..3 {
        match inner::get(key, &mut value) {
            NO_ENTRY => return Ok(None),
            n if n < 0 => return Err(error(n)),
            n => {
                let fits = n as usize <= value.len();
                value.resize(n as usize, 0);
                if fits {
                    return Ok(Some(value));
                }
            }
        }
    }
    Err(Error::Unavailable) // it grew each time
}

/// Stores a value for `ttl`, at most the operator's limit.
pub fn set(key: &[u8], value: &[u8], ttl: Duration) -> Result<(), Error> {
    match inner::set(key, value, millis(ttl)) {
        0 => Ok(()),
        n => Err(error(n)),
    }
}

/// Removes an entry; false when there was none.
pub fn delete(key: &[u8]) -> Result<bool, Error> {
    match inner::delete(key) {
        n if n >= 0 => Ok(n > 0),
        n => Err(error(n)),
    }
}

/// Adds to the number at `key`, at once for all who do so, and gives the sum. A new entry lives for `ttl`; one that is there
/// keeps its end.
pub fn add(key: &[u8], delta: i64, ttl: Duration) -> Result<i64, Error> {
    let mut sum = 0;
    match inner::add(key, delta, millis(ttl), &mut sum) {
        0 => Ok(sum),
        n => Err(error(n)),
    }
}

fn millis(ttl: Duration) -> i64 {
    ttl.as_millis().min(i64::MAX as u128) as i64
}

#[cfg(target_arch = "wasm32")]
mod inner {
    mod siogw {
        #[link(wasm_import_module = "siogw")]
        extern "C" {
            pub fn kv_get(k: *const u8, kn: usize, v: *mut u8, vn: usize) -> i32;
            pub fn kv_set(k: *const u8, kn: usize, v: *const u8, vn: usize, ttl: i64) -> i32;
            pub fn kv_delete(k: *const u8, kn: usize) -> i32;
            pub fn kv_add(k: *const u8, kn: usize, delta: i64, ttl: i64, sum: *mut i64) -> i32;
        }
    }

    pub fn get(key: &[u8], to: &mut [u8]) -> i32 {
        unsafe { siogw::kv_get(key.as_ptr(), key.len(), to.as_mut_ptr(), to.len()) }
    }

    pub fn set(key: &[u8], value: &[u8], ttl: i64) -> i32 {
        unsafe { siogw::kv_set(key.as_ptr(), key.len(), value.as_ptr(), value.len(), ttl) }
    }

    pub fn delete(key: &[u8]) -> i32 {
        unsafe { siogw::kv_delete(key.as_ptr(), key.len()) }
    }

    pub fn add(key: &[u8], delta: i64, ttl: i64, sum: &mut i64) -> i32 {
        unsafe { siogw::kv_add(key.as_ptr(), key.len(), delta, ttl, sum) }
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod inner {
    const UNAVAILABLE: i32 = -5;

    pub fn get(_key: &[u8], _to: &mut [u8]) -> i32 {
        UNAVAILABLE
    }

    pub fn set(_key: &[u8], _value: &[u8], _ttl: i64) -> i32 {
        UNAVAILABLE
    }

    pub fn delete(_key: &[u8]) -> i32 {
        UNAVAILABLE
    }

    pub fn add(_key: &[u8], _delta: i64, _ttl: i64, _sum: &mut i64) -> i32 {
        UNAVAILABLE
    }
}
