//! A peer on the simulated network that plays a script, by calls of the network's.
//!
//! Nobody drives it: it acts whenever time passes, also while the runtime waits for something.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::rc::{Rc, Weak};
use std::task::Poll;
use std::time::Duration;

use slotwire::sim::{SimListener, SimNetwork, SimStream};

use crate::peers::Act;

/// How long an act may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// How often the player looks whether its act can go on.
const GLANCE: Duration = Duration::from_millis(1);

/// A script that is played. Dropped, it is played no further.
#[derive(Debug)]
pub(crate) struct SimScript {
    player: Rc<RefCell<Player>>,
}

impl SimScript {
    /// Begins to play a script with the next connection.
    pub(crate) fn begin(network: &SimNetwork, listener: Rc<SimListener>, script: Vec<Act>) -> Self {
        let player = Rc::new(RefCell::new(Player {
            listener,
            acts: script.into(),
            stream: None,
            begun: network.elapsed(),
            sent: 0,
            heard: Vec::new(),
            received: Vec::new(),
        }));
        go_on(network, &Rc::downgrade(&player));
        Self { player }
    }

    /// What the acts received, as far as it came, once all is played.
    pub(crate) fn received(&self) -> Option<Vec<Vec<u8>>> {
        let player = self.player.borrow();
        player.acts.is_empty().then(|| player.received.clone())
    }
}

/// Plays what can be played now, and looks again in a while if something is left.
fn go_on(network: &SimNetwork, player: &Weak<RefCell<Player>>) {
    let Some(known) = player.upgrade() else { return };
    known.borrow_mut().play(network.elapsed());
    if !known.borrow().acts.is_empty() {
        let player = player.clone();
        network.after(GLANCE, move |network| go_on(network, &player));
    }
}

/// What plays a script.
#[derive(Debug)]
struct Player {
    listener: Rc<SimListener>,
    /// What is left to be done.
    acts: VecDeque<Act>,
    stream: Option<SimStream>,
    /// When the act at the front began.
    begun: Duration,
    /// How much of what it is to send it has sent.
    sent: usize,
    /// What it has received so far.
    heard: Vec<u8>,
    /// What the acts before received.
    received: Vec<Vec<u8>>,
}

impl Player {
    fn play(&mut self, now: Duration) {
        while let Some(act) = self.acts.front().cloned() {
            let is_late = now.saturating_sub(self.begun) >= PATIENCE;
            let done = match (&act, &mut self.stream) {
                (Act::Accept, _) => self.accept(is_late),
                (Act::Sleep(time), _) => match now.saturating_sub(self.begun) < *time {
                    true => Poll::Pending,
                    false => Poll::Ready(()),
                },
                (_, None) => return self.acts.clear(),
                (Act::Receive(count), _) => self.receive(is_late, |heard| heard.len() >= *count),
                (Act::ReceiveUntil(end), _) => self.receive(is_late, |heard| heard.ends_with(end)),
                (Act::ReceiveToEnd, _) => self.receive(is_late, |_| false),
                (Act::Send(bytes), _) => self.send(is_late, bytes),
                (Act::Shutdown, Some(stream)) => {
                    // Whoever was to hear of it notices that it does not.
                    drop(stream.shutdown(Shutdown::Write));
                    Poll::Ready(())
                }
                (Act::Close, stream) => {
                    *stream = None;
                    Poll::Ready(())
                }
                (Act::Reset, stream) => {
                    if let Some(stream) = stream.take() {
                        stream.reset();
                    }
                    Poll::Ready(())
                }
            };
            if done.is_pending() {
                return;
            }
            (self.begun, self.sent) = (now, 0);
            self.acts.pop_front();
        }
    }

    fn accept(&mut self, is_late: bool) -> Poll<()> {
        match self.listener.accept() {
            Ok((stream, _)) => self.stream = Some(stream),
            Err(error) if is_to_wait(&error) && !is_late => return Poll::Pending,
            // The acts that need a connection do not find one.
            Err(_) => {}
        }
        Poll::Ready(())
    }

    /// Receives byte by byte, so that nothing is taken that a later act is to get.
    fn receive(&mut self, is_late: bool, is_enough: impl Fn(&[u8]) -> bool) -> Poll<()> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(()) };
        let mut byte = [0];
        while !is_enough(&self.heard) {
            match stream.read(&mut byte) {
                Ok(1..) => self.heard.extend(byte),
                Err(error) if is_to_wait(&error) && !is_late => return Poll::Pending,
                _ => break,
            }
        }
        self.received.push(std::mem::take(&mut self.heard));
        Poll::Ready(())
    }

    fn send(&mut self, is_late: bool, bytes: &[u8]) -> Poll<()> {
        let Some(stream) = &mut self.stream else { return Poll::Ready(()) };
        while self.sent < bytes.len() {
            match stream.write(&bytes[self.sent..]) {
                Ok(count) => self.sent += count,
                Err(error) if is_to_wait(&error) && !is_late => return Poll::Pending,
                // Whoever was to get it notices that it does not come.
                Err(_) => break,
            }
        }
        Poll::Ready(())
    }
}

fn is_to_wait(error: &io::Error) -> bool {
    error.kind() == ErrorKind::WouldBlock
}
