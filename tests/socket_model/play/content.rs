//! Contents: what the bytes of a stream are, so that each tells where it belongs.

/// A stream of bytes that nobody else sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Content(u64);

impl Content {
    /// What the application sends on its connection of this number.
    pub(crate) fn of_application(connection: usize) -> Self {
        Self(2 * connection as u64)
    }

    /// What a peer sends on the connection of this port.
    pub(crate) fn of_peer(port: u16) -> Self {
        Self(2 * u64::from(port) + 1)
    }

    /// What a program is made of that a number names.
    pub(crate) fn of_seed(seed: u64) -> Self {
        Self(!seed)
    }

    /// The bytes from a place on.
    pub(crate) fn bytes(self, start: u64, count: usize) -> Vec<u8> {
        let first = (start % 8) as usize;
        let blocks = (first + count).div_ceil(8);
        let mut bytes = Vec::with_capacity(8 * blocks);
        for block in (start / 8..).take(blocks) {
            bytes.extend_from_slice(&self.block(block));
        }
        bytes.drain(..first);
        bytes.truncate(count);
        bytes
    }

    /// Says at which place something is that does not belong there, if anything is.
    pub(crate) fn first_fault(self, start: u64, bytes: &[u8]) -> Option<u64> {
        let due = self.bytes(start, bytes.len());
        let fault = due.iter().zip(bytes).position(|(due, came)| due != came);
        fault.map(|fault| start + fault as u64)
    }

    fn block(self, number: u64) -> [u8; 8] {
        // The finish of SplitMix64, which leaves no two blocks alike.
        let mut block = self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(number);
        block = (block ^ (block >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        block = (block ^ (block >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (block ^ (block >> 31)).to_le_bytes()
    }
}
