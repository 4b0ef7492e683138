//! Names: how Qt calls what the library calls otherwise.

use slotwire::{
    BindMode, ConnectionType, NetworkLayerProtocol, OpenMode, OptionName, PauseMode, ProxyType,
    SocketError, SocketState, SocketType, TimerType,
};

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

/// The flags of an open mode, as far as they are no directions.
const OPEN_FLAGS: [(OpenMode, &str); 6] = [
    (OpenMode::APPEND, "Append"),
    (OpenMode::TRUNCATE, "Truncate"),
    (OpenMode::TEXT, "Text"),
    (OpenMode::UNBUFFERED, "Unbuffered"),
    (OpenMode::NEW_ONLY, "NewOnly"),
    (OpenMode::EXISTING_ONLY, "ExistingOnly"),
];

/// The directions of an open mode.
const DIRECTIONS: [(OpenMode, &str); 3] = [
    (OpenMode::READ_WRITE, "ReadWrite"),
    (OpenMode::READ_ONLY, "ReadOnly"),
    (OpenMode::WRITE_ONLY, "WriteOnly"),
];

/// The open mode's parts, joined by `|` in the order that traces have.
pub(crate) fn open_mode(mode: OpenMode) -> String {
    let direction = DIRECTIONS.iter().find(|(flag, _)| mode.contains(*flag));
    let flags = OPEN_FLAGS.iter().filter(|(flag, _)| mode.contains(*flag));
    let names: Vec<_> = direction.into_iter().chain(flags).map(|(_, name)| *name).collect();
    if names.is_empty() { "NotOpen".to_owned() } else { names.join("|") }
}

/// The flag of an open mode of this name.
pub(crate) fn to_open_mode(name: &str) -> Option<OpenMode> {
    let mut all = DIRECTIONS.iter().chain(&OPEN_FLAGS);
    all.find(|(_, known)| *known == name)
        .map(|(flag, _)| *flag)
        .or_else(|| (name == "NotOpen").then_some(OpenMode::NOT_OPEN))
}

/// `TcpSocket` for `Tcp`.
pub(crate) fn socket_type(socket_type: SocketType) -> String {
    format!("{socket_type:?}Socket")
}

/// The pause mode's name.
pub(crate) fn pause_mode(mode: PauseMode) -> &'static str {
    if mode.contains(PauseMode::ON_SSL_ERRORS) { "PauseOnSslErrors" } else { "PauseNever" }
}

/// The pause mode of this name.
pub(crate) fn to_pause_mode(name: &str) -> Option<PauseMode> {
    [PauseMode::NEVER, PauseMode::ON_SSL_ERRORS]
        .into_iter()
        .find(|&known| pause_mode(known) == name)
}

/// The protocol of this name.
pub(crate) fn to_protocol(name: &str) -> Option<NetworkLayerProtocol> {
    Some(match name {
        "AnyIPProtocol" | "UnknownNetworkLayerProtocol" => NetworkLayerProtocol::Any,
        "IPv4Protocol" => NetworkLayerProtocol::Ipv4,
        "IPv6Protocol" => NetworkLayerProtocol::Ipv6,
        _ => return None,
    })
}

/// The flag of a bind mode of this name.
pub(crate) fn to_bind_mode(name: &str) -> Option<BindMode> {
    Some(match name {
        "DefaultForPlatform" => BindMode::DEFAULT,
        "ShareAddress" => BindMode::SHARE_ADDRESS,
        "DontShareAddress" => BindMode::DONT_SHARE_ADDRESS,
        "ReuseAddressHint" => BindMode::REUSE_ADDRESS_HINT,
        _ => return None,
    })
}

/// The socket option of this name.
pub(crate) fn to_option_name(name: &str) -> Option<OptionName> {
    Some(match name {
        "LowDelayOption" => OptionName::LowDelay,
        "KeepAliveOption" => OptionName::KeepAlive,
        "MulticastTtlOption" => OptionName::MulticastTtl,
        "MulticastLoopbackOption" => OptionName::MulticastLoopback,
        "TypeOfServiceOption" => OptionName::TypeOfService,
        "SendBufferSizeSocketOption" => OptionName::SendBufferSize,
        "ReceiveBufferSizeSocketOption" => OptionName::ReceiveBufferSize,
        "PathMtuSocketOption" => OptionName::PathMtu,
        "KeepAliveIdleOption" => OptionName::KeepAliveIdle,
        "KeepAliveIntervalOption" => OptionName::KeepAliveInterval,
        "KeepAliveCountOption" => OptionName::KeepAliveCount,
        _ => return None,
    })
}

/// The kind of connection that `Queued|Unique` and the like stand for.
pub(crate) fn to_connection_type(name: Option<&str>) -> Option<ConnectionType> {
    name.unwrap_or("Auto").split('|').try_fold(ConnectionType::DIRECT, |kind, part| {
        Some(
            kind | match part {
                "Auto" | "Direct" => ConnectionType::DIRECT,
                "Queued" => ConnectionType::QUEUED,
                "Unique" => ConnectionType::UNIQUE,
                "SingleShot" => ConnectionType::SINGLE_SHOT,
                _ => return None,
            },
        )
    })
}

pub(crate) fn proxy_type(kind: ProxyType) -> &'static str {
    match kind {
        ProxyType::NoProxy => "NoProxy",
        ProxyType::Socks5 => "Socks5Proxy",
        ProxyType::Http => "HttpProxy",
        _ => "DefaultProxy",
    }
}
