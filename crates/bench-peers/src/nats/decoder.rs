use bytes::{Bytes, BytesMut};
use ferry_bench::RequestError;

use crate::link::Decoder;
use crate::outbox::Outbox;

/// A message that came to an inbox.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message {
    /// The last part of its subject, if that is a number: which request it answers.
    pub(super) token: Option<u64>,
    /// The status in its headers, if there is one: the server's word, not a task.
    pub(super) status: Option<u16>,
    /// Where an answer to it goes.
    pub(super) reply: Bytes,
    /// Its payload.
    pub(super) payload: Bytes,
}

/// Reads the text protocol of NATS. An inbox's number is its subscription's id.
pub(super) struct NatsDecoder;

/// What a `MSG` or `HMSG` line says.
struct Header {
    inbox: u64,
    token: Option<u64>,
    /// Where in the line the reply subject stands.
    reply: std::ops::Range<usize>,
    headers_bytes: usize,
    total_bytes: usize,
}

impl Decoder for NatsDecoder {
    type Message = Message;

    fn decode(
        &mut self,
        bytes: &mut BytesMut,
        outbox: &Outbox,
        deliver: &mut dyn FnMut(u64, Message),
    ) -> Result<(), RequestError> {
        while let Some(end) = bytes.iter().position(|&byte| byte == b'\n') {
            let line = &bytes[..end];
            let begin = end + 1;
            if line.starts_with(b"MSG ") || line.starts_with(b"HMSG ") {
                let header = Header::parse(line)
                    .ok_or_else(|| RequestError::new("the server's message is not readable"))?;
                if bytes.len() < begin + header.total_bytes + 2 {
                    return Ok(());
                }
                let whole = bytes.split_to(begin + header.total_bytes + 2).freeze();
                let payload = begin + header.headers_bytes;
                let status = status(&whole[begin..payload]);
                let payload = whole.slice(payload..begin + header.total_bytes);
                let reply = whole.slice(header.reply);
                deliver(header.inbox, Message { token: header.token, status, reply, payload });
                continue;
            }
            if line.starts_with(b"PING") {
                outbox.push(|out| out.extend_from_slice(b"PONG\r\n"));
            } else if line.starts_with(b"-ERR") {
                return Err(RequestError::new(String::from_utf8_lossy(line.trim_ascii_end())));
            }
            // `INFO`, `PONG` and `+OK` tell nothing that we need.
            let _ = bytes.split_to(begin);
        }
        Ok(())
    }
}

impl Header {
    /// `MSG subject inbox [reply] total` or `HMSG subject inbox [reply] headers total`.
    fn parse(line: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(line).ok()?.trim_ascii_end();
        let mut parts = text.split(' ');
        let has_headers = parts.next()? == "HMSG";
        let subject = parts.next()?;
        let inbox = parts.next()?.parse().ok()?;
        let rest: Vec<&str> = parts.collect();
        let numbers = 1 + usize::from(has_headers);
        let (reply, sizes) = rest.split_at_checked(rest.len().checked_sub(numbers)?)?;
        let reply = match reply {
            [] => 0..0,
            [reply] => {
                let begin = reply.as_ptr() as usize - text.as_ptr() as usize;
                begin..begin + reply.len()
            }
            _ => return None,
        };
        let total_bytes = sizes.last()?.parse().ok()?;
        let headers_bytes = if has_headers { sizes[0].parse().ok()? } else { 0 };
        let token = subject.rsplit('.').next().and_then(|last| last.parse().ok());
        (headers_bytes <= total_bytes).then_some(Self {
            inbox,
            token,
            reply,
            headers_bytes,
            total_bytes,
        })
    }
}

/// The status in `NATS/1.0 404 No Messages`.
fn status(headers: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(headers.get(..12)?).ok()?;
    text.strip_prefix("NATS/1.0 ")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(bytes: &mut BytesMut) -> Vec<(u64, Message)> {
        let mut messages = Vec::new();
        let outbox = Outbox::default();
        let mut deliver = |inbox, message| messages.push((inbox, message));
        NatsDecoder.decode(bytes, &outbox, &mut deliver).expect("the stream is well-formed");
        messages
    }

    fn message(token: Option<u64>, status: Option<u16>, reply: &str, payload: &str) -> Message {
        let (reply, payload) = (reply.to_owned().into(), payload.to_owned().into());
        Message { token, status, reply, payload }
    }

    #[test]
    fn messages_come_out_whole_however_they_are_cut() {
        let stream = b"INFO {}\r\nMSG _INBOX.a.7 3 2\r\nok\r\nPING\r\n\
            MSG q 4 $JS.ACK.1 5\r\na\r\nbc\r\nHMSG _INBOX.b 4 30 30\r\n\
            NATS/1.0 408 Request Timeout\r\n\r\n";
        let expected = [
            (3, message(Some(7), None, "", "ok")),
            (4, message(None, None, "$JS.ACK.1", "a\r\nbc")),
        ];
        for cut in 0..stream.len() {
            let mut bytes = BytesMut::from(&stream[..cut]);
            let mut messages = decode(&mut bytes);
            bytes.extend_from_slice(&stream[cut..]);
            messages.extend(decode(&mut bytes));
            assert_eq!(messages[..2], expected, "cut at {cut}");
            assert_eq!(messages[2].1.status, Some(408), "cut at {cut}");
            assert_eq!((messages.len(), bytes.len()), (3, 0), "cut at {cut}");
        }
    }

    #[test]
    fn an_error_of_the_server_ends_the_link() {
        let mut bytes = BytesMut::from(&b"-ERR 'Slow Consumer'\r\n"[..]);
        let ended = NatsDecoder.decode(&mut bytes, &Outbox::default(), &mut |_, _| {});
        assert!(ended.expect_err("it ends").to_string().contains("Slow Consumer"));
    }
}
