use std::io::{self, Write};

use serde::Serialize;

use crate::failure::Failure;

const HAS_JSON_FORM: &str = "every document has a JSON form";

/// Where data goes: text for people, or one JSON document a line.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    /// Whether it is JSON.
    pub(crate) json: bool,
}

impl Output {
    /// Prints a document, or what people read instead.
    pub(crate) fn show<T: Serialize>(
        self,
        document: &T,
        text: impl FnOnce(&T) -> String,
    ) -> Result<(), Failure> {
        if self.json { self.document(document) } else { self.text(&text(document)) }
    }

    /// Prints a document: for people it is indented.
    pub(crate) fn show_indented<T: Serialize>(self, document: &T) -> Result<(), Failure> {
        let indented = |document: &T| serde_json::to_string_pretty(document).expect(HAS_JSON_FORM);
        self.show(document, indented)
    }

    /// Prints one document a line, or one text for all of them.
    pub(crate) fn show_all<T: Serialize>(
        self,
        documents: &[T],
        text: impl FnOnce(&[T]) -> String,
    ) -> Result<(), Failure> {
        if !self.json {
            return self.text(&text(documents));
        }
        documents.iter().try_for_each(|document| self.document(document))
    }

    /// Prints a document, whatever form is wanted.
    pub(crate) fn document<T: Serialize>(self, document: &T) -> Result<(), Failure> {
        let line = serde_json::to_string(document).expect(HAS_JSON_FORM);
        self.text(&line)
    }

    /// Prints text; nothing if it is empty.
    pub(crate) fn text(self, text: &str) -> Result<(), Failure> {
        if text.is_empty() {
            return Ok(());
        }
        let mut stdout = io::stdout().lock();
        writeln!(stdout, "{}", text.trim_end_matches('\n'))?;
        Ok(stdout.flush()?)
    }
}
