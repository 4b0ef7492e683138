//! Qt's objects, signals, slots and sockets, in Rust.
//!
//! slotwire is for event-driven programs. Objects announce what happens to them by *signals*. A
//! signal calls the *slots* that are connected to it: methods of other objects. The compiler checks
//! that signal and slot fit. A slot takes `&mut self`, and a context through which it reaches every
//! other object; nobody writes a `RefCell`.
//!
//! ```
//! use slotwire::prelude::*;
//!
//! #[derive(QObject, Default)]
//! struct Doorbell {
//!     /// Emitted when somebody rings, with the number of times.
//!     #[signal]
//!     rung: Signal<u32>,
//! }
//!
//! #[derive(QObject, Default)]
//! struct Porter {
//!     opened: u32,
//! }
//!
//! #[slots]
//! impl Porter {
//!     #[slot]
//!     fn open(&mut self, times: u32) {
//!         self.opened += times;
//!     }
//! }
//!
//! fn main() -> Result<(), slotwire::Error> {
//!     let mut rt = Runtime::new()?;
//!     let bell = rt.add(Doorbell::default());
//!     let porter = rt.add(Porter::default());
//!     rt.connect(bell, Doorbell::rung, porter, Porter::open);
//!
//!     rt.emit(bell, Doorbell::rung, 2);
//!     assert_eq!(rt[porter].opened, 2);
//!     Ok(())
//! }
//! ```
//!
//! # The main types
//!
//! * [`Runtime`] is one thread's objects and the event loop that drives them.
//! * [`Obj<T>`](Obj) is a handle to an object: `Copy`, typed, and never dangling.
//! * [`Signal<A>`](Signal) is a field that announces an `A`; [`World::connect`] connects it.
//! * [`Context<T>`](Context) gives a slot of `T` access to the other objects.
//! * [`QTimer`], [`QSocketNotifier`], [`Remote`] and [`QThread`] are what the event loop offers.
//! * [`TaskContext`] is what an async function gets that [`World::spawn`] runs beside the slots.
//! * [`QBuffer`] is a device in memory; [`RawDevice`] is the trait by which you write a device of
//!   your own.
//! * [`Messages`](message::Messages) emits the messages of a device: lines, or what your protocol
//!   has. [`QDataStream`](stream::QDataStream) reads and writes values in Qt's format.
//! * [`QTcpSocket`], [`QTcpServer`] and [`QUdpSocket`] are sockets: they announce what happens to
//!   them by signals. Their methods are those of the traits [`QIODevice`] and [`QAbstractSocket`].
//!   `QSslSocket` (feature `tls`) is a `QTcpSocket` that encrypts.
//!
//! # What it does not do
//!
//! slotwire has no nested event loops and no re-entrancy, on purpose: a signal that a method emits
//! is delivered after the method has returned. It has no widgets and no painting, no string or
//! address class where the standard library has one, and no event types or event filters: signals
//! and posted calls serve instead. Objects do not move between threads.
//!
//! # Features
//!
//! * `idn`: allows host names with letters beyond ASCII, such as `bücher.test`. It adds 25 crates to
//!   the build and 170 KB to a program. Without it, such a name is an error that names the feature;
//!   nothing else changes.
//! * `http-proxy`: adds `NetworkProxy::http`, proxies that are spoken to by HTTP CONNECT. It adds
//!   10 crates to the build.
//! * `tls`: adds `QSslSocket` and `QSslServer`, TLS 1.2 and 1.3 by `rustls`, with `SslConfiguration`,
//!   certificates and keys. It adds 20 crates to the build, one of which (`ring`) needs a C compiler.
//! * `futures`: gives the streams and devices of tasks the traits of `futures-core` and `futures-io`.
//!   It adds 2 crates to the build.
//! * `tokio`: gives the devices of tasks the traits of tokio. It adds 2 crates to the build, and no
//!   runtime of tokio.
//! * `tokio-util`: adds `message::TokioCodec`, for codecs that were written for `tokio_util`. It adds
//!   6 crates to the build.
//! * `jiff`, `url`, `uuid`: a `QDataStream` and a `QVariant` have the dates, URLs and UUIDs of the
//!   crate with this name.
//! * `serde`: adds `stream::Serde`, by which a `QDataStream` has the types of serde.
//! * `encoding`: adds encodings such as Shift_JIS and windows-1252 to
//!   [`QTextStream`](stream::QTextStream), by `Encoding::for_name`. It adds 5 crates to the build.
//! * `sim`: adds the module `sim`, a network in memory for tests, and `Runtime::simulated`. Most
//!   programs need it in `[dev-dependencies]` only.
//!
//! The book in the repository explains all of it from the beginning.

// docs.rs sets `docsrs`: each item of a feature then shows the feature.
#![cfg_attr(docsrs, feature(doc_cfg))]

// The macros write `::slotwire`, also inside this crate.
extern crate self as slotwire;

pub mod event_loop;
pub mod io;
pub mod message;
pub mod net;
pub mod object;
pub mod stream;
pub mod task;

#[cfg(feature = "sim")]
pub mod sim;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
mod error;
mod macros;
mod mistakes;
mod questions;
mod readiness;
mod start;
mod sync;

#[doc(inline)]
pub use error::Error;
#[doc(inline)]
pub use event_loop::{
    Allowance, Clock, NotifierType, PostError, QSocketNotifier, QThread, QTimer, Remote, Runtime,
    SingleShot, SystemClock, ThreadError, TimerType, VirtualClock,
};
#[doc(inline)]
pub use io::{Device, OpenMode, QBuffer, QIODevice, RawDevice};
#[cfg(feature = "tls")]
#[cfg_attr(docsrs, doc(cfg(feature = "tls")))]
#[doc(inline)]
pub use net::{
    AlertLevel, AlertType, AlternativeName, KeyAlgorithm, PeerVerifyMode, QSslServer, QSslSocket,
    SslCertificate, SslCipher, SslConfiguration, SslConfigurationError, SslError, SslErrorKind,
    SslKey, SslMode, SslParseError, SslProtocol, SubjectInfo,
};
#[doc(inline)]
pub use net::{
    Authenticator, BindAddress, BindMode, Blocking, EnvironmentProxies, HardwareAddress, HostInfo,
    HostInfoError, HostLookup, Incoming, InterfaceError, InterfaceFlags, InterfaceType, NetError,
    NetworkAddressEntry, NetworkDatagram, NetworkInterface, NetworkLayerProtocol, NetworkProxy,
    OptionName, ParseProxyError, PauseMode, ProxyAuthentication, ProxyEnvironmentError,
    ProxyFactory, ProxyQuery, ProxyType, ProxyVariableFault, QAbstractSocket, QTcpServer,
    QTcpSocket, QUdpSocket, ReadyReadPolicy, SocketError, SocketOption, SocketState, SocketType,
};
#[doc(inline)]
pub use object::{
    Connection, ConnectionType, Context, MetaObject, MetaProperty, MetaSignal, MetaSlot,
    NamePattern, Obj, Property, PropertyError, QObject, ScopedConnection, Signal, SignalBlocker,
    SignalSpy, SlotError, Trace, TraceEntry, Undelivered, World,
};
#[doc(inline)]
pub use task::{JoinHandle, TaskContext};

pub use macros::{QObject, slot, slots};

/// Imports what most programs need: `use slotwire::prelude::*;`
pub mod prelude {
    pub use std::io::{BufRead as _, Read as _, Write as _};

    pub use crate::{
        BindAddress, BindMode, Connection, ConnectionType, Context, NetError, Obj, OpenMode,
        Property, QAbstractSocket, QIODevice, QObject, QTcpServer, QTcpSocket, QTimer, QUdpSocket,
        Runtime, ScopedConnection, Signal, SocketError, SocketState, World, slot, slots,
    };
}
