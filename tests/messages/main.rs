//! Messages: whole ones out of bytes that come in whatever pieces, and out whole or not at all.

mod data_streams;
mod ends;
mod length_prefixes;
mod lines;
mod receiving;
mod sending;
mod tokio_codecs;

use std::io;

use slotwire::message::{Decoder, MessageError, Messages};
use slotwire::prelude::*;
use slotwire::{Device, QBuffer, RawDevice};
use support::pipe::Pipe;
use support::*;

/// A pipe, the reader of its messages, and what that says: `Debug` of the messages, `!` and the
/// text of an error, `end`.
struct Play<C: Decoder> {
    rt: Runtime,
    pipe: Obj<Pipe>,
    messages: Obj<Messages<C>>,
    journal: Journal,
}

fn journal_of_messages<C: Decoder>(rt: &mut Runtime, messages: Obj<Messages<C>>) -> Journal {
    let journal = Journal::new();
    let [received, failed, finished] = [(); 3].map(|()| journal.clone());
    rt.connect_fn(messages, Messages::received, move |_, message| {
        received.note(format!("{message:?}"));
    });
    rt.connect_fn(messages, Messages::error_occurred, move |_, error| {
        failed.note(format!("!{error}"));
    });
    rt.connect_fn(messages, Messages::finished, move |_, _| finished.note("end"));
    journal
}

impl<C: Decoder> Play<C> {
    fn new(codec: C) -> Self {
        let mut rt = Runtime::new().unwrap();
        let pipe = rt.add(Pipe::default());
        rt[pipe].open(OpenMode::READ_ONLY).unwrap();
        let messages = rt.add(Messages::new(pipe, codec));
        let journal = journal_of_messages(&mut rt, messages);
        Self { rt, pipe, messages, journal }
    }

    /// Brings bytes, and returns what was said of them.
    fn bring(&mut self, bytes: impl AsRef<[u8]>) -> Vec<String> {
        self.rt.with(self.pipe, |pipe, _| pipe.bring(bytes.as_ref()));
        self.journal.take()
    }

    /// Ends the device, and returns what was said of it.
    fn end(&mut self) -> Vec<String> {
        self.rt.with(self.pipe, |pipe, _| pipe.end());
        self.journal.take()
    }

    /// Brings bytes in pieces of this many.
    fn bring_in_pieces(&mut self, bytes: &[u8], size: usize) -> Vec<String> {
        bytes.chunks(size).flat_map(|piece| self.bring(piece)).collect()
    }

    fn is_open(&self) -> bool {
        self.rt[self.pipe].is_open()
    }
}

/// Connects the socket, and returns the peer.
fn connect(rt: &mut Runtime, socket: Obj<QTcpSocket>, listener: &Listener, port: u16) -> Peer {
    rt[socket].connect_to_host("127.0.0.1", port);
    wait_until(rt, is(SocketState::Connected, socket));
    caller(rt, listener)
}

fn wait_for(rt: &mut Runtime, journal: &Journal, entry: &str) {
    wait_until(rt, |_| journal.has(entry));
}
