//! `Gate`: a proxy on a simulated host, which follows a script, and the peer behind it.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::time::Duration;

use slotwire::sim::{SimHost, SimListener, SimNetwork, SimStream};

use super::content::Content;
use super::dice::Dice;
use super::script::{Fate, Kind, PASSWORD, PORT, Script, USER};

/// How long the proxy thinks at most before it says a piece, in milliseconds.
const THINKS: usize = 20;

/// The proof of the right password by Basic: `ann:pw`.
const PROOF: &str = "\r\nProxy-Authorization: Basic YW5uOnB3\r\n";

/// A proxy, and the peer behind it.
#[derive(Debug)]
pub(crate) struct Gate {
    listener: SimListener,
    dice: Dice,
    script: Script,
    attempt: usize,
    calls: Vec<Call>,
    /// How many bytes the peer has said, and heard.
    pub(crate) sent: u64,
    pub(crate) received: u64,
    /// The peer has heard the end.
    pub(crate) has_heard_end: bool,
}

/// A connection to the proxy.
#[derive(Debug)]
struct Call {
    stream: Option<SimStream>,
    stage: Stage,
    heard: Vec<u8>,
    /// What is to be said, and when.
    says: VecDeque<(Duration, Vec<u8>)>,
    /// What comes when all is said.
    end: Option<End>,
    has_heard_end: bool,
}

/// What the proxy awaits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Begin,
    Password,
    Request,
    /// Bytes are the peer's.
    Stands,
    /// It listens no more.
    Over,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    ShutsDown,
    Resets,
}

impl Gate {
    pub(crate) fn new(network: &SimNetwork, host: SimHost, seed: u64) -> Self {
        let listener = network.listen(host, PORT).expect("the port is free");
        Self {
            listener,
            dice: Dice::new(!seed),
            script: Script::plain(),
            attempt: 0,
            calls: Vec::new(),
            sent: 0,
            received: 0,
            has_heard_end: false,
        }
    }

    /// Begins to follow a script. What is left of the attempt before is dropped.
    pub(crate) fn begin(&mut self, script: Script, attempt: usize) {
        while self.listener.accept().is_ok() {}
        self.calls.clear();
        (self.script, self.attempt) = (script, attempt);
        (self.sent, self.received, self.has_heard_end) = (0, 0, false);
    }

    /// Lets the peer say so many bytes, if it is there.
    pub(crate) fn send(&mut self, now: Duration, count: usize) {
        let Some(call) = self.calls.iter_mut().find(|call| call.stage == Stage::Stands) else {
            return;
        };
        if call.end.is_none() && call.stream.is_some() {
            let bytes = Content::of_peer(self.attempt as u16).bytes(self.sent, count);
            self.sent += count as u64;
            call.say(now, &bytes, &mut self.dice);
        }
    }

    /// Lets the peer end its direction, once all is said.
    pub(crate) fn shut_down(&mut self) {
        for call in self.calls.iter_mut().filter(|call| call.stage == Stage::Stands) {
            call.end = Some(End::ShutsDown);
        }
    }

    /// Does all that there is to do now. Returns true if something was done.
    pub(crate) fn turn(&mut self, now: Duration) -> Result<bool, String> {
        let mut is_busy = false;
        while let Ok((stream, _)) = self.listener.accept() {
            is_busy = true;
            self.calls.push(Call {
                stream: Some(stream),
                stage: Stage::Begin,
                heard: Vec::new(),
                says: VecDeque::new(),
                end: None,
                has_heard_end: false,
            });
        }
        for number in 0..self.calls.len() {
            is_busy |= self.calls[number].listen();
            while self.answer(number, now)? {
                is_busy = true;
            }
            is_busy |= self.calls[number].speak(now);
        }
        Ok(is_busy)
    }

    /// Takes what a call has said. Returns true if there may be more to take.
    fn answer(&mut self, number: usize, now: Duration) -> Result<bool, String> {
        let call = &mut self.calls[number];
        if call.stage == Stage::Over {
            call.heard.clear();
            return Ok(false);
        }
        if call.stage == Stage::Stands {
            self.has_heard_end |= call.has_heard_end;
            let content = Content::of_application(self.attempt);
            if let Some(place) = content.first_fault(self.received, &call.heard) {
                return Err(format!("the peer hears a wrong byte at {place}"));
            }
            self.received += call.heard.len() as u64;
            call.heard.clear();
            return Ok(false);
        }
        match self.script.kind {
            Kind::Socks5 => self.answer_socks5(number, now),
            Kind::Http => self.answer_http(number, now),
        }
    }

    fn answer_socks5(&mut self, number: usize, now: Duration) -> Result<bool, String> {
        let (call, asks) = (&mut self.calls[number], self.script.asks);
        let (taken, said, next): (usize, &[u8], Stage) = match (call.stage, &call.heard[..]) {
            (Stage::Begin, &[5, 1, 0, ..]) if asks => (3, b"\x05\xff", Stage::Over),
            (Stage::Begin, &[5, 1, 0, ..]) => (3, b"\x05\x00", Stage::Request),
            (Stage::Begin, &[5, 1, 2, ..]) => match asks || self.dice.is_one_in(2) {
                true => (3, b"\x05\x02", Stage::Password),
                false => (3, b"\x05\x00", Stage::Request),
            },
            (Stage::Password, heard) => {
                let right = [&[1, 3], USER.as_bytes(), &[2], PASSWORD.as_bytes()].concat();
                let wrong = [&[1, 3], USER.as_bytes(), &[5], b"wrong"].concat();
                match (heard.starts_with(&right), heard.starts_with(&wrong)) {
                    (true, _) => (right.len(), b"\x01\x00", Stage::Request),
                    (_, true) if asks => (wrong.len(), b"\x01\x01", Stage::Over),
                    (_, true) => (wrong.len(), b"\x01\x00", Stage::Request),
                    _ if right.starts_with(heard) || wrong.starts_with(heard) => return Ok(false),
                    _ => return Err(format!("the proxy hears the password {heard:?}")),
                }
            }
            (Stage::Request, heard) => {
                let request: &[u8] = match self.script.is_by_name {
                    true => b"\x05\x01\x00\x03\x0fexample.invalid\x00\x50",
                    false => b"\x05\x01\x00\x01\x0a\x63\x00\x01\x00\x50",
                };
                if heard.len() < request.len() && request.starts_with(heard) {
                    return Ok(false);
                }
                if !heard.starts_with(request) {
                    return Err(format!("the proxy hears the request {heard:?}"));
                }
                call.heard.drain(..request.len());
                self.decide(number, now);
                return Ok(true);
            }
            (_, heard) if heard.len() < 3 => return Ok(false),
            (_, heard) => {
                let heard = String::from_utf8_lossy(heard);
                return Err(format!("the proxy hears the greeting {heard:?}"));
            }
        };
        call.heard.drain(..taken);
        call.stage = next;
        call.say(now, said, &mut self.dice);
        if next == Stage::Over {
            call.end = Some(End::ShutsDown);
        }
        Ok(true)
    }

    fn answer_http(&mut self, number: usize, now: Duration) -> Result<bool, String> {
        let call = &mut self.calls[number];
        let Some(end) = call.heard.windows(4).position(|bytes| bytes == b"\r\n\r\n") else {
            return Ok(false);
        };
        let request = String::from_utf8_lossy(&call.heard[..end + 4]).into_owned();
        call.heard.drain(..end + 4);
        let host = if self.script.is_by_name { "example.invalid" } else { "10.99.0.1" };
        if !request.starts_with(&format!("CONNECT {host}:80 HTTP/1.1\r\nHost: {host}\r\n")) {
            return Err(format!("the proxy hears the request {request:?}"));
        }
        if !self.script.asks || request.contains(PROOF) {
            self.decide(number, now);
            return Ok(true);
        }
        let keeps = self.script.keeps;
        let fields = if keeps { "Content-Length: 4" } else { "Connection: close" };
        let demand = "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=\"zone\"\r\n";
        call.say(now, format!("{demand}{fields}\r\n\r\nbody").as_bytes(), &mut self.dice);
        if !keeps {
            (call.stage, call.end) = (Stage::Over, Some(End::ShutsDown));
        }
        Ok(true)
    }

    /// The user is known, and the request has come.
    fn decide(&mut self, number: usize, now: Duration) {
        let (call, script) = (&mut self.calls[number], &self.script);
        call.stage = Stage::Over;
        let accepts = script.acceptance();
        let said = match script.fate {
            Fate::Accepts => {
                call.stage = Stage::Stands;
                // What the peer says at once may come in the same piece.
                let greeting = if self.dice.is_one_in(2) { self.dice.below(300) } else { 0 };
                self.sent = greeting as u64;
                let greeting = Content::of_peer(self.attempt as u16).bytes(0, greeting);
                [accepts, &greeting].concat()
            }
            Fate::Refuses(reason) => script.refusal(reason).0.to_vec(),
            Fate::TalksNonsense => [b"nonsense\r\n\r\n", accepts].concat(),
            Fate::Ends(count) | Fate::Resets(count) | Fate::FallsSilent(count) => {
                accepts[..count].to_vec()
            }
        };
        call.end = match script.fate {
            Fate::Ends(_) => Some(End::ShutsDown),
            Fate::Resets(_) => Some(End::Resets),
            _ => None,
        };
        call.say(now, &said, &mut self.dice);
    }
}

impl Call {
    /// Plans to say this, in pieces.
    fn say(&mut self, now: Duration, bytes: &[u8], dice: &mut Dice) {
        let mut due = self.says.back().map_or(now, |&(due, _)| due.max(now));
        let mut rest = bytes;
        while !rest.is_empty() {
            let longest = if dice.is_one_in(3) { 4 } else { rest.len() };
            let (piece, others) = rest.split_at(1 + dice.below(longest.min(rest.len())));
            if dice.is_one_in(3) {
                due += dice.time(THINKS);
            }
            self.says.push_back((due, piece.to_vec()));
            rest = others;
        }
    }

    /// Reads all there is. Returns true if there was something.
    fn listen(&mut self) -> bool {
        let Some(stream) = &mut self.stream else { return false };
        let (mut buffer, mut any) = ([0; 4096], false);
        while !self.has_heard_end {
            match stream.read(&mut buffer) {
                Ok(0) => self.has_heard_end = true,
                Ok(count) => self.heard.extend_from_slice(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => {
                    self.stream = None;
                    return true;
                }
            }
            any = true;
        }
        any
    }

    /// Says what is due, and ends when all is said. Returns true if something was done.
    fn speak(&mut self, now: Duration) -> bool {
        let mut any = false;
        while let (Some((due, bytes)), Some(stream)) = (self.says.front_mut(), &mut self.stream)
            && *due <= now
        {
            match stream.write(bytes) {
                Ok(count) => drop(bytes.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return any,
                Err(_) => {
                    self.stream = None;
                    return true;
                }
            }
            any = true;
            if bytes.is_empty() {
                self.says.pop_front();
            }
        }
        if !self.says.is_empty() {
            return any;
        }
        match self.end.take() {
            Some(End::Resets) => self.stream.take().is_some_and(|stream| {
                stream.reset();
                true
            }),
            Some(End::ShutsDown) => {
                any | self.stream.as_ref().is_some_and(|it| it.shutdown(Shutdown::Write).is_ok())
            }
            // Whoever has heard the end has nothing more to say.
            None if self.has_heard_end => any | self.stream.take().is_some(),
            None => any,
        }
    }
}
