//! `Interest`: what a wait for an engine waits for.

/// What a wait for an engine waits for. Every wait also ends at the end of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// The wait ends when there is something to read.
    pub to_read: bool,
    /// The wait ends when there is room to write.
    pub to_write: bool,
}
