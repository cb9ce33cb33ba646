use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::SystemTime;

use ferry_types::IdempotencyKey;

/// Makes idempotency keys that no other client makes: 128 random bits and a counter.
#[derive(Debug)]
pub struct Keys {
    prefix: String,
    next: AtomicU64,
}

impl Default for Keys {
    /// Keys of a new client.
    fn default() -> Self {
        let (high, low) = (random(), random());
        Self { prefix: format!("c{high:016x}{low:016x}"), next: AtomicU64::new(1) }
    }
}

impl Keys {
    /// A key that was never given out before.
    pub fn fresh(&self) -> IdempotencyKey {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let key = format!("{}.{number}", self.prefix);
        key.parse().expect("hexadecimal digits and a number are visible ASCII")
    }
}

/// 64 bits: the standard library seeds each hasher from the operating system's randomness. Time
/// and process are hashed too, in case that source is weak at boot.
fn random() -> u64 {
    let mut hasher = RandomState::new().build_hasher();
    SystemTime::now().hash(&mut hasher);
    std::process::id().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_differ_within_a_client_and_between_clients() {
        let (one, other) = (Keys::default(), Keys::default());
        let keys = [one.fresh(), one.fresh(), other.fresh(), other.fresh()];
        for (index, key) in keys.iter().enumerate() {
            assert!(!keys[..index].contains(key), "{key} came twice");
        }
    }
}
