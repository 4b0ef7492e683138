//! What one end of a connection says: bytes of which each tells its place.

/// One message of so many is a large one, which no buffer on its way has room for.
const LARGE_ONE_OF: u64 = 256;

const LARGE: usize = 256 * 1024;

/// All others are shorter than this power of two.
const POWER: u64 = 15;

/// The bytes of one connection, from the first on.
///
/// Each follows from the seed, the connection and its place, so that the receiver knows what must
/// come, and a byte that is lost, doubled, swapped or another connection's is noticed.
#[derive(Clone, Debug)]
pub(crate) struct Stream {
    key: u64,
    position: u64,
    /// What is left of the eight bytes in which the position lies.
    word: u64,
}

impl Stream {
    /// The stream of the connection with this number.
    pub(crate) fn new(seed: u64, number: usize) -> Self {
        Self { key: mix(mix(seed) ^ number as u64), position: 0, word: 0 }
    }

    /// How many bytes have passed.
    pub(crate) fn position(&self) -> u64 {
        self.position
    }

    /// The length of the message that begins here. Any number of binary digits is as likely as
    /// another.
    pub(crate) fn message_length(&self) -> usize {
        let random = mix(!self.key ^ self.position);
        if random.is_multiple_of(LARGE_ONE_OF) {
            return LARGE;
        }
        let power = 1 << ((random >> 16) % POWER);
        (power + (random >> 32) % power) as usize
    }

    /// Fills a piece with the bytes that are next.
    pub(crate) fn fill(&mut self, piece: &mut [u8]) {
        piece.fill_with(|| self.next());
    }

    /// Passes over bytes that came, and counts those that are not the ones that are next.
    pub(crate) fn count_wrong(&mut self, came: &[u8]) -> u64 {
        came.iter().map(|&byte| u64::from(byte != self.next())).sum()
    }

    fn next(&mut self) -> u8 {
        if self.position.is_multiple_of(8) {
            self.word = mix(self.key ^ self.position);
        }
        self.position += 1;
        let byte = self.word as u8;
        self.word >>= 8;
        byte
    }
}

/// Spreads each bit over all others: the last steps of splitmix64.
fn mix(bits: u64) -> u64 {
    let bits = bits.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}
