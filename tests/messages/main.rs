//! Messages: whole ones out of bytes that come in whatever pieces, and out whole or not at all.

#[path = "../support/mod.rs"]
mod support;

mod data_streams;
mod ends;
mod length_prefixes;
mod lines;
mod receiving;
mod sending;
#[cfg(feature = "tokio-util")]
mod tokio_codecs;

use std::collections::VecDeque;
use std::io;

use slotwire::message::{Decoder, MessageError, Messages};
use slotwire::prelude::*;
use slotwire::{Device, QBuffer, RawDevice};
use support::*;

/// A device to which the test brings the bytes.
#[derive(QObject, Default)]
struct Pipe {
    #[qobject(device)]
    device: Device,
    come: VecDeque<u8>,
    has_ended: bool,
    /// As the size of a read buffer; 0 is no limit.
    limit: usize,
    /// It does not tell how many bytes there are.
    tells_nothing: bool,
}

impl RawDevice for Pipe {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.come.read(buffer)? {
            0 if !self.has_ended => Err(io::ErrorKind::WouldBlock.into()),
            count => Ok(count),
        }
    }

    fn write_data(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "this pipe has one direction"))
    }

    fn data_available(&self) -> usize {
        if self.tells_nothing { 0 } else { self.come.len() }
    }

    fn buffer_limit(&self) -> usize {
        if self.limit == 0 { usize::MAX } else { self.limit }
    }
}

impl Pipe {
    fn bring(&mut self, bytes: &[u8]) {
        self.come.extend(bytes);
        self.ready_read().emit(());
    }

    fn end(&mut self) {
        self.has_ended = true;
        self.read_channel_finished().emit(());
    }
}

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
