use bytes::{BufMut, Bytes, BytesMut};

/// What a worker took and has not settled yet: the items of its next settle list, as JSON.
#[derive(Default)]
pub(super) struct Settlements(BytesMut);

impl Settlements {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Has a lease acked with the next list.
    pub(super) fn ack(&mut self, lease: &str) {
        if !self.is_empty() {
            self.0.put_u8(b',');
        }
        self.0.put_slice(b"{\"lease\":\"");
        self.0.put_slice(lease.as_bytes());
        self.0.put_slice(b"\",\"action\":\"ack\"}");
    }

    /// The body of a request, which begins with `{` and these fields if there are any.
    pub(super) fn body(&self, fields: &str) -> Bytes {
        let mut body = BytesMut::with_capacity(fields.len() + self.0.len() + 16);
        body.put_u8(b'{');
        body.put_slice(fields.as_bytes());
        body.put_slice(b"\"settle\":[");
        body.put_slice(&self.0);
        body.put_slice(b"]}");
        body.freeze()
    }
}
