//! The policies for `ready_read`.

/// When `ready_read` is emitted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReadyReadPolicy {
    /// When new bytes have come, but not again for bytes that a slot left unread. As in Qt.
    #[default]
    NewBytes,
    /// Also in a later pass of the loop, if a slot has read some bytes and left others: a slot that
    /// reads one message in each call is called until no message is left. A slot that reads nothing
    /// is called again only when new bytes have come.
    WhileUnread,
}
