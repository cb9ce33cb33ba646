use std::collections::HashMap;

use bytes::{Buf, Bytes, BytesMut};
use ferry_bench::RequestError;

use super::frames::{
    BASIC_ACK, BASIC_DELIVER, BASIC_NACK, CONNECTION_CLOSE, FRAME_BODY, FRAME_END, FRAME_HEADER,
    FRAME_METHOD, Method,
};
use crate::link::Decoder;
use crate::outbox::Outbox;

/// Bytes of a frame before and after its payload.
const FRAME_HEAD_BYTES: usize = 7;
const FRAME_TAIL_BYTES: usize = 1;

/// What came to a channel.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Event {
    /// A publish was confirmed or refused, with all earlier ones if `multiple`.
    Confirmed { tag: u64, multiple: bool, is_stored: bool },
    /// A message.
    Delivered { tag: u64, body: Bytes },
    /// Any other method.
    Method { method: Method, arguments: Bytes },
}

/// A frame.
pub(super) struct Frame {
    pub(super) kind: u8,
    pub(super) channel: u16,
    pub(super) payload: Bytes,
}

/// Reads AMQP 0-9-1. An inbox's number is its channel's.
#[derive(Default)]
pub(super) struct AmqpDecoder {
    /// Messages whose frames have not all come.
    partial: HashMap<u16, Partial>,
}

struct Partial {
    tag: u64,
    left: usize,
    body: BytesMut,
}

impl Frame {
    /// Takes a frame off the front, if it is whole.
    pub(super) fn take(bytes: &mut BytesMut) -> Result<Option<Self>, RequestError> {
        if bytes.len() < FRAME_HEAD_BYTES {
            return Ok(None);
        }
        let mut head = &bytes[..FRAME_HEAD_BYTES];
        let (kind, channel, size) = (head.get_u8(), head.get_u16(), head.get_u32() as usize);
        if bytes.len() < FRAME_HEAD_BYTES + size + FRAME_TAIL_BYTES {
            return Ok(None);
        }
        bytes.advance(FRAME_HEAD_BYTES);
        let payload = bytes.split_to(size).freeze();
        if bytes.get_u8() != FRAME_END {
            return Err(RequestError::new("the server's frame is not readable"));
        }
        Ok(Some(Self { kind, channel, payload }))
    }

    /// The method in a method frame, and its arguments.
    pub(super) fn method(mut self) -> Result<(Method, Bytes), RequestError> {
        if self.kind != FRAME_METHOD || self.payload.len() < 4 {
            return Err(RequestError::new("the server's frame is no method"));
        }
        let method = (self.payload.get_u16(), self.payload.get_u16());
        Ok((method, self.payload))
    }
}

impl Decoder for AmqpDecoder {
    type Message = Event;

    fn decode(
        &mut self,
        bytes: &mut BytesMut,
        _outbox: &Outbox,
        deliver: &mut dyn FnMut(u64, Event),
    ) -> Result<(), RequestError> {
        while let Some(frame) = Frame::take(bytes)? {
            let channel = frame.channel;
            let event = match frame.kind {
                FRAME_METHOD => self.method(frame)?,
                FRAME_HEADER => self.header(channel, &frame.payload)?,
                FRAME_BODY => self.body(channel, frame.payload),
                // Heartbeats are switched off, and nothing else is left.
                _ => None,
            };
            if let Some(event) = event {
                deliver(u64::from(channel), event);
            }
        }
        Ok(())
    }
}

impl AmqpDecoder {
    fn method(&mut self, frame: Frame) -> Result<Option<Event>, RequestError> {
        let channel = frame.channel;
        let (method, mut arguments) = frame.method()?;
        let short = || RequestError::new("the server's method is too short");
        let event = match method {
            BASIC_DELIVER => {
                let consumer_bytes = usize::from(*arguments.first().ok_or_else(short)?);
                if arguments.len() < 1 + consumer_bytes + 8 {
                    return Err(short());
                }
                arguments.advance(1 + consumer_bytes);
                let tag = arguments.get_u64();
                self.partial.insert(channel, Partial { tag, left: 0, body: BytesMut::new() });
                return Ok(None);
            }
            BASIC_ACK | BASIC_NACK => {
                let tag = arguments.try_get_u64().map_err(|_| short())?;
                let bits = arguments.try_get_u8().map_err(|_| short())?;
                Event::Confirmed { tag, multiple: bits & 1 == 1, is_stored: method == BASIC_ACK }
            }
            CONNECTION_CLOSE => return Err(closing(arguments)),
            method => Event::Method { method, arguments },
        };
        Ok(Some(event))
    }

    /// Class, weight, and the size of the body; the properties do not matter.
    fn header(&mut self, channel: u16, payload: &Bytes) -> Result<Option<Event>, RequestError> {
        let size = payload.get(4..12).map(|mut size| size.get_u64());
        let size = size.ok_or_else(|| RequestError::new("the server's header is too short"))?;
        let Some(partial) = self.partial.get_mut(&channel) else { return Ok(None) };
        partial.left = usize::try_from(size).expect("64 bits");
        Ok(if size == 0 { self.body(channel, Bytes::new()) } else { None })
    }

    fn body(&mut self, channel: u16, part: Bytes) -> Option<Event> {
        let partial = self.partial.get_mut(&channel)?;
        partial.left = partial.left.saturating_sub(part.len());
        if partial.left > 0 {
            partial.body.extend_from_slice(&part);
            return None;
        }
        let Partial { tag, mut body, .. } = self.partial.remove(&channel)?;
        if body.is_empty() {
            return Some(Event::Delivered { tag, body: part });
        }
        body.extend_from_slice(&part);
        Some(Event::Delivered { tag, body: body.freeze() })
    }
}

/// Why the server closes a channel or a connection: a code and a text.
pub(super) fn closing(mut arguments: Bytes) -> RequestError {
    let code = arguments.try_get_u16().unwrap_or_default();
    let text = arguments.get(1..).unwrap_or_default();
    let text_bytes = usize::from(arguments.first().copied().unwrap_or_default());
    let text = String::from_utf8_lossy(&text[..text_bytes.min(text.len())]);
    RequestError::new(format!("RabbitMQ closed: {code} {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rabbitmq::frames::{Arguments, put_ack, put_method, put_publish};

    /// What a server sends: the same frames as a publish, but after a `deliver`.
    fn stream() -> Vec<u8> {
        let mut publish = Vec::new();
        put_publish(&mut publish, 5, "q", Some("key"), b"the body");
        let method = FRAME_HEAD_BYTES + 4 + 2 + 1 + 2 + 1 + FRAME_TAIL_BYTES;
        let mut stream = Vec::new();
        let arguments = Arguments::default().name("c").long(0).long(9).byte(0).name("").name("q");
        put_method(&mut stream, 5, BASIC_DELIVER, &arguments);
        stream.extend_from_slice(&publish[method..]);
        put_ack(&mut stream, 7, 12, true);
        stream
    }

    #[test]
    fn events_come_out_whole_however_they_are_cut() {
        let stream = stream();
        let expected = [
            (5, Event::Delivered { tag: 9, body: "the body".into() }),
            (7, Event::Confirmed { tag: 12, multiple: true, is_stored: true }),
        ];
        for cut in 0..stream.len() {
            let mut decoder = AmqpDecoder::default();
            let mut events = Vec::new();
            let mut bytes = BytesMut::from(&stream[..cut]);
            for rest in [&stream[cut..], b""] {
                let mut deliver = |channel, event| events.push((channel, event));
                let decoded = decoder.decode(&mut bytes, &Outbox::default(), &mut deliver);
                decoded.expect("the stream is well-formed");
                bytes.extend_from_slice(rest);
            }
            assert_eq!(events, expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_server_that_closes_says_why() {
        let mut stream = Vec::new();
        let arguments = Arguments::default().short(320).name("going down").short(0).short(0);
        put_method(&mut stream, 0, CONNECTION_CLOSE, &arguments);
        let mut bytes = BytesMut::from(&stream[..]);
        let ended = AmqpDecoder::default().decode(&mut bytes, &Outbox::default(), &mut |_, _| {});
        let words = ended.expect_err("it ends").to_string();
        assert_eq!(words, "RabbitMQ closed: 320 going down");
    }
}
