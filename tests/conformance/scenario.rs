//! Scenarios: what is done to the objects under test and to their peers, in order.
//!
//! Read from JSON; FORMAT.md beside this file says what each operation means. An operation is parsed
//! here, its values (bytes, addresses, symbols) where they are used, since symbols are known only
//! then.

use serde::Deserialize;
use serde_json::Value;
use std::rc::Rc;

use crate::{data_stream, text_stream};

/// One scenario.
#[derive(Debug, Deserialize)]
pub(crate) struct Scenario {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) mode: Mode,
    #[serde(default)]
    pub(crate) order: Order,
    #[serde(default)]
    pub(crate) needs: Vec<String>,
    #[serde(default)]
    pub(crate) ignore_signals: Vec<String>,
    pub(crate) steps: Rc<[Op]>,
}

/// Whether the event loop runs.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Mode {
    /// The loop runs whenever a step waits.
    #[default]
    Event,
    /// No loop ever runs.
    Blocking,
}

/// Which order of events counts.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Order {
    /// The order of all events of a step.
    #[default]
    Total,
    /// The order of the events of each object.
    PerObject,
}

/// One operation.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
pub(crate) enum Op {
    New {
        id: String,
        class: String,
        parent: Option<String>,
        watch: Option<Vec<String>>,
        #[serde(rename = "childEvents", default)]
        child_events: bool,
    },
    Delete {
        obj: String,
    },
    Alive {
        obj: String,
    },
    Take {
        obj: String,
        id: String,
    },
    Call {
        obj: String,
        method: String,
        #[serde(default)]
        args: Vec<Value>,
        #[serde(rename = "as")]
        symbol: Option<String>,
    },
    Snap {
        obj: String,
        of: Vec<String>,
    },
    Check {
        get: Comparison,
    },
    Total {
        signal: String,
    },
    On {
        obj: String,
        signal: String,
        #[serde(rename = "do")]
        program: Rc<[Op]>,
        times: Option<u64>,
        #[serde(default)]
        skip: u64,
        #[serde(rename = "type")]
        kind: Option<String>,
    },
    Connect(Connect),
    Disconnect(Disconnect),
    Emit {
        obj: String,
        signal: String,
        #[serde(default)]
        args: Vec<Value>,
    },
    SlotDo {
        obj: String,
        slot: String,
        #[serde(rename = "do")]
        program: Rc<[Op]>,
        times: Option<u64>,
    },
    Invoke {
        obj: String,
        slot: String,
        #[serde(rename = "type")]
        kind: Option<String>,
    },
    SingleShot {
        ms: u64,
        to: String,
        slot: String,
    },
    Filter {
        obj: String,
    },
    SetAuth {
        user: String,
        password: String,
    },
    AppProxy {
        proxy: Value,
    },
    ProxyValue {
        proxy: Value,
    },
    Run {
        until: Option<Condition>,
        #[serde(rename = "for")]
        time: Option<u64>,
        timeout: Option<u64>,
        settle: Option<u64>,
    },
    Process,
    Sleep {
        ms: u64,
    },
    FreePort {
        #[serde(rename = "as")]
        symbol: String,
        #[serde(default)]
        kind: Transport,
    },
    PeerListen {
        id: String,
        #[serde(rename = "as")]
        symbol: Option<String>,
        port: Option<Value>,
        backlog: Option<u32>,
        #[serde(default)]
        family: Family,
    },
    PeerAccept {
        from: String,
        id: String,
        #[serde(rename = "as")]
        symbol: Option<String>,
        timeout: Option<u64>,
        pump: Option<bool>,
    },
    PeerConnect {
        id: String,
        port: Value,
        addr: Option<String>,
        bind: Option<Value>,
        #[serde(rename = "as")]
        symbol: Option<String>,
        #[serde(default)]
        family: Family,
    },
    PeerSend {
        peer: String,
        data: Value,
        timeout: Option<u64>,
        pump: Option<bool>,
    },
    PeerRecv {
        peer: String,
        n: Option<usize>,
        timeout: Option<u64>,
        pump: Option<bool>,
    },
    PeerRecvHttp {
        peer: String,
        headers: Vec<String>,
        timeout: Option<u64>,
        pump: Option<bool>,
    },
    PeerShutdown {
        peer: String,
        how: Option<String>,
    },
    PeerClose {
        peer: String,
    },
    PeerReset {
        peer: String,
    },
    PeerUdp {
        id: String,
        #[serde(rename = "as")]
        symbol: Option<String>,
        port: Option<Value>,
        #[serde(default)]
        reuse: bool,
        #[serde(default)]
        family: Family,
    },
    PeerSendto {
        peer: String,
        port: Value,
        data: Value,
        addr: Option<String>,
    },
    PeerRecvfrom {
        peer: String,
        #[serde(rename = "as")]
        symbol: Option<String>,
        timeout: Option<u64>,
        pump: Option<bool>,
    },
    PeerScript {
        id: String,
        from: String,
        script: Vec<Vec<Value>>,
    },
    PeerJoin {
        id: String,
        timeout: Option<u64>,
        pump: Option<bool>,
    },
    DsWrite {
        items: Vec<(String, Value)>,
        obj: Option<String>,
        #[serde(flatten)]
        format: data_stream::Format,
    },
    DsRead {
        types: Vec<Value>,
        #[serde(flatten)]
        place: data_stream::Place,
        #[serde(flatten)]
        format: data_stream::Format,
    },
    Ts(text_stream::Work),
    HostLookup {
        id: Option<String>,
        name: String,
        how: Option<String>,
    },
    HostAbort {
        id: String,
    },
    HostAddr {},
    Iface {
        name: String,
    },
}

/// A connection that is to be made.
#[derive(Debug, Deserialize)]
pub(crate) struct Connect {
    pub(crate) from: String,
    pub(crate) signal: String,
    pub(crate) to: String,
    pub(crate) slot: Option<String>,
    pub(crate) to_signal: Option<String>,
    #[serde(rename = "type")]
    pub(crate) kind: Option<String>,
    pub(crate) id: Option<String>,
}

/// Connections that are to be ended: one by its name, or all that fit what is given.
#[derive(Debug, Deserialize)]
pub(crate) struct Disconnect {
    pub(crate) id: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) signal: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) slot: Option<String>,
}

/// Something that may come to hold.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum Condition {
    /// The signal was seen so often.
    Seen { signal: String, count: Option<u64> },
    /// A getter returns something.
    Compares { get: Comparison },
    /// Something has come to a peer.
    Peer { peer: String, has: PeerHas, n: Option<usize> },
    /// All of these hold.
    All { all: Vec<Condition> },
}

/// What may have come to a peer.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PeerHas {
    Readable,
    Eof,
    Acceptable,
}

/// An object, a getter of it, how to compare, and what with.
#[derive(Debug, Deserialize)]
pub(crate) struct Comparison(
    pub(crate) String,
    pub(crate) String,
    pub(crate) String,
    pub(crate) Value,
);

/// TCP or UDP.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Transport {
    #[default]
    Tcp,
    Udp,
}

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Family {
    #[default]
    V4,
    V6,
}

impl Op {
    /// What a trace calls the operation: for people, not compared.
    pub(crate) fn label(&self) -> String {
        match self {
            Self::New { id, .. } => format!("new {id}"),
            Self::Delete { obj } => format!("delete {obj}"),
            Self::Alive { obj } => format!("alive {obj}"),
            Self::Take { obj, .. } => format!("take {obj}"),
            Self::Call { obj, method, .. } => format!("{obj}.{method}"),
            Self::Snap { obj, .. } => format!("{obj}.snap"),
            Self::Check { get } => format!("check {}.{}", get.0, get.1),
            Self::Total { signal } => format!("total {signal}"),
            Self::On { obj, signal, .. } => format!("on {obj}.{signal}"),
            Self::Connect(connect) => format!("connect {}", connect.from),
            Self::Disconnect(Disconnect { id: Some(name), .. })
            | Self::Disconnect(Disconnect { from: Some(name), .. }) => format!("disconnect {name}"),
            Self::Disconnect(_) => "disconnect".to_owned(),
            Self::Emit { obj, .. } => format!("emit {obj}"),
            Self::SlotDo { obj, .. } => format!("slot_do {obj}"),
            Self::Invoke { obj, .. } => format!("invoke {obj}"),
            Self::SingleShot { to, .. } => format!("single_shot {to}"),
            Self::Filter { obj } => format!("filter {obj}"),
            Self::Run { .. } => "run".to_owned(),
            Self::Process => "process".to_owned(),
            Self::Sleep { .. } => "sleep".to_owned(),
            Self::FreePort { symbol, .. } => format!("free_port {symbol}"),
            Self::PeerListen { id, .. } => format!("peer_listen {id}"),
            Self::PeerAccept { id, .. } => format!("peer_accept {id}"),
            Self::PeerConnect { id, .. } => format!("peer_connect {id}"),
            Self::PeerSend { peer, .. } => format!("peer_send {peer}"),
            Self::PeerRecv { peer, .. } => format!("peer_recv {peer}"),
            Self::PeerRecvHttp { peer, .. } => format!("peer_recv_http {peer}"),
            Self::PeerShutdown { peer, .. } => format!("peer_shutdown {peer}"),
            Self::PeerClose { peer } => format!("peer_close {peer}"),
            Self::PeerReset { peer } => format!("peer_reset {peer}"),
            Self::PeerUdp { id, .. } => format!("peer_udp {id}"),
            Self::PeerSendto { peer, .. } => format!("peer_sendto {peer}"),
            Self::PeerRecvfrom { peer, .. } => format!("peer_recvfrom {peer}"),
            Self::PeerScript { id, .. } => format!("peer_script {id}"),
            Self::PeerJoin { id, .. } => format!("peer_join {id}"),
            Self::DsWrite { .. } => "ds_write".to_owned(),
            Self::DsRead { .. } => "ds_read".to_owned(),
            Self::Ts(_) => "ts".to_owned(),
            Self::HostLookup { name, .. } => format!("host_lookup {name}"),
            Self::HostAbort { id } => format!("host_abort {id}"),
            Self::HostAddr {} => "host_addr".to_owned(),
            Self::Iface { name } => format!("iface {name}"),
            Self::SetAuth { user, .. } => format!("set_auth {user}"),
            Self::AppProxy { .. } => "app_proxy".to_owned(),
            Self::ProxyValue { .. } => "proxy_value".to_owned(),
        }
    }
}
