//! Objects under test, of whatever class.

use slotwire::prelude::*;
use slotwire::{QBuffer, QThread, QTimer};

use crate::event_loop::EventLoop;
use crate::probe::Probe;

/// An object under test.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Dut {
    Tcp(Obj<QTcpSocket>),
    Udp(Obj<QUdpSocket>),
    Server(Obj<QTcpServer>),
    Buffer(Obj<QBuffer>),
    Timer(Obj<QTimer>),
    Thread(Obj<QThread>),
    Loop(Obj<EventLoop>),
    Probe(Obj<Probe>),
}

/// Evaluates an expression with the typed handle of the object, whatever its class.
macro_rules! for_class {
    ($dut:expr, |$object:ident| $body:expr) => {
        match $dut {
            $crate::dut::Dut::Tcp($object) => $body,
            $crate::dut::Dut::Udp($object) => $body,
            $crate::dut::Dut::Server($object) => $body,
            $crate::dut::Dut::Buffer($object) => $body,
            $crate::dut::Dut::Timer($object) => $body,
            $crate::dut::Dut::Thread($object) => $body,
            $crate::dut::Dut::Loop($object) => $body,
            $crate::dut::Dut::Probe($object) => $body,
        }
    };
}
pub(crate) use for_class;

impl Dut {
    /// The object with its class forgotten.
    pub(crate) fn erase(self) -> Obj<dyn QObject> {
        for_class!(self, |object| object.erase())
    }

    /// The object as a device, if it is one.
    pub(crate) fn device(self) -> Option<Obj<dyn QIODevice>> {
        match self {
            Self::Tcp(socket) => Some(socket.upcast()),
            Self::Udp(socket) => Some(socket.upcast()),
            Self::Buffer(buffer) => Some(buffer.upcast()),
            _ => None,
        }
    }

    /// The object as a socket, if it is one.
    pub(crate) fn socket(self) -> Option<Obj<dyn QAbstractSocket>> {
        match self {
            Self::Tcp(socket) => Some(socket.upcast()),
            Self::Udp(socket) => Some(socket.upcast()),
            _ => None,
        }
    }

    /// What Qt calls the class.
    pub(crate) fn class_name(self) -> &'static str {
        match self {
            Self::Tcp(_) => "QTcpSocket",
            Self::Udp(_) => "QUdpSocket",
            Self::Server(_) => "QTcpServer",
            Self::Buffer(_) => "QBuffer",
            Self::Timer(_) => "QTimer",
            Self::Thread(_) => "QThread",
            Self::Loop(_) => "QEventLoop",
            Self::Probe(_) => "Probe",
        }
    }

    /// The signals that are watched unless a scenario says otherwise.
    pub(crate) fn watched_signals(self) -> &'static [&'static str] {
        match self {
            Self::Tcp(_) | Self::Udp(_) => &[
                "hostFound",
                "connected",
                "disconnected",
                "stateChanged",
                "errorOccurred",
                "readyRead",
                "bytesWritten",
                "aboutToClose",
                "readChannelFinished",
                "proxyAuthenticationRequired",
                "destroyed",
            ],
            Self::Server(_) => {
                &["newConnection", "pendingConnectionAvailable", "acceptError", "destroyed"]
            }
            Self::Buffer(_) => {
                &["readyRead", "bytesWritten", "aboutToClose", "readChannelFinished"]
            }
            Self::Timer(_) => &["timeout"],
            Self::Thread(_) => &["started", "finished"],
            Self::Loop(_) | Self::Probe(_) => &[],
        }
    }
}
