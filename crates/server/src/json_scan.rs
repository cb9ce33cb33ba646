//! A pass over JSON text that builds nothing and finds what the parser would let through inside a
//! payload.

/// How deep arrays and objects may be nested.
const DEPTH_MAX: usize = 64;

/// What is wrong, and at which byte.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) at: usize,
    pub(crate) what: &'static str,
}

/// Refuses nesting beyond 64 levels and lone surrogates. Takes any bytes; whether they are JSON is
/// the parser's to say.
pub(crate) fn check(text: &[u8]) -> Result<(), Flaw> {
    let (mut at, mut depth) = (0, 0_usize);
    while at < text.len() {
        match text[at] {
            b'"' => {
                at = skip_string(text, at)?;
                continue;
            }
            b'[' | b'{' => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return Err(Flaw { at, what: "more than 64 levels" });
                }
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    Ok(())
}

/// The place behind the string that begins at `start`.
fn skip_string(text: &[u8], start: usize) -> Result<usize, Flaw> {
    let mut at = start + 1;
    while at < text.len() {
        match text[at] {
            b'"' => return Ok(at + 1),
            b'\\' => {
                let Some(unit) = escaped_unit(text, at) else {
                    at += 2;
                    continue;
                };
                let is_pair = is_high(unit) && escaped_unit(text, at + 6).is_some_and(is_low);
                if (is_high(unit) && !is_pair) || is_low(unit) {
                    return Err(Flaw { at, what: "a lone surrogate" });
                }
                at += if is_pair { 12 } else { 6 };
            }
            _ => at += 1,
        }
    }
    Ok(at)
}

fn is_high(unit: u16) -> bool {
    (0xd800..0xdc00).contains(&unit)
}

fn is_low(unit: u16) -> bool {
    (0xdc00..0xe000).contains(&unit)
}

/// The UTF-16 unit of a `\uXXXX` at this place.
fn escaped_unit(text: &[u8], at: usize) -> Option<u16> {
    let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
    u16::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_counts_brackets_outside_of_strings() {
        let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        assert_eq!(check(nested(64).as_bytes()), Ok(()));
        let flaw = Flaw { at: 64, what: "more than 64 levels" };
        assert_eq!(check(nested(65).as_bytes()), Err(flaw));
        assert_eq!(check(format!("\"{}\\\"{}\"", "[".repeat(65), "{").as_bytes()), Ok(()));
    }

    #[test]
    fn surrogates_come_in_pairs() {
        assert_eq!(check(br#""\ud83d\ude00 \\ud800""#), Ok(()));
        for text in [r#""\ud83d""#, r#""\ude00""#, r#""\ud83d\ud83d""#, r#""\ud83dx""#] {
            assert!(check(text.as_bytes()).is_err(), "{text} passed");
        }
    }
}
