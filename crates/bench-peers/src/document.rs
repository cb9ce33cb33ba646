use std::fs;
use std::path::Path;

use ferry_bench::RequestError;

const BEGIN: &str = "<!-- peers: begin -->";
const END: &str = "<!-- peers: end -->";

/// Replaces what stands between the markers of a file.
///
/// # Errors
/// If the file cannot be read or written, or lacks the markers.
pub(crate) fn write_between_markers(path: &Path, text: &str) -> Result<(), RequestError> {
    let refuse = |what: &str| RequestError::new(format!("{}: {what}", path.display()));
    let old = fs::read_to_string(path).map_err(|error| refuse(&error.to_string()))?;
    let new = replaced(&old, text).ok_or_else(|| refuse("the markers of the table are missing"))?;
    fs::write(path, new).map_err(|error| refuse(&error.to_string()))
}

fn replaced(old: &str, text: &str) -> Option<String> {
    let (before, rest) = old.split_once(BEGIN)?;
    let (_, after) = rest.split_once(END)?;
    Some(format!("{before}{BEGIN}\n{}\n{END}{after}", text.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_stands_between_the_markers_changes() {
        let old = format!("# Title\n\n{BEGIN}\nold\n{END}\nend\n");
        let new = replaced(&old, "new\n\nlines\n").expect("there are markers");
        assert_eq!(new, format!("# Title\n\n{BEGIN}\nnew\n\nlines\n{END}\nend\n"));
        assert_eq!(replaced(&new, "new\n\nlines").as_ref(), Some(&new));
        assert_eq!(replaced("no markers", "new"), None);
    }
}
