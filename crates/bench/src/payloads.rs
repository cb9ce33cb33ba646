use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;

/// Text that payloads are cut from, in bytes.
const POOL_BYTES: usize = 1 << 20;
/// How far a payload begins after the one before: prime, so that all places are used.
const STRIDE: usize = 97_003;
/// What payloads consist of: their own JSON text, and six random bits a byte.
const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Payloads of one size, cut from random text: storage that compresses gains nothing from them.
#[derive(Debug)]
pub struct Payloads {
    pool: Bytes,
    bytes: usize,
    given: AtomicUsize,
}

impl Payloads {
    /// Payloads of so many bytes.
    pub fn new(bytes: usize) -> Self {
        let mut state = random_number() | 1;
        let text = (0..POOL_BYTES + bytes).map(|_| {
            // Xorshift: chance enough to defeat compression.
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            ALPHABET[(state >> 58) as usize]
        });
        Self { pool: text.collect(), bytes, given: AtomicUsize::new(0) }
    }

    /// The next payload.
    pub fn next(&self) -> Bytes {
        let place = self.given.fetch_add(1, Ordering::Relaxed).wrapping_mul(STRIDE) % POOL_BYTES;
        self.pool.slice(place..place + self.bytes)
    }
}

/// A number that nobody has seen before.
pub(crate) fn random_number() -> u64 {
    // The standard library seeds its hash maps from the system's randomness.
    RandomState::new().hash_one(std::process::id())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn payloads_have_their_size_and_differ() {
        let payloads = Payloads::new(256);
        let (first, second) = (payloads.next(), payloads.next());
        assert_eq!((first.len(), second.len()), (256, 256));
        assert_ne!(first, second);
        assert!(first.iter().all(|byte| ALPHABET.contains(byte)));
    }

    #[test]
    fn even_empty_payloads_can_be_had() {
        assert!(Payloads::new(0).next().is_empty());
    }
}
