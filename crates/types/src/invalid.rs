/// Why a text is not the name or id it was meant to be: what was expected, in words for the caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} must be {grammar}")]
pub struct Invalid {
    /// The noun, for example "a queue name".
    pub what: &'static str,
    /// The grammar that the text breaks.
    pub grammar: &'static str,
}

/// Whether `text` is `1..=bytes_max` bytes of `A-Z a-z 0-9 . _ -` with one that is not a dot.
pub(crate) fn is_name(text: &str, bytes_max: usize) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    text.len() <= bytes_max && text.bytes().all(allowed) && text.bytes().any(|byte| byte != b'.')
}
