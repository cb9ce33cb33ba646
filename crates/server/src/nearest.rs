//! Guesses which known name was meant by a misspelt one.

/// The known name that is closest to `wrong`, if any is close enough to be a likely slip.
pub(crate) fn nearest<'a>(
    wrong: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let bound = (wrong.len() / 3).clamp(1, 4);
    known
        .into_iter()
        .map(|name| (distance(wrong.as_bytes(), name.as_bytes()), name))
        .filter(|&(distance, _)| distance <= bound)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, name)| name)
}

/// The Levenshtein distance, by the two-row method of Wagner and Fischer.
fn distance(left: &[u8], right: &[u8]) -> usize {
    // Names are short; a caller's megabyte is not compared letter by letter.
    if left.len().abs_diff(right.len()) > 4 {
        return usize::MAX;
    }
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, a) in left.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[right.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_finds_its_name_and_a_stranger_none() {
        let known = ["priority", "payload", "delay_ms"];
        assert_eq!(nearest("pritority", known), Some("priority"));
        assert_eq!(nearest("delay", known), None);
        assert_eq!(nearest("delayms", known), Some("delay_ms"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest(&"p".repeat(1 << 20), known), None);
    }
}
