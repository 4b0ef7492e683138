//! Names: how Qt calls what the library calls otherwise.

use slotwire::{ConnectionType, OpenMode, SocketError, SocketState, TimerType};

/// `ConnectedState` for `Connected`.
pub(crate) fn state(state: SocketState) -> String {
    format!("{state:?}State")
}

/// `NetworkError` for `Network`. Qt has a member for "no error yet" as well as "unknown".
pub(crate) fn error(error: Option<SocketError>) -> String {
    match error {
        None | Some(SocketError::Unknown) => "UnknownSocketError".to_owned(),
        Some(error) => format!("{error:?}Error"),
    }
}

/// `CoarseTimer` for `Coarse`.
pub(crate) fn timer_type(timer_type: TimerType) -> String {
    format!("{timer_type:?}Timer")
}

/// The timer type of this name.
pub(crate) fn to_timer_type(name: &str) -> Option<TimerType> {
    [TimerType::Precise, TimerType::Coarse, TimerType::VeryCoarse]
        .into_iter()
        .find(|&known| timer_type(known) == name)
}

/// All error names and what they stand for.
pub(crate) fn to_error(name: &str) -> Option<SocketError> {
    const ALL: [SocketError; 13] = [
        SocketError::ConnectionRefused,
        SocketError::RemoteHostClosed,
        SocketError::HostNotFound,
        SocketError::SocketAccess,
        SocketError::SocketResource,
        SocketError::SocketTimeout,
        SocketError::DatagramTooLarge,
        SocketError::Network,
        SocketError::AddressInUse,
        SocketError::SocketAddressNotAvailable,
        SocketError::UnsupportedSocketOperation,
        SocketError::Operation,
        SocketError::Unknown,
    ];
    ALL.into_iter().find(|&known| error(Some(known)) == name)
}

/// The state of this name.
pub(crate) fn to_state(name: &str) -> Option<SocketState> {
    const ALL: [SocketState; 7] = [
        SocketState::Unconnected,
        SocketState::HostLookup,
        SocketState::Connecting,
        SocketState::Connected,
        SocketState::Bound,
        SocketState::Listening,
        SocketState::Closing,
    ];
    ALL.into_iter().find(|&known| state(known) == name)
}

/// The open mode's parts, joined by `|` in the order that traces have.
pub(crate) fn open_mode(mode: OpenMode) -> String {
    let directions = if mode.contains(OpenMode::READ_WRITE) {
        "ReadWrite"
    } else if mode.contains(OpenMode::READ_ONLY) {
        "ReadOnly"
    } else if mode.contains(OpenMode::WRITE_ONLY) {
        "WriteOnly"
    } else {
        return "NotOpen".to_owned();
    };
    directions.to_owned()
}

/// The kind of connection that `Queued|Unique` and the like stand for.
pub(crate) fn to_connection_type(name: Option<&str>) -> Option<ConnectionType> {
    name.unwrap_or("Auto").split('|').try_fold(ConnectionType::DIRECT, |kind, part| {
        Some(kind | match part {
            "Auto" | "Direct" => ConnectionType::DIRECT,
            "Queued" => ConnectionType::QUEUED,
            "Unique" => ConnectionType::UNIQUE,
            "SingleShot" => ConnectionType::SINGLE_SHOT,
            _ => return None,
        })
    })
}
