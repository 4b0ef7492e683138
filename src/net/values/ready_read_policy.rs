//! When a socket says that there is something to read.

/// When `ready_read` is emitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadyReadPolicy {
    /// When new bytes have come, and not again for bytes that a slot left unread. As in Qt.
    #[default]
    NewBytes,
    /// Also in a later pass of the loop, if a slot has read something and left something: a slot
    /// that takes one message each time is called until none is left. A slot that reads nothing is
    /// called again only when new bytes have come.
    WhileUnread,
}
