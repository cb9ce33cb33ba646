use std::net::TcpListener;

/// Ports in a block: the first is the guard, then seven for HTTP, then eight for peers.
const BLOCK: u16 = 16;
/// Blocks lie below the range from which the kernel gives ports to outgoing connections, so that
/// none of those takes the port of a node that is down for a moment.
const FIRST: u16 = 12_000;
const BLOCKS: u16 = 1_000;

/// A block of loopback ports that no other test uses while this value lives.
pub struct Ports {
    base: u16,
    _guard: TcpListener,
}

impl Ports {
    /// The largest number of nodes that a block has ports for.
    pub const NODES_MAX: u64 = 7;

    /// Takes a free block.
    ///
    /// # Panics
    /// If all are taken.
    pub fn take() -> Self {
        let (base, guard) = claim(FIRST, BLOCK, BLOCKS, |base| (base + 1..base + BLOCK).collect());
        Self { base, _guard: guard }
    }

    /// Where node `id`, from 1, serves HTTP.
    ///
    /// # Panics
    /// If `id` is beyond the block.
    pub fn http(&self, id: u64) -> String {
        format!("127.0.0.1:{}", self.base + slot(id))
    }

    /// Where node `id`, from 1, listens for the other nodes.
    ///
    /// # Panics
    /// If `id` is beyond the block.
    pub fn peer(&self, id: u64) -> String {
        format!("127.0.0.1:{}", self.base + BLOCK / 2 + slot(id) - 1)
    }
}

/// The ports of a `ferry dev` of up to seven nodes, whose layout is the command's own.
pub(crate) struct DevPorts {
    /// The first HTTP port.
    pub(crate) http: u16,
    _guard: TcpListener,
}

impl DevPorts {
    pub(crate) fn take() -> Self {
        // HTTP from the first port, peers from 100 above it; the guard stands before both.
        let ports = |base| (base + 1..base + 8).chain(base + 101..base + 108).collect();
        let (base, guard) = claim(FIRST + BLOCK * BLOCKS, 128, 32, ports);
        Self { http: base + 1, _guard: guard }
    }
}

/// Finds a block whose first port can be held as a guard and whose `wanted` ports are free.
fn claim(first: u16, size: u16, blocks: u16, wanted: fn(u16) -> Vec<u16>) -> (u16, TcpListener) {
    // Test processes start at different blocks; the guard decides if two meet.
    let start = (std::process::id().wrapping_mul(7) % u32::from(blocks)) as u16;
    for step in 0..blocks {
        let base = first + ((start + step) % blocks) * size;
        let Ok(guard) = TcpListener::bind(("127.0.0.1", base)) else { continue };
        let is_free = |&port: &u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
        if wanted(base).iter().all(is_free) {
            return (base, guard);
        }
    }
    panic!("no block of free ports");
}

fn slot(id: u64) -> u16 {
    assert!((1..=Ports::NODES_MAX).contains(&id), "a block has no port for node {id}");
    u16::try_from(id).expect("at most seven")
}
