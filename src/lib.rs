//! slotwire: Qt's objects, signals, slots and sockets, in Rust.

// The macros write `::slotwire`, also for the classes in here.
extern crate self as slotwire;

pub mod event_loop;
pub mod io;
pub mod net;
pub mod object;

#[doc(hidden)]
#[path = "private.rs"]
pub mod __private;
#[cfg(doctest)]
mod book;
mod error;
mod macros;

pub use error::Error;
pub use event_loop::{
    Clock, NotifierType, QSocketNotifier, QThread, QTimer, Remote, Runtime, RuntimeGone,
    SystemClock, ThreadError, TimerType, VirtualClock,
};
pub use io::{OpenMode, QIODevice};
pub use net::{NetError, QAbstractSocket, QTcpServer, QTcpSocket, SocketError, SocketState};
pub use object::{
    Connection, ConnectionType, Context, MetaObject, MetaProperty, MetaSignal, MetaSlot, Obj,
    Property, QObject, ScopedConnection, Signal, SignalSpy, SlotError, World,
};

pub use macros::{QObject, slot, slots};

/// Everything that most programs need: `use slotwire::prelude::*;`
pub mod prelude {
    pub use crate::{
        Connection, ConnectionType, Context, Obj, Property, QAbstractSocket, QIODevice, QObject,
        QTcpServer, QTcpSocket, QTimer, Runtime, ScopedConnection, Signal, SocketError,
        SocketState, World, slot, slots,
    };
}
