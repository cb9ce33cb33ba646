//! Runs the scripts in `tests/scripts`, which say what the machine does in words.
//!
//! `FERRY_BLESS=1 cargo test -p ferry-core --test scripts` writes the machine's answers into them;
//! read the difference before you commit it.

mod script;
mod witness;

use std::path::Path;

#[test]
fn scripts_say_what_happens() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/scripts");
    let bless = std::env::var_os("FERRY_BLESS").is_some();
    let entries = std::fs::read_dir(&folder).expect("the folder of scripts is there");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("readable").path()).collect();
    paths.sort();
    assert!(paths.len() >= 10, "scripts are missing: {paths:?}");

    let mut wrong = String::new();
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a script is readable");
        let name = path.file_name().expect("a script has a name").to_string_lossy().into_owned();
        let answered = script::run(&name, &text);
        if bless {
            std::fs::write(&path, answered).expect("a script is writable");
        } else {
            wrong.push_str(&script::difference(&name, &text, &answered));
        }
    }
    assert!(wrong.is_empty(), "the machine answers otherwise:\n{wrong}");
}
