//! `Interest`: what somebody waits for at an engine.

/// What an engine is waited for, beside its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interest {
    /// The engine is waited for until there is something to read.
    pub to_read: bool,
    /// The engine is waited for until there is room to write.
    pub to_write: bool,
}
