/// A method of AMQP 0-9-1: its class and its number in it.
pub(super) type Method = (u16, u16);

pub(super) const CONNECTION_START: Method = (10, 10);
pub(super) const CONNECTION_START_OK: Method = (10, 11);
pub(super) const CONNECTION_TUNE: Method = (10, 30);
pub(super) const CONNECTION_TUNE_OK: Method = (10, 31);
pub(super) const CONNECTION_OPEN: Method = (10, 40);
pub(super) const CONNECTION_OPEN_OK: Method = (10, 41);
pub(super) const CONNECTION_CLOSE: Method = (10, 50);
pub(super) const CHANNEL_OPEN: Method = (20, 10);
pub(super) const CHANNEL_OPEN_OK: Method = (20, 11);
pub(super) const CHANNEL_CLOSE: Method = (20, 40);
pub(super) const CHANNEL_CLOSE_OK: Method = (20, 41);
pub(super) const QUEUE_DECLARE: Method = (50, 10);
pub(super) const QUEUE_DECLARE_OK: Method = (50, 11);
pub(super) const QUEUE_DELETE: Method = (50, 40);
pub(super) const QUEUE_DELETE_OK: Method = (50, 41);
pub(super) const BASIC_QOS: Method = (60, 10);
pub(super) const BASIC_QOS_OK: Method = (60, 11);
pub(super) const BASIC_CONSUME: Method = (60, 20);
pub(super) const BASIC_CONSUME_OK: Method = (60, 21);
pub(super) const BASIC_PUBLISH: Method = (60, 40);
pub(super) const BASIC_DELIVER: Method = (60, 60);
pub(super) const BASIC_ACK: Method = (60, 80);
pub(super) const BASIC_NACK: Method = (60, 120);
pub(super) const CONFIRM_SELECT: Method = (85, 10);
pub(super) const CONFIRM_SELECT_OK: Method = (85, 11);

pub(super) const FRAME_METHOD: u8 = 1;
pub(super) const FRAME_HEADER: u8 = 2;
pub(super) const FRAME_BODY: u8 = 3;
/// The byte that ends a frame.
pub(super) const FRAME_END: u8 = 0xCE;

/// The flags of a message's header that say which properties follow.
const HAS_DELIVERY_MODE: u16 = 1 << 12;
const HAS_MESSAGE_ID: u16 = 1 << 7;
const PERSISTENT: u8 = 2;

/// The arguments of a method.
#[derive(Default)]
pub(super) struct Arguments(Vec<u8>);

impl Arguments {
    pub(super) fn byte(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    pub(super) fn short(mut self, value: u16) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    pub(super) fn long(mut self, value: u32) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// A text of up to 255 bytes.
    pub(super) fn name(mut self, text: &str) -> Self {
        self.0.push(u8::try_from(text.len()).expect("names here are short"));
        self.0.extend_from_slice(text.as_bytes());
        self
    }

    /// A text of any length.
    pub(super) fn text(self, text: &str) -> Self {
        let mut with_length = self.long(length(text.len()));
        with_length.0.extend_from_slice(text.as_bytes());
        with_length
    }

    /// A table of texts and numbers.
    pub(super) fn table(self, texts: &[(&str, &str)], numbers: &[(&str, u32)]) -> Self {
        let mut table = Self::default();
        for (name, text) in texts {
            table = table.name(name).byte(b'S').text(text);
        }
        for (name, number) in numbers {
            table = table.name(name).byte(b'I').long(*number);
        }
        let mut with_length = self.long(length(table.0.len()));
        with_length.0.extend_from_slice(&table.0);
        with_length
    }
}

/// Writes a method.
pub(super) fn put_method(
    out: &mut Vec<u8>,
    channel: u16,
    (class, method): Method,
    arguments: &Arguments,
) {
    put_frame(out, FRAME_METHOD, channel, |out| {
        out.extend_from_slice(&class.to_be_bytes());
        out.extend_from_slice(&method.to_be_bytes());
        out.extend_from_slice(&arguments.0);
    });
}

/// Writes a persistent message for a queue: three frames.
pub(super) fn put_publish(
    out: &mut Vec<u8>,
    channel: u16,
    queue: &str,
    id: Option<&str>,
    body: &[u8],
) {
    // To the default exchange, which routes by the queue's name.
    let arguments = Arguments::default().short(0).name("").name(queue).byte(0);
    put_method(out, channel, BASIC_PUBLISH, &arguments);
    put_frame(out, FRAME_HEADER, channel, |out| {
        out.extend_from_slice(&BASIC_PUBLISH.0.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&(body.len() as u64).to_be_bytes());
        let flags = HAS_DELIVERY_MODE | if id.is_some() { HAS_MESSAGE_ID } else { 0 };
        out.extend_from_slice(&flags.to_be_bytes());
        out.push(PERSISTENT);
        if let Some(id) = id {
            out.extend_from_slice(&Arguments::default().name(id).0);
        }
    });
    put_frame(out, FRAME_BODY, channel, |out| out.extend_from_slice(body));
}

/// Writes the acknowledgement of a delivery, and of all earlier ones too if `multiple`.
pub(super) fn put_ack(out: &mut Vec<u8>, channel: u16, tag: u64, multiple: bool) {
    put_frame(out, FRAME_METHOD, channel, |out| {
        out.extend_from_slice(&BASIC_ACK.0.to_be_bytes());
        out.extend_from_slice(&BASIC_ACK.1.to_be_bytes());
        out.extend_from_slice(&tag.to_be_bytes());
        out.push(u8::from(multiple));
    });
}

fn put_frame(out: &mut Vec<u8>, kind: u8, channel: u16, write: impl FnOnce(&mut Vec<u8>)) {
    out.push(kind);
    out.extend_from_slice(&channel.to_be_bytes());
    let size_at = out.len();
    out.extend_from_slice(&[0; 4]);
    write(out);
    let size = length(out.len() - size_at - 4);
    out[size_at..size_at + 4].copy_from_slice(&size.to_be_bytes());
    out.push(FRAME_END);
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).expect("what we send is small")
}
