//! Follows a client's bytes from request to request, to find one whose end two parsers could see
//! at two places: that is how requests get smuggled. The parser behind it would take one reading
//! and hide the other.
//!
//! 1. Where this scan sees a request end, the parser behind it does, or refuses the request.
//! 2. A request gives its length once: as one number, or as chunks and nothing else.

/// How much of a line is kept: more than any line needs that tells a length.
const LINE_BYTES_MAX: usize = 64;

/// A scan of one connection, fed as bytes arrive.
#[derive(Default)]
pub(crate) struct RequestScan {
    part: Part,
    line: Line,
    heads_begun: u64,
}

/// Where in a request the scan is.
#[derive(Clone, Copy)]
enum Part {
    Head(Head),
    Body { left: u64 },
    ChunkSize,
    Chunk { left: u64 },
    ChunkEnd,
    Trailers,
}

/// What a head has said so far.
#[derive(Clone, Copy, Default)]
struct Head {
    has_begun: bool,
    has_request_line: bool,
    length: Option<u64>,
    is_chunked: bool,
}

/// The beginning of the present line.
struct Line {
    bytes: [u8; LINE_BYTES_MAX],
    kept: usize,
    is_cut: bool,
}

/// A request whose end is not certain.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ambiguous {
    /// How many of the bytes stand before it.
    pub(crate) fine_bytes: usize,
}

impl Default for Part {
    fn default() -> Self {
        Self::Head(Head::default())
    }
}

impl Default for Line {
    fn default() -> Self {
        Self { bytes: [0; LINE_BYTES_MAX], kept: 0, is_cut: false }
    }
}

impl RequestScan {
    /// How many requests have begun.
    pub(crate) fn heads_begun(&self) -> u64 {
        self.heads_begun
    }

    /// Whether a head has begun and not ended.
    pub(crate) fn is_in_head(&self) -> bool {
        matches!(self.part, Part::Head(Head { has_begun: true, .. }))
    }

    /// Looks at the next bytes.
    ///
    /// # Errors
    /// The first request whose end is not certain; the scan is of no use behind it.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<(), Ambiguous> {
        let (mut at, mut request_at) = (0, 0);
        while at < bytes.len() {
            let rest = &bytes[at..];
            at += match &mut self.part {
                Part::Body { left } | Part::Chunk { left } => {
                    let skipped = usize::try_from(*left).unwrap_or(usize::MAX).min(rest.len());
                    *left -= skipped as u64;
                    skipped
                }
                Part::Head(_) | Part::ChunkSize | Part::ChunkEnd | Part::Trailers => {
                    self.read_line(rest).ok_or(Ambiguous { fine_bytes: request_at })?
                }
            };
            if matches!(self.part, Part::Body { left: 0 }) {
                self.part = Part::default();
            }
            if matches!(self.part, Part::Chunk { left: 0 }) {
                self.part = Part::ChunkEnd;
            }
            if matches!(self.part, Part::Head(Head { has_begun: false, .. })) {
                request_at = at;
            }
        }
        Ok(())
    }

    /// Takes the present line's next bytes and tells how many; `None` if the line leaves two
    /// readings.
    fn read_line(&mut self, bytes: &[u8]) -> Option<usize> {
        let end = bytes.iter().position(|&byte| byte == b'\n');
        let part = &bytes[..end.unwrap_or(bytes.len())];
        if let Part::Head(head) = &mut self.part
            && !head.has_begun
            && part.iter().any(|&byte| byte != b'\r')
        {
            head.has_begun = true;
            self.heads_begun += 1;
        }
        self.line.extend(part);
        if end.is_some() {
            let line = std::mem::take(&mut self.line);
            self.part = next_part(self.part, &line)?;
        }
        Some(end.map_or(bytes.len(), |end| end + 1))
    }
}

impl Line {
    fn extend(&mut self, part: &[u8]) {
        let kept = part.len().min(LINE_BYTES_MAX - self.kept);
        self.bytes[self.kept..self.kept + kept].copy_from_slice(&part[..kept]);
        self.kept += kept;
        self.is_cut |= kept < part.len();
    }

    fn text(&self) -> &[u8] {
        let text = &self.bytes[..self.kept];
        text.strip_suffix(b"\r").unwrap_or(text)
    }

    /// The value of the header with this lower-case name; none for another header.
    fn value_of(&self, name: &str) -> Option<&[u8]> {
        let (start, value) = self.text().split_at_checked(name.len())?;
        let value = value.strip_prefix(b":")?;
        start.eq_ignore_ascii_case(name.as_bytes()).then(|| value.trim_ascii())
    }
}

/// Where the scan is behind a line; `None` if the line leaves two readings.
fn next_part(part: Part, line: &Line) -> Option<Part> {
    let is_empty = line.text().is_empty();
    match part {
        Part::Head(head) if is_empty => Some(match head {
            // Parsers skip empty lines before a request.
            Head { has_request_line: false, .. } => Part::Head(head),
            Head { is_chunked: true, .. } => Part::ChunkSize,
            Head { length: None | Some(0), .. } => Part::default(),
            Head { length: Some(left), .. } => Part::Body { left },
        }),
        Part::Head(head) if !head.has_request_line => {
            Some(Part::Head(Head { has_request_line: true, ..head }))
        }
        Part::Head(head) => head.with_header(line).map(Part::Head),
        Part::ChunkSize => Some(match chunk_size(line.text())? {
            0 => Part::Trailers,
            left => Part::Chunk { left },
        }),
        Part::ChunkEnd => is_empty.then_some(Part::ChunkSize),
        Part::Trailers if is_empty => Some(Part::default()),
        Part::Trailers | Part::Body { .. } | Part::Chunk { .. } => Some(part),
    }
}

impl Head {
    fn with_header(self, line: &Line) -> Option<Self> {
        let is_first = self.length.is_none() && !self.is_chunked;
        if let Some(value) = line.value_of("content-length") {
            let length = number(value, 10).filter(|_| is_first && !line.is_cut)?;
            return Some(Self { length: Some(length), ..self });
        }
        if let Some(value) = line.value_of("transfer-encoding") {
            let is_chunked = value.eq_ignore_ascii_case(b"chunked") && is_first && !line.is_cut;
            return is_chunked.then_some(Self { is_chunked, ..self });
        }
        Some(self)
    }
}

/// The size in a chunk's first line; its extensions mean nothing.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let size = line.split(|byte| matches!(byte, b';' | b' ' | b'\t')).next()?;
    number(size, 16)
}

fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let text = std::str::from_utf8(digits).ok()?;
    // The library would take a sign.
    let is_plain = text.bytes().all(|digit| digit.is_ascii_hexdigit());
    u64::from_str_radix(text, radix).ok().filter(|_| is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    const FINE: [&str; 6] = [
        "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 22\r\n\r\nContent-Length: 1\r\n\r\n\r\n",
        "POST / HTTP/1.1\r\nX-Content-Length: 1\r\nContent-Length: 0\r\n\r\n",
        "\r\nPOST / HTTP/1.1\nContent-Length:\t2 \n\nok",
        "POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\n\n\n\n\r\n0\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nA;x=y\r\n0123456789\r\n0\r\nT: u\r\n\r\n",
    ];

    const AMBIGUOUS: [&str; 11] = [
        "POST / HTTP/1.1\r\nContent-Length: 1\r\ncontent-length: 1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nA: b\r\nCONTENT-LENGTH: 1\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length:\r\n\r\n",
        "POST / HTTP/1.1\r\nContent-Length: 00000000000000000000000000000000000000000000000001\r\n\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nno\r\n",
        "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nab\r\n",
    ];

    /// Feeds `text` in two parts, and tells how many bytes were fine, from its beginning.
    fn feed(text: &str, cut: usize) -> Result<RequestScan, usize> {
        let mut scan = RequestScan::default();
        let (first, second) = text.as_bytes().split_at(cut);
        scan.feed(first).map_err(|ambiguous| ambiguous.fine_bytes)?;
        scan.feed(second).map_err(|ambiguous| cut + ambiguous.fine_bytes)?;
        Ok(scan)
    }

    #[test]
    fn the_end_of_a_request_is_seen_however_it_is_cut() {
        for text in FINE {
            let twice = format!("{text}{text}");
            for cut in 0..twice.len() {
                let scan = feed(&twice, cut);
                assert!(scan.is_ok(), "{twice:?} cut at {cut}");
                let scan = scan.unwrap_or_default();
                assert_eq!(scan.heads_begun(), 2, "{twice:?} cut at {cut}");
                assert!(!scan.is_in_head(), "{twice:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn an_ambiguous_request_is_seen_behind_any_other() {
        for fine in FINE {
            for bad in AMBIGUOUS {
                let text = format!("{fine}{bad}");
                for cut in 0..text.len() {
                    let told = feed(&text, cut).err();
                    // What is handed on before it is known may not go beyond the bad head.
                    let wanted = fine.len().max(cut);
                    assert!(told.is_some(), "{text:?} cut at {cut}");
                    assert!(told <= Some(wanted), "{text:?} cut at {cut}: {told:?}");
                    if cut <= fine.len() {
                        assert_eq!(told, Some(fine.len()), "{text:?} cut at {cut}");
                    }
                }
            }
        }
    }

    #[test]
    fn a_head_behind_another_request_is_seen_to_begin() {
        let mut scan = RequestScan::default();
        assert_eq!(scan.feed(b"GET / HTTP/1.1\r\n\r\n\r\n"), Ok(()));
        assert!(!scan.is_in_head());
        assert_eq!(scan.feed(b"GET / HT"), Ok(()));
        assert!(scan.is_in_head());
        assert_eq!(scan.heads_begun(), 2);
    }
}
