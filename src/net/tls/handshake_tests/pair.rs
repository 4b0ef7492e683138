//! Two ends that shake hands over buffers.

use std::time::Duration;

use rustls::pki_types::UnixTime;
use rustls::{Connection, HandshakeKind};

use crate::net::tls::hearing::{Heard, hear};
use crate::net::tls::{SslConfiguration, SslErrorKind};

/// 1 January of a year after 1970.
pub(super) fn year(year: u64) -> UnixTime {
    let leap_days = (year - 1969) / 4;
    UnixTime::since_unix_epoch(Duration::from_secs(((year - 1970) * 365 + leap_days) * 86_400))
}

fn later(time: UnixTime, by: Duration) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(time.as_secs()) + by)
}

/// How a handshake is made.
#[derive(Clone, Copy)]
pub(super) struct Terms {
    pub(super) now: UnixTime,
    /// The server's clock is ahead of the client's by so much.
    pub(super) server_is_ahead: Duration,
    pub(super) is_client_lenient: bool,
    pub(super) is_server_lenient: bool,
}

impl Terms {
    /// In the year 2030, with no error let pass.
    pub(super) fn strict() -> Self {
        Self {
            now: year(2030),
            server_is_ahead: Duration::ZERO,
            is_client_lenient: false,
            is_server_lenient: false,
        }
    }

    /// In the year 2030, with all errors let pass.
    pub(super) fn lenient() -> Self {
        Self { is_client_lenient: true, is_server_lenient: true, ..Self::strict() }
    }

    /// Later than [`strict`](Self::strict), with no error let pass.
    pub(super) fn after(time: Duration) -> Self {
        Self { now: later(year(2030), time), ..Self::strict() }
    }

    /// In another year, with no error let pass.
    pub(super) fn in_year(now: u64) -> Self {
        Self { now: year(now), ..Self::strict() }
    }
}

/// An end of a handshake, and what it has noted.
pub(super) struct End {
    pub(super) connection: Connection,
    is_lenient: bool,
    pub(super) heard: Heard,
    pub(super) error: Option<rustls::Error>,
}

impl End {
    /// Takes what the peer has to send. Returns true if there was something.
    fn take_from(&mut self, peer: &mut Self, now: UnixTime) -> bool {
        let mut bytes = Vec::new();
        while peer.connection.wants_write() {
            peer.connection.write_tls(&mut bytes).expect("a vector takes all");
        }
        let mut rest = &*bytes;
        while !rest.is_empty() && self.error.is_none() {
            let (result, heard) = hear(now, self.is_lenient, || {
                self.connection.read_tls(&mut rest).expect("a slice never fails");
                self.connection.process_new_packets().map(|_| ())
            });
            self.heard.errors.extend(heard.errors);
            self.heard.tickets += heard.tickets;
            self.error = result.err();
        }
        !bytes.is_empty()
    }

    /// Returns the kinds of the errors that were noted.
    pub(super) fn kinds(&self) -> Vec<SslErrorKind> {
        self.heard.errors.iter().map(|error| error.kind()).collect()
    }
}

/// Two ends that have said all that they have to say.
pub(super) struct Pair {
    pub(super) client: End,
    pub(super) server: End,
}

impl Pair {
    /// Shakes hands with `example.org`.
    pub(super) fn new(client: &SslConfiguration, server: &SslConfiguration, terms: Terms) -> Self {
        Self::named("example.org", client, server, terms)
    }

    pub(super) fn named(
        name: &str,
        client: &SslConfiguration,
        server: &SslConfiguration,
        terms: Terms,
    ) -> Self {
        let end = |connection, is_lenient| {
            let heard = Heard::default();
            End { connection, is_lenient, heard, error: None }
        };
        let (connection, _) = hear(terms.now, false, || client.client(name));
        let connection = connection.expect("the client is configured");
        let client = end(connection, terms.is_client_lenient);
        let connection = server.server().expect("the server is configured");
        let server = end(connection, terms.is_server_lenient);
        let mut pair = Self { client, server };
        loop {
            let now = later(terms.now, terms.server_is_ahead);
            let to_server = pair.server.take_from(&mut pair.client, now);
            let to_client = pair.client.take_from(&mut pair.server, terms.now);
            if !to_server && !to_client {
                return pair;
            }
        }
    }

    pub(super) fn is_established(&self) -> bool {
        [&self.client, &self.server]
            .iter()
            .all(|end| end.error.is_none() && !end.connection.is_handshaking())
    }

    /// Returns true if both ends have gone on with an earlier session.
    pub(super) fn is_resumed(&self) -> bool {
        [&self.client, &self.server]
            .iter()
            .all(|end| end.connection.handshake_kind() == Some(HandshakeKind::Resumed))
    }
}
