//! Datagrams: what the application does with its UDP sockets, and what becomes of each datagram.

use std::cell::RefCell;
use std::io::ErrorKind;
use std::net::SocketAddr;
use std::rc::Rc;

use slotwire::prelude::*;

use super::application::{Application, OPEN, REFUSING};
use super::calls::Call;
use super::content::Content;
use super::model::Look;
use super::observer::{look_at, observe};
use super::program::DatagramAction;
use super::sayings::Said;

/// What begins a datagram that is long enough: its number.
const MARK: usize = 8;

/// The application's UDP sockets, and all datagrams that anybody has sent.
#[derive(Debug, Default)]
pub(crate) struct Datagrams {
    pub(crate) sockets: RefCell<Vec<Own>>,
    sent: RefCell<Vec<Sent>>,
}

/// A UDP socket of the application.
#[derive(Debug)]
pub(crate) struct Own {
    pub(crate) socket: Obj<QUdpSocket>,
    pub(crate) who: usize,
    /// It has said that there is something to read, and nobody has looked.
    pub(crate) is_announced: bool,
    /// It has announced or given a datagram, and no read has found out that it was the last.
    expects_more: bool,
    /// Where peers can send to.
    port: Option<u16>,
    /// How often it has sent something that may be refused: a link may double it.
    refusable: u32,
}

/// A datagram that was sent.
#[derive(Debug)]
struct Sent {
    size: usize,
    arrivals: u32,
}

impl Datagrams {
    /// The number in the model of the socket with a number, of which any will do.
    pub(crate) fn who(&self, number: usize) -> usize {
        let sockets = self.sockets.borrow();
        sockets[number % sockets.len()].who
    }

    /// The same socket.
    pub(crate) fn socket(&self, number: usize) -> Obj<QUdpSocket> {
        let sockets = self.sockets.borrow();
        sockets[number % sockets.len()].socket
    }

    /// Whether it has said that there is something to read, and nobody has looked.
    pub(crate) fn is_announced(&self, number: usize) -> bool {
        let sockets = self.sockets.borrow();
        sockets[number % sockets.len()].is_announced
    }

    /// All their numbers in the model.
    pub(crate) fn all(&self) -> Vec<usize> {
        self.sockets.borrow().iter().map(|own| own.who).collect()
    }

    /// Those that have something to read.
    pub(crate) fn unread(&self, world: &World) -> Vec<usize> {
        let sockets = self.sockets.borrow();
        let can_read = |state| matches!(state, SocketState::Bound | SocketState::Connected);
        let has_some = |own: &&Own| {
            let socket = world.get(own.socket).filter(|socket| can_read(socket.state()));
            socket.is_some_and(|socket| socket.has_pending_datagrams())
        };
        sockets.iter().filter(has_some).map(|own| own.who).collect()
    }

    /// How many are still there.
    pub(crate) fn count_alive(&self, world: &World) -> usize {
        let mut sockets = self.sockets.borrow_mut();
        sockets.retain(|own| world.contains(own.socket));
        sockets.len()
    }

    /// Whoever has something to read has said so.
    pub(crate) fn check_announced(&self, world: &World) -> Result<(), String> {
        let unread = self.unread(world);
        let sockets = self.sockets.borrow();
        let silent = sockets.iter().find(|own| unread.contains(&own.who) && !own.is_announced);
        silent.map_or(Ok(()), |own| Err(format!("#{} has a datagram and says nothing", own.who)))
    }

    /// The port of the socket with a number, of which any will do.
    pub(crate) fn port(&self, number: usize) -> Option<u16> {
        let sockets = self.sockets.borrow();
        sockets[number % sockets.len()].port
    }

    /// The bytes of the next datagram.
    pub(crate) fn next(&self, size: usize) -> Vec<u8> {
        let mut sent = self.sent.borrow_mut();
        let number = sent.len();
        sent.push(Sent { size, arrivals: 0 });
        let mut bytes = Content::of_application(number).bytes(0, size);
        if size >= MARK {
            bytes[..MARK].copy_from_slice(&(number as u64).to_le_bytes());
        }
        bytes
    }

    /// Checks that what has come is what somebody has sent, and not too often. `is_whole` is `None`
    /// if whoever reads cannot tell a whole datagram from the beginning of a longer one.
    pub(crate) fn arrived(&self, bytes: &[u8], is_whole: Option<bool>) -> Result<(), String> {
        let fits = |sent: &Sent| match is_whole {
            Some(true) => sent.size == bytes.len(),
            Some(false) => sent.size > bytes.len(),
            None => sent.size >= bytes.len(),
        };
        let Some((mark, rest)) = bytes.split_first_chunk::<MARK>() else {
            let is_known = self.sent.borrow().iter().any(fits);
            return is_known.then_some(()).ok_or("a datagram that nobody has sent".to_owned());
        };
        let number = u64::from_le_bytes(*mark) as usize;
        let mut all = self.sent.borrow_mut();
        let sent = all.get_mut(number).ok_or(format!("datagram {number} was not sent"))?;
        sent.arrivals += 1;
        if !fits(sent) {
            return Err(format!(
                "of datagram {number} with {} bytes come {}{}",
                sent.size,
                bytes.len(),
                if is_whole == Some(false) { ", which is said to be a part" } else { "" }
            ));
        }
        if Content::of_application(number).first_fault(MARK as u64, rest).is_some() {
            return Err(format!("datagram {number} has changed"));
        }
        match sent.arrivals {
            ..=2 => Ok(()),
            times => Err(format!("datagram {number} comes {times} times")),
        }
    }
}

impl Application {
    /// Adds a UDP socket that is to be looked after.
    pub(crate) fn add_datagrams(self: &Rc<Self>, world: &mut World) {
        let socket = world.add(QUdpSocket::new());
        let who = self.model.borrow_mut().add(true, look_at(&world[socket]));
        self.datagrams.sockets.borrow_mut().push(Own {
            socket,
            who,
            is_announced: false,
            expects_more: false,
            port: None,
            refusable: 0,
        });
        observe(self, world, socket, who);
    }

    /// A UDP socket says that there is something to read.
    pub(crate) fn hear_datagram(&self, who: usize, look: Look) -> Result<(), String> {
        let mut sockets = self.datagrams.sockets.borrow_mut();
        let own = sockets.iter_mut().find(|own| own.who == who).ok_or("nobody's ready_read")?;
        own.expects_more = true;
        let is_repeated = std::mem::replace(&mut own.is_announced, true);
        let is_there = matches!(look.state, SocketState::Bound | SocketState::Connected);
        match (is_repeated, is_there || !self.model.borrow().is_at_rest()) {
            (false, true) => Ok(()),
            (true, _) => Err("ready_read again, and nobody has read".to_owned()),
            (_, false) => Err(format!("ready_read of a socket that is {:?}", look.state)),
        }
    }

    /// A UDP socket is told of what was refused, and no more often than that was.
    pub(crate) fn hear_refusal(&self, who: usize, said: Said) -> Result<(), String> {
        let mut sockets = self.datagrams.sockets.borrow_mut();
        let own = sockets.iter_mut().find(|own| own.who == who);
        if let (Some(own), Said::Error(SocketError::ConnectionRefused)) = (own, said) {
            let left = own.refusable.checked_sub(1);
            own.refusable = left.ok_or("it is told of a refusal that was none")?;
        }
        Ok(())
    }

    /// Does something to the UDP socket of this number in the model, if it is still there.
    pub(crate) fn act_on_datagrams(
        self: &Rc<Self>,
        world: &mut World,
        who: usize,
        action: DatagramAction,
    ) {
        let found = self.datagrams.sockets.borrow().iter().position(|own| own.who == who);
        let Some(place) = found else { return };
        let socket = self.datagrams.sockets.borrow()[place].socket;
        if !world.contains(socket) {
            return;
        }
        self.notebook.note(format_args!("    #{who} {action:?}"));
        let before = world[socket].state();
        let far = self.network.addresses(self.far)[0];
        let call = match action {
            DatagramAction::Bind => {
                let bound = world[socket].bind(BindAddress::AnyIpv4, 0, BindMode::DEFAULT);
                Call::Bind { is_bound: bound.is_ok() }
            }
            DatagramAction::Connect(target) => {
                let (host, port) = self.address_of(target);
                let is_literal = host.parse::<std::net::IpAddr>().is_ok();
                world[socket].connect_to_host(&host, port);
                Call::Connect { is_literal }
            }
            DatagramAction::SendTo(to_peer, size) => {
                let to = SocketAddr::new(far, if to_peer { OPEN } else { REFUSING });
                let bytes = self.datagrams.next(size);
                let sent = world[socket].write_datagram(&bytes, to);
                let is_unsaid = SocketError::UnfinishedSocketOperation;
                let sent = sent.map_err(|error| error.kind() != is_unsaid);
                Call::Sent { is_addressed: true, sent }
            }
            DatagramAction::Write(size) => self.write_datagram(world, socket, size),
            DatagramAction::Read(size) => {
                self.looked_at(place);
                let mut buffer = vec![0; size];
                let read = world[socket].read_datagram(&mut buffer);
                let was_expected = self.has_read(place, read.is_ok());
                match read {
                    Ok((0, _)) if size == 0 => Call::Received(Ok(())),
                    Ok((count, _)) => {
                        // One that fills the buffer may have been longer.
                        let is_whole = (count < size).then_some(true);
                        if is_whole.is_some() || count > MARK {
                            self.notebook.check(self.datagrams.arrived(&buffer[..count], is_whole));
                        }
                        Call::Received(Ok(()))
                    }
                    // Whoever reads until nothing is left hears of no error.
                    Err(error) if error.kind() == ErrorKind::WouldBlock => {
                        Call::Received(Err(!was_expected))
                    }
                    Err(error) => Call::Received(Err(error.kind() != ErrorKind::NotConnected)),
                }
            }
            DatagramAction::Receive(max) => self.receive(world, place, socket, max).1,
            DatagramAction::ReceiveAll => {
                for _ in 0..1_000 {
                    let (is_more, call) = self.receive(world, place, socket, None);
                    if !is_more {
                        let look = look_at(&world[socket]);
                        let called = self.model.borrow_mut().called(who, call, look);
                        self.notebook.check(called.map_err(|fault| format!("#{who}: {fault}")));
                        break;
                    }
                }
                Call::Other
            }
            DatagramAction::Disconnect => {
                world[socket].disconnect_from_host();
                Call::Disconnect
            }
            DatagramAction::Close => {
                world[socket].close();
                Call::Close
            }
            DatagramAction::Abort => {
                world[socket].abort();
                Call::Abort
            }
            DatagramAction::Destroy => match world.destroy(socket) {
                true => Call::Destroy,
                false => Call::Other,
            },
        };
        let look = look_at(&world[socket]);
        if look.state != before {
            self.looked_at(place);
            self.has_read(place, false);
        }
        let own = &mut self.datagrams.sockets.borrow_mut()[place];
        own.port = world[socket].local_port();
        own.refusable += 2 * u32::from(matches!(call, Call::Sent { sent: Ok(_), .. }));
        let called = self.model.borrow_mut().called(who, call, look);
        self.notebook.check(called.map_err(|fault| format!("#{who}: {fault}")));
    }

    fn write_datagram(&self, world: &mut World, socket: Obj<QUdpSocket>, size: usize) -> Call {
        if !world[socket].is_writable() || world[socket].state() == SocketState::Unconnected {
            let answer = world[socket].write(&[0; 8]).map_err(|error| error.kind());
            self.notebook.expect(answer == Err(ErrorKind::NotConnected), || {
                format!("a write to nobody gives {answer:?}")
            });
            return Call::Other;
        }
        let bytes = self.datagrams.next(size);
        let sent =
            world[socket].write(&bytes).map_err(|error| error.kind() != ErrorKind::NotConnected);
        Call::Sent { is_addressed: false, sent }
    }

    /// Receives a datagram; says whether there may be more.
    fn receive(
        &self,
        world: &mut World,
        place: usize,
        socket: Obj<QUdpSocket>,
        max: Option<usize>,
    ) -> (bool, Call) {
        self.looked_at(place);
        let received = world[socket].receive_datagram(max);
        self.has_read(place, matches!(received, Ok(Some(_))));
        match received {
            Ok(Some(datagram)) => {
                let is_whole = !datagram.is_truncated();
                self.notebook.check(self.datagrams.arrived(datagram.data(), Some(is_whole)));
                (true, Call::Received(Ok(())))
            }
            Ok(None) => (false, Call::Received(Ok(()))),
            Err(error) => (false, Call::Received(Err(error.kind() != SocketError::Operation))),
        }
    }

    /// A datagram was read, or there was none. Returns true if one could be expected.
    fn has_read(&self, place: usize, has_found: bool) -> bool {
        let expects_more = &mut self.datagrams.sockets.borrow_mut()[place].expects_more;
        std::mem::replace(expects_more, has_found)
    }

    /// A socket was read from, or is another than it was: it may announce again.
    fn looked_at(&self, place: usize) {
        self.datagrams.sockets.borrow_mut()[place].is_announced = false;
    }
}
