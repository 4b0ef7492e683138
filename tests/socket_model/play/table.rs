//! The table of transitions: what is said, in which order, when something happens to a socket.
//!
//! It is the table of the library's `net/socket/mod.rs` and of the book's page on the model. The
//! model moves by these rows alone, so whatever a socket says must follow from one of them.

use slotwire::SocketState::{self, Bound, Closing, Connected, Connecting, HostLookup, Unconnected};

/// What happens to a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// `bind` was called and found an address.
    Bind,
    /// `bind` was called and failed.
    BindFails,
    /// `connect_to_host` was called with a name, or with an address.
    ConnectToName,
    ConnectToAddress,
    /// The peer's addresses are known.
    Found,
    /// There are none, none is left, or the time is over.
    Failed,
    Established,
    /// `disconnect_from_host` was called, and all is sent, or something is not.
    Disconnect,
    DisconnectUnsent,
    /// The connection is gone: the peer has closed it, or it broke.
    Lost,
    /// The peer has closed its end, and ours stays open.
    PeerFinished,
    /// A step: the socket begins to close, and is closed.
    BeginsToClose,
    IsClosed,
    Abort,
    /// The network has refused a datagram, or the time of a wait is over.
    Complaint,
}

/// What a socket says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Say {
    State(SocketState),
    HostFound,
    Connected,
    Error,
    /// If the device is open and that was not said.
    AboutToClose,
    /// If that was not said.
    ReadFinished,
    Disconnected,
}

/// What follows when all of that was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// The addresses are known: [`Cause::Found`].
    Resolved,
    /// The next address is tried, which may fail at once.
    Try,
    /// Reading and writing begin, or the socket is closed if that was asked for meanwhile.
    Begin,
    /// The device is closed.
    Close,
    /// [`Cause::BeginsToClose`], [`Cause::IsClosed`].
    Closing,
    Closed,
}

/// A row of the table.
pub(crate) struct Row {
    pub(crate) from: &'static [SocketState],
    pub(crate) on: Cause,
    pub(crate) says: &'static [Say],
    pub(crate) then: Option<Step>,
}

const fn row(
    from: &'static [SocketState],
    on: Cause,
    says: &'static [Say],
    then: Option<Step>,
) -> Row {
    Row { from, on, says, then }
}

use Say::{AboutToClose, Disconnected, Error, HostFound, ReadFinished, State};

/// All that there is.
#[rustfmt::skip]
pub(crate) const TABLE: &[Row] = &[
    row(&[Unconnected], Cause::Bind, &[State(Bound)], None),
    row(&[Unconnected, HostLookup, Connecting, Connected, Bound, Closing], Cause::BindFails,
        &[Error], None),
    row(&[Unconnected, Bound], Cause::ConnectToName, &[State(HostLookup)], None),
    row(&[Unconnected, Bound], Cause::ConnectToAddress, &[State(HostLookup)], Some(Step::Resolved)),
    row(&[HostLookup, Connecting, Connected, Closing], Cause::ConnectToName, &[Error], None),
    row(&[HostLookup, Connecting, Connected, Closing], Cause::ConnectToAddress, &[Error], None),
    row(&[HostLookup], Cause::Found, &[State(Connecting), HostFound], Some(Step::Try)),
    row(&[HostLookup, Connecting], Cause::Failed, &[State(Unconnected), Error], None),
    row(&[Connecting], Cause::Established, &[State(Connected), Say::Connected], Some(Step::Begin)),
    row(&[Connected], Cause::PeerFinished, &[ReadFinished], None),
    row(&[Connected], Cause::Lost, &[Error], Some(Step::Closing)),
    row(&[Closing], Cause::Lost, &[Error], Some(Step::Closed)),
    row(&[Connected, Bound], Cause::Disconnect, &[State(Closing)], Some(Step::Closed)),
    row(&[Connected], Cause::DisconnectUnsent, &[State(Closing)], None),
    row(&[Connected], Cause::BeginsToClose, &[State(Closing)], Some(Step::Closed)),
    row(&[Closing], Cause::IsClosed, &[State(Unconnected), ReadFinished, Disconnected], None),
    row(&[HostLookup, Connecting, Bound], Cause::Abort,
        &[AboutToClose, State(Unconnected), ReadFinished], None),
    row(&[Connected, Closing], Cause::Abort,
        &[AboutToClose, State(Unconnected), ReadFinished, Disconnected], None),
    row(&[HostLookup, Connecting, Connected, Bound, Closing], Cause::Complaint, &[Error], None),
];

/// The row for what happens in a state, if that can happen there.
pub(crate) fn row_for(state: SocketState, on: Cause) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.on == on && row.from.contains(&state))
}
