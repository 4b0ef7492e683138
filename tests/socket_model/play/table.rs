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

#[cfg(test)]
mod tests {
    use super::*;

    /// What happens, in the book's words.
    fn words(cause: Cause) -> &'static str {
        match cause {
            Cause::Bind => "`bind`",
            Cause::BindFails => "`bind` fails",
            Cause::ConnectToName => "`connect_to_host` by name",
            Cause::ConnectToAddress => "`connect_to_host` by address",
            Cause::Found => "the addresses are known",
            Cause::Failed => "there is none, none is left, or the time is over",
            Cause::Established => "the connection stands",
            Cause::Disconnect => "`disconnect_from_host`, all is sent",
            Cause::DisconnectUnsent => "`disconnect_from_host`, something is not sent",
            Cause::Lost => "the peer has closed, or the connection broke",
            Cause::PeerFinished => "the peer has closed its end, half-open allowed",
            Cause::BeginsToClose => "step: begin to close",
            Cause::IsClosed => "step: closed, when all is sent",
            Cause::Abort => "`abort`",
            Cause::Complaint => "a datagram was refused, or the time of a wait is over",
        }
    }

    fn line(row: &Row) -> String {
        let from: Vec<String> = row.from.iter().map(|state| format!("{state:?}")).collect();
        let says = row.says.iter().map(|say| match say {
            State(state) => format!("`state_changed({state:?})`"),
            HostFound => "`host_found`".to_owned(),
            Say::Connected => "`connected`".to_owned(),
            Error => "`error_occurred`".to_owned(),
            AboutToClose => "`about_to_close`".to_owned(),
            ReadFinished => "`read_channel_finished`".to_owned(),
            Disconnected => "`disconnected`".to_owned(),
        });
        let says: Vec<String> = says.collect();
        let then = match row.then {
            None => "",
            Some(Step::Resolved) => "the addresses are known",
            Some(Step::Try) => "try the next address",
            Some(Step::Begin) => "begin to read and write, or `disconnect_from_host`",
            Some(Step::Close) => "close the device",
            Some(Step::Closing) => "begin to close",
            Some(Step::Closed) => "closed",
        };
        format!("| {} | {} | {} | {then} |", from.join(", "), words(row.on), says.join(", "))
    }

    #[test]
    fn the_book_has_the_same_table() {
        let book = include_str!("../../../book/src/model.md");
        let lines: Vec<String> = TABLE.iter().map(line).collect();
        assert!(book.contains(&lines.join("\n")), "the book is to have\n{}", lines.join("\n"));
    }

    #[test]
    fn the_table_has_one_row_for_each_cause_in_a_state() {
        for (place, row) in TABLE.iter().enumerate() {
            for other in &TABLE[place + 1..] {
                let overlap = row.from.iter().any(|state| other.from.contains(state));
                assert!(row.on != other.on || !overlap, "{:?} has two rows", row.on);
            }
        }
    }

    #[test]
    fn every_state_of_the_table_is_reached_and_left() {
        let reached = |state| TABLE.iter().any(|row| row.says.contains(&State(state)));
        for state in [Unconnected, HostLookup, Connecting, Connected, Bound, Closing] {
            assert!(reached(state), "{state:?} is reached");
            let leaves = |say: &Say| matches!(say, State(to) if *to != state);
            let left = |row: &Row| row.from.contains(&state) && row.says.iter().any(leaves);
            assert!(TABLE.iter().any(left), "{state:?} is left");
        }
    }
}
