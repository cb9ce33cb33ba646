//! A pass over JSON text that builds nothing: what the parser would let through inside a payload,
//! and where in a document a place is.

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

/// The path of the field that the parser was in at this line and column, for example
/// `tasks[3].priority`; empty at the top.
pub(crate) fn field_at(text: &[u8], line: usize, column: usize) -> String {
    let line_start = match line.checked_sub(2) {
        None => 0,
        Some(skipped) => {
            let ends = text.iter().enumerate().filter(|&(_, &byte)| byte == b'\n');
            ends.map(|(at, _)| at + 1).nth(skipped).unwrap_or(text.len())
        }
    };
    let end = (line_start + column).min(text.len());
    let mut path = Path::default();
    let mut at = 0;
    while at < end {
        if text[at] == b'"' {
            let after = skip_string(text, at).unwrap_or(text.len()).min(text.len());
            path.string(&text[at + 1..after.saturating_sub(1).max(at + 1)]);
            at = after;
        } else {
            // The parser stops behind a value it refuses, maybe at the end of what holds it.
            if at + 1 == end && matches!(text[at], b']' | b'}' | b',') {
                break;
            }
            path.byte(text[at]);
            at += 1;
        }
    }
    path.render()
}

/// Where in the document a scan is.
#[derive(Default)]
struct Path<'a> {
    levels: Vec<Level<'a>>,
}

enum Level<'a> {
    Array { index: usize },
    Object { key: Option<&'a [u8]>, in_value: bool },
}

impl<'a> Path<'a> {
    fn string(&mut self, content: &'a [u8]) {
        if let Some(Level::Object { key, in_value: false }) = self.levels.last_mut() {
            *key = Some(content);
        }
    }

    fn byte(&mut self, byte: u8) {
        match (byte, self.levels.last_mut()) {
            (b'[', _) => self.levels.push(Level::Array { index: 0 }),
            (b'{', _) => self.levels.push(Level::Object { key: None, in_value: false }),
            (b']' | b'}', _) => {
                self.levels.pop();
            }
            (b',', Some(Level::Array { index })) => *index += 1,
            (b',', Some(Level::Object { key, in_value })) => {
                *key = None;
                *in_value = false;
            }
            (b':', Some(Level::Object { in_value, .. })) => *in_value = true,
            _ => {}
        }
    }

    fn render(&self) -> String {
        let mut path = String::new();
        for level in &self.levels {
            match level {
                Level::Array { index } => path.push_str(&format!("[{index}]")),
                Level::Object { key: Some(key), in_value: true } => {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(&String::from_utf8_lossy(key));
                }
                Level::Object { .. } => {}
            }
        }
        path
    }
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
