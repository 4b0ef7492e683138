//! The table of transitions itself: it is whole, and the book has the same.

use slotwire::SocketState::{Bound, Closing, Connected, Connecting, HostLookup, Unconnected};

use super::play::table::Say::{AboutToClose, Disconnected, Error, HostFound, ReadFinished, State};
use super::play::table::{Cause, Row, Say, Step, TABLE};

/// What happens, in the book's words.
fn words(cause: Cause) -> &'static str {
    match cause {
        Cause::Bind => "`bind`",
        Cause::BindFails => "`bind` fails",
        Cause::ConnectToName => "`connect_to_host` by name",
        Cause::ConnectToAddress => "`connect_to_host` by address",
        Cause::Found => "the addresses are known",
        Cause::Failed => "no address was found, none is left, or the time is over",
        Cause::Established => "the connection is established",
        Cause::Disconnect => "`disconnect_from_host`, all is sent",
        Cause::DisconnectUnsent => "`disconnect_from_host`, something is still to be sent",
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
    let book = include_str!("../../book/src/model.md");
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
