//! What the other end of a connection with a layer says for it, whatever the layer is: `secret.rs` and
//! `tls.rs` have one each.

use std::io;

/// What goes below a layer.
pub(super) trait Below {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize>;

    /// Ends the direction to the peer.
    fn finish(&mut self) -> io::Result<()>;
}

/// The other end of a layer. Nothing here blocks.
pub(super) trait Speech: Send {
    /// Goes on with the greeting. Returns true if both ends have greeted.
    fn greet(&mut self, below: &mut dyn Below) -> io::Result<bool>;

    fn read(&mut self, below: &mut dyn Below, buffer: &mut [u8]) -> io::Result<usize>;

    /// Writes, if nothing is held back.
    fn write(&mut self, below: &mut dyn Below, bytes: &[u8]) -> io::Result<usize>;

    /// Ends the direction to the other end, when all is said.
    fn finish(&mut self, below: &mut dyn Below) -> io::Result<()>;

    /// Sends what is held back, as far as there is room.
    fn send(&mut self, below: &mut dyn Below) -> io::Result<()>;

    fn holds_back(&self) -> bool;

    /// Says nothing any more: the connection is gone.
    fn forget(&mut self);
}
