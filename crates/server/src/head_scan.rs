//! Finds requests whose length is given twice. The parser behind it would take one of the two and
//! hide the other, and two parsers that choose differently are how requests get smuggled.

/// The longest name that is looked for, with its colon.
const NAME_BYTES: usize = "transfer-encoding:".len();

/// A scan of one request head, fed as it arrives.
#[derive(Default)]
pub(crate) struct HeadScan {
    /// The beginning of the present line, in lower case.
    line: [u8; NAME_BYTES],
    line_bytes: usize,
    lengths: u8,
    has_encoding: bool,
    is_over: bool,
}

impl HeadScan {
    /// Looks at the next bytes; false once the head gives its length twice.
    pub(crate) fn feed(&mut self, mut bytes: &[u8]) -> bool {
        while !self.is_over && !bytes.is_empty() {
            let end = bytes.iter().position(|&byte| byte == b'\n');
            let (line, rest) = match end {
                Some(end) => (&bytes[..end], &bytes[end + 1..]),
                None => (bytes, &[][..]),
            };
            self.extend(line);
            if end.is_some() {
                self.finish_line();
            }
            bytes = rest;
        }
        self.lengths + u8::from(self.has_encoding) < 2
    }

    fn extend(&mut self, part: &[u8]) {
        let kept = part.len().min(NAME_BYTES - self.line_bytes);
        let line = &mut self.line[self.line_bytes..self.line_bytes + kept];
        line.copy_from_slice(&part[..kept]);
        line.make_ascii_lowercase();
        self.line_bytes += kept;
    }

    fn finish_line(&mut self) {
        let line = &self.line[..self.line_bytes];
        self.is_over = matches!(line, b"" | b"\r");
        self.lengths = self.lengths.saturating_add(line.starts_with(b"content-length:").into());
        self.has_encoding |= line == b"transfer-encoding:";
        self.line_bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_length_is_seen_however_the_head_is_cut() {
        let twice = [
            "POST / HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\n",
            "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nA: b\r\nCONTENT-LENGTH: 1\r\n\r\n",
        ];
        let once = [
            "POST / HTTP/1.1\r\nContent-Length: 60\r\n\r\nContent-Length: 1\r\n",
            "POST / HTTP/1.1\r\nX-Content-Length: 1\r\nContent-Length: 1\r\n\r\n",
            "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
        ];
        for (heads, is_fine) in [(&twice, false), (&once, true)] {
            for head in heads {
                for cut in 0..head.len() {
                    let mut scan = HeadScan::default();
                    let first = scan.feed(&head.as_bytes()[..cut]);
                    let second = scan.feed(&head.as_bytes()[cut..]);
                    assert_eq!(first && second, is_fine, "{head:?} cut at {cut}");
                }
            }
        }
    }
}
