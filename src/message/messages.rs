//! `Messages`: the object that emits the messages of a device.
//!
//! Keeps one promise: the bytes of a message are taken from the device when all of them have come,
//! and the bytes behind them after the slots of the message have run. So a slot may stop the
//! reading, read what follows by hand, or hand the device on.

use std::fmt;

use super::codec::{Decoder, Encoder, Skip};
use super::error::MessageError;
use super::incoming::Incoming;
use crate::io::QIODevice;
use crate::object::{Context, MetaObject, MetaSignal, Obj, QObject, Signal, Upcast};

/// Emits the messages that arrive on a device, each when it has come whole.
///
/// [`World::send`](crate::World::send) sends messages on the same device.
///
/// ```
/// use slotwire::message::{LineCodec, MessageError, Messages};
/// use slotwire::prelude::*;
///
/// /// Answers each line with its number of letters.
/// #[derive(QObject)]
/// struct Counter {
///     lines: Obj<Messages<LineCodec>>,
/// }
///
/// #[slots]
/// impl Counter {
///     fn new(cx: &mut Context<Self>, socket: Obj<QTcpSocket>) -> Self {
///         Self { lines: cx.add_child(Messages::new(socket, LineCodec::new())) }
///     }
///
///     #[slot(lines.received)]
///     fn answer(&mut self, cx: &mut Context<Self>, line: &str) -> Result<(), MessageError> {
///         cx.send(self.lines, line.chars().count().to_string())
///     }
/// }
/// ```
///
/// The device keeps what belongs to no whole message, so its [read buffer
/// size](crate::QAbstractSocket::set_read_buffer_size) must not be smaller than a message: a message
/// that can never come whole is [too long](MessageError::TooLong). Each datagram of a
/// [`QUdpSocket`](crate::QUdpSocket) ends the message in it; such a socket has to be
/// [open](QIODevice::open), as for all reading that does not ask for the sender.
///
/// Only one reader can take the bytes of a device. Only a slot of [`received`](Self::received) may read
/// from it meanwhile: between two messages, a codec may have noted what it knows of the first bytes.
pub struct Messages<C: Decoder> {
    received: Signal<C::Message>,
    error_occurred: Signal<MessageError>,
    finished: Signal<()>,
    device: Obj<dyn QIODevice>,
    codec: C,
    max_length: usize,
    /// How to go on after a message that is too long, if that was ever wanted.
    skip: Option<fn(&mut C, &mut Incoming<'_>) -> bool>,
    skips_long_messages: bool,
    state: State,
    /// Which opening of the device the state is of: see [`Device::openings`](crate::Device).
    opening: u32,
    is_paused: bool,
    /// No more bytes will come until the device is opened anew.
    has_ended: bool,
    /// The datagram that is being read, and how much of it was taken.
    datagram: Option<(Vec<u8>, usize)>,
    /// The memory for outgoing messages.
    outgoing: Vec<u8>,
}

/// What becomes of the next bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// They are those of a message.
    Reading,
    /// They are those of a message whose beginning was dropped, since it is too long.
    Skipping,
    /// They wait: a message was emitted, and the reading goes on after its slots.
    Waiting,
    /// As `Waiting`, and then they are skipped.
    WaitingToSkip,
    /// They are dropped: a message was wrong, and the device is closed after the slots that hear of
    /// it.
    Closing,
    /// They are dropped until the device is opened anew: a message was wrong, and nobody knows where
    /// the next one begins.
    Lost,
}

/// How many bytes a message may have unless the program says otherwise.
const MAX_LENGTH: usize = 1 << 20;

/// How many bytes a message may have besides those that a codec counts: a length, a line feed.
const FRAME: usize = 1024;

/// How much memory for outgoing messages is kept.
const KEPT: usize = 64 << 10;

/// How many datagrams without a message are read before others get a turn.
const DATAGRAMS: usize = 16;

/// What was found in the bytes that have come.
enum Found<M> {
    Message(M),
    /// No message so far, and there may be more bytes.
    GoOn,
    /// No message, and all bytes were looked at.
    Nothing,
}

impl<C: Decoder> Messages<C> {
    /// Creates the reader of a device's messages.
    ///
    /// It begins when it enters the runtime, also with the bytes that are there already. It is not
    /// the owner of the device: if the device is destroyed, no more messages come.
    pub fn new<D>(device: Obj<D>, codec: C) -> Self
    where
        D: ?Sized + crate::object::Target,
        dyn QIODevice: Upcast<D>,
    {
        Self {
            received: Signal::new(),
            error_occurred: Signal::new(),
            finished: Signal::new(),
            device: device.upcast(),
            codec,
            max_length: MAX_LENGTH,
            skip: None,
            skips_long_messages: false,
            state: State::Reading,
            opening: 0,
            is_paused: false,
            has_ended: false,
            datagram: None,
            outgoing: Vec::new(),
        }
    }

    /// Emitted for each message, in the order in which they came.
    #[must_use = "this returns the signal and emits nothing"]
    pub fn received(&self) -> &Signal<C::Message> {
        &self.received
    }

    /// Emitted if a message is wrong, too long or incomplete.
    ///
    /// After the slots have run, the device is closed, since nobody knows where the next message
    /// begins. The device stays open in three cases: the message is too long and
    /// [is skipped](Self::set_skips_long_messages); the message is part of a datagram, whose rest is
    /// dropped; or the device has ended.
    #[must_use = "this returns the signal and emits nothing"]
    pub fn error_occurred(&self) -> &Signal<MessageError> {
        &self.error_occurred
    }

    /// Emitted after the last message, when the device has ended: when a socket's peer has closed
    /// its direction. It is not emitted if the device was closed, by the program or after an error. If
    /// the device is opened or connected anew, its messages are read again.
    #[must_use = "this returns the signal and emits nothing"]
    pub fn finished(&self) -> &Signal<()> {
        &self.finished
    }

    /// Returns the device.
    pub fn device(&self) -> Obj<dyn QIODevice> {
        self.device
    }

    /// Returns the codec.
    pub fn codec(&self) -> &C {
        &self.codec
    }

    /// Returns the codec, mutably. What it does with the next message can be changed in a slot of
    /// [`received`](Self::received).
    pub fn codec_mut(&mut self) -> &mut C {
        &mut self.codec
    }

    /// Returns how many bytes a received message may have.
    pub fn max_length(&self) -> usize {
        self.max_length
    }

    /// Sets how many bytes a received message may have, without what marks its end or its length.
    /// The default is 1 MiB.
    ///
    /// A message that is longer is an [error](Self::error_occurred), as soon as that is known.
    pub fn set_max_length(&mut self, max_length: usize) {
        self.max_length = max_length;
    }

    /// Returns true if messages that are too long are skipped.
    pub fn skips_long_messages(&self) -> bool {
        self.skips_long_messages
    }

    /// Makes the reader skip messages that are too long, and go on with the next one. The default is
    /// to close the device.
    pub fn set_skips_long_messages(&mut self, skips: bool)
    where
        C: Skip,
    {
        // It stays for a message that is being skipped.
        self.skip = Some(C::skip);
        self.skips_long_messages = skips;
    }

    /// Returns true if no messages are taken now.
    pub fn is_paused(&self) -> bool {
        self.is_paused
    }

    /// Takes no more messages, from the next one on. The end of the device waits too.
    ///
    /// A socket with a [read buffer size](crate::QAbstractSocket::set_read_buffer_size) then slows
    /// its peer down.
    pub fn pause_receiving(&mut self) {
        self.is_paused = true;
    }

    /// Takes messages again, after the running slot, and first those that have come meanwhile:
    /// `cx.with(self.lines, Messages::resume_receiving)`.
    ///
    /// Call it also if a device with bytes in it was opened after the reader entered the runtime, and
    /// the device does not emit `ready_read` for them, as a [`QBuffer`](crate::QBuffer) does not.
    pub fn resume_receiving(&mut self, cx: &mut Context<'_, Self>) {
        self.is_paused = false;
        // The caller may be the device itself, which cannot be read while it runs.
        let this = cx.this();
        cx.later(this, Self::read);
    }

    /// Takes the next message, and comes again after its slots.
    fn read(&mut self, cx: &mut Context<'_, Self>) {
        let Some(device) = cx.get_mut(self.device) else { return };
        self.notice_opening(device);
        let is_waiting = !matches!(self.state, State::Reading | State::Skipping);
        if self.is_paused || is_waiting || !device.is_readable() {
            return;
        }
        let next = match device.is_message_based() {
            true => self.next_of_datagrams(device),
            false => self.next_of_stream(device),
        };
        match next {
            Ok(Found::Message(message)) => {
                self.received.emit(message);
                self.go_on_later(cx, State::Waiting);
            }
            Ok(Found::GoOn) => self.go_on_later(cx, State::Waiting),
            Ok(Found::Nothing) if self.has_ended => self.finish(State::Reading),
            Ok(Found::Nothing) => {}
            Err(error) => self.fail(cx, error),
        }
    }

    /// Takes the next message in the bytes that have come.
    fn next_of_stream(
        &mut self,
        device: &mut dyn QIODevice,
    ) -> Result<Found<C::Message>, MessageError> {
        let full = device.buffer_limit();
        let mut incoming = Incoming::of(device, self.max_length);
        let mut has_skipped_nothing = false;
        if self.state == State::Skipping {
            if !self.skip.is_none_or(|skip| skip(&mut self.codec, &mut incoming)) {
                return Ok(Found::Nothing);
            }
            self.state = State::Reading;
            has_skipped_nothing = !incoming.has_taken();
        }
        match self.decode(&mut incoming, full) {
            // It would be the same error again and again.
            Err(MessageError::TooLong { .. }) if has_skipped_nothing => {
                Err(MessageError::invalid("its codec skips nothing of a message that is too long"))
            }
            Ok(Some(message)) => Ok(Found::Message(message)),
            Ok(None) => Ok(Found::Nothing),
            Err(error) => Err(error),
        }
    }

    /// Takes the next message of a device that takes in no more bytes when it has `full` of them.
    fn decode(
        &mut self,
        incoming: &mut Incoming<'_>,
        full: usize,
    ) -> Result<Option<C::Message>, MessageError> {
        if self.has_ended {
            return self.codec.decode_end(incoming);
        }
        let found = self.codec.decode(incoming)?;
        let limit = full.min(self.max_length.saturating_add(FRAME));
        if found.is_none() && incoming.available() >= limit {
            let limit = full.min(self.max_length);
            return Err(MessageError::TooLong { length: None, limit });
        }
        Ok(found)
    }

    /// Takes the next message in the datagrams that have come.
    fn next_of_datagrams(
        &mut self,
        device: &mut dyn QIODevice,
    ) -> Result<Found<C::Message>, MessageError> {
        for _ in 0..DATAGRAMS {
            if self.datagram.is_none() {
                if device.at_end() {
                    return Ok(Found::Nothing);
                }
                self.datagram = Some((device.read_all(), 0));
                self.codec.reset();
            }
            let Some((datagram, taken)) = &mut self.datagram else { continue };
            let rest = &datagram[*taken..];
            let mut incoming = Incoming::from(rest).with_max_length(self.max_length);
            let found = self.codec.decode_end(&mut incoming);
            *taken = datagram.len() - incoming.available();
            match found {
                Ok(None) => self.datagram = None,
                Ok(Some(message)) => return Ok(Found::Message(message)),
                Err(error) => return Err(error),
            }
        }
        Ok(Found::GoOn)
    }

    /// Reads on after what was recorded so far.
    fn go_on_later(&mut self, cx: &mut Context<'_, Self>, state: State) {
        self.state = state;
        let this = cx.this();
        cx.later(this, Self::go_on);
    }

    fn go_on(&mut self, cx: &mut Context<'_, Self>) {
        let Some(device) = cx.get_mut(self.device) else { return };
        self.notice_opening(device);
        match self.state {
            State::WaitingToSkip => self.state = State::Skipping,
            State::Closing => {
                device.close();
                return self.stop(State::Lost);
            }
            _ => self.state = State::Reading,
        }
        self.read(cx);
    }

    fn fail(&mut self, cx: &mut Context<'_, Self>, error: MessageError) {
        let is_too_long = matches!(error, MessageError::TooLong { .. });
        self.error_occurred.emit(error);
        let state = if self.datagram.take().is_some() {
            State::Waiting
        } else if is_too_long && self.skips_long_messages {
            State::WaitingToSkip
        } else if self.has_ended {
            return self.finish(State::Lost);
        } else {
            State::Closing
        };
        self.go_on_later(cx, state);
    }

    /// The device has ended: takes the last messages.
    fn end(&mut self, cx: &mut Context<'_, Self>) {
        let Some(device) = cx.get_mut(self.device) else { return };
        let is_new = self.notice_opening(device);
        if !device.is_readable() || self.state == State::Lost {
            return;
        }
        if is_new && device.bytes_available() == 0 {
            // It may be the end of the opening before: this one goes on.
            self.finished.emit(());
            return;
        }
        self.has_ended = true;
        self.read(cx);
    }

    fn finish(&mut self, state: State) {
        self.stop(state);
        self.finished.emit(());
    }

    /// Forgets the message that has begun.
    fn stop(&mut self, state: State) {
        self.state = state;
        self.has_ended = false;
        self.datagram = None;
        self.codec.reset();
    }

    /// Forgets what belongs to another opening of the device. Returns true if it was opened or closed
    /// since the last call.
    fn notice_opening(&mut self, device: &dyn QIODevice) -> bool {
        let opening = device.device().openings();
        let is_new = std::mem::replace(&mut self.opening, opening) != opening;
        if is_new {
            self.stop(match self.state {
                State::Reading | State::Skipping | State::Lost => State::Reading,
                State::Waiting | State::WaitingToSkip | State::Closing => State::Waiting,
            });
        }
        is_new
    }

    /// Returns the bytes of an outgoing message, for a program that writes them itself: a class that
    /// extends its socket does, since [`World::send`](crate::World::send) cannot reach a device whose
    /// slot is running.
    ///
    /// # Errors
    ///
    /// [`Invalid`](MessageError::Invalid) or [`TooLong`](MessageError::TooLong) if the codec cannot
    /// write this message.
    pub fn encode<M>(&mut self, message: M) -> Result<&[u8], MessageError>
    where
        C: Encoder<M>,
    {
        self.outgoing.clear();
        self.codec.encode(message, &mut self.outgoing)?;
        Ok(&self.outgoing)
    }

    /// Drops the memory for outgoing messages if it is large.
    pub(super) fn drop_large_memory(&mut self) {
        if self.outgoing.capacity() > KEPT {
            self.outgoing = Vec::new();
        }
    }

    const SIGNALS: &'static [MetaSignal] = &[
        MetaSignal::new("received", "Message", |object, visit| {
            visit(&Self::cast(object).received);
        })
        .with_debug::<C::Message>(),
        MetaSignal::new("error_occurred", "MessageError", |object, visit| {
            visit(&Self::cast(object).error_occurred);
        })
        .with_debug::<MessageError>(),
        MetaSignal::new("finished", "()", |object, visit| visit(&Self::cast(object).finished)),
    ];

    const META: &'static MetaObject =
        &MetaObject::new("Messages").with_type::<Self>().with_signals(Self::SIGNALS);
}

impl<C: Decoder> QObject for Messages<C> {
    fn static_meta_object() -> &'static MetaObject {
        Self::META
    }

    fn meta_object(&self) -> &'static MetaObject {
        Self::META
    }

    fn wired(&mut self, cx: &mut Context<'_, Self>) {
        cx.on(self.device, <dyn QIODevice>::ready_read, Self::read);
        cx.on(self.device, <dyn QIODevice>::read_channel_finished, Self::end);
        // For the bytes that are there already.
        let this = cx.this();
        cx.later(this, Self::read);
    }
}

impl<C: Decoder + fmt::Debug> fmt::Debug for Messages<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Messages")
            .field("device", &self.device)
            .field("codec", &self.codec)
            .field("max_length", &self.max_length)
            .field("state", &self.state)
            .finish_non_exhaustive()
    }
}
