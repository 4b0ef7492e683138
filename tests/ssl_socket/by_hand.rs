//! A peer that speaks TLS by hand: a connection of the TLS library, whose bytes the test carries,
//! cuts and changes.

use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, Connection, RootCertStore};
use rustls::{ServerConfig, ServerConnection};
use slotwire::prelude::*;
use slotwire::{QSslSocket, SslConfiguration};

use crate::parties::{Authority, ssl_journal_of};
use support::*;

/// A peer that speaks TLS by hand.
pub(crate) struct ByHand {
    pub(crate) peer: Peer,
    pub(crate) tls: Connection,
    /// What the peer has said and has not sent.
    pub(crate) unsent: Vec<u8>,
    /// How many encrypted bytes have come.
    pub(crate) came: usize,
    /// What was decrypted.
    pub(crate) heard: Vec<u8>,
    /// The other end has closed the connection.
    pub(crate) has_ended: bool,
    /// Why the session has failed.
    pub(crate) failure: Option<rustls::Error>,
}

impl ByHand {
    pub(crate) fn server(peer: Peer, authority: &Authority) -> Self {
        Self::server_named(peer, authority, "localhost")
    }

    /// A server that proves to be a host of this name.
    pub(crate) fn server_named(peer: Peer, authority: &Authority, name: &str) -> Self {
        let (certificate, key) = authority.issued_to(name);
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![CertificateDer::from(certificate)], key)
            .unwrap();
        Self::of(peer, ServerConnection::new(Arc::new(config)).unwrap().into())
    }

    pub(crate) fn client(peer: Peer, authority: &Authority) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(authority.certificate().to_der().to_vec().into()).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        Self::of(peer, ClientConnection::new(Arc::new(config), name).unwrap().into())
    }

    pub(crate) fn of(peer: Peer, tls: Connection) -> Self {
        let (unsent, heard) = Default::default();
        Self { peer, tls, unsent, came: 0, heard, has_ended: false, failure: None }
    }

    /// Returns true if the other end has said that no more will come.
    pub(crate) fn has_heard_close(&mut self) -> bool {
        self.tls.process_new_packets().is_ok_and(|state| state.peer_has_closed())
    }

    /// Takes what has come.
    pub(crate) fn hear(&mut self) {
        self.take_said();
        let mut buffer = [0; 4096];
        while !self.has_ended {
            match self.peer.read_now(&mut buffer) {
                Ok(0) => self.has_ended = true,
                Ok(count) => self.take(&buffer[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(_) => self.has_ended = true,
            }
        }
    }

    /// Takes bytes that somebody else has read.
    pub(crate) fn take(&mut self, mut bytes: &[u8]) {
        self.came += bytes.len();
        while !bytes.is_empty() && self.failure.is_none() {
            if self.tls.read_tls(&mut bytes).is_err() {
                break;
            }
            if let Err(error) = self.tls.process_new_packets() {
                self.failure = Some(error);
            }
            let mut reader = self.tls.reader();
            let mut chunk = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut chunk) {
                self.heard.extend_from_slice(&chunk[..count]);
            }
        }
        self.take_said();
    }

    /// Takes what the session has to say.
    pub(crate) fn take_said(&mut self) {
        while self.tls.wants_write() {
            self.tls.write_tls(&mut self.unsent).unwrap();
        }
    }

    /// Encrypts these bytes, and does not send them.
    pub(crate) fn encrypt(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(16 * 1024) {
            self.tls.writer().write_all(chunk).unwrap();
            self.take_said();
        }
    }

    /// Sends what there is room for.
    pub(crate) fn send(&mut self) {
        while !self.unsent.is_empty() {
            match self.peer.write_now(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(_) => return,
            }
        }
    }

    /// Goes on with the session until the condition is true. The kernel may deliver later than it
    /// has sent, of which the loop knows nothing: so it never sleeps for long.
    #[track_caller]
    pub(crate) fn until(
        &mut self,
        rt: &mut Runtime,
        mut condition: impl FnMut(&World, &mut Self) -> bool,
    ) {
        const SHORT: Duration = Duration::from_millis(1);
        for _ in 0..DEADLINE.as_millis() {
            self.hear();
            self.send();
            if condition(rt, self) {
                return;
            }
            rt.process_events(Some(SHORT)).unwrap();
        }
        panic!(
            "what is waited for does not happen: {} bytes, {:?}, ended {}",
            self.heard.len(),
            self.failure,
            self.has_ended
        );
    }

    /// Runs the loop until the socket has ended the connection.
    #[track_caller]
    pub(crate) fn until_dropped(mut self, client: &mut Client) {
        let socket = client.socket;
        self.until(&mut client.rt, |world, server| {
            server.unsent.clear();
            world[socket].state() == SocketState::Unconnected
        });
        settle(&mut client.rt);
    }

    /// Runs the loop until the peer has something to say, which is not sent.
    #[track_caller]
    pub(crate) fn until_it_would_speak(&mut self, rt: &mut Runtime) {
        for _ in 0..DEADLINE.as_millis() {
            self.hear();
            if !self.unsent.is_empty() {
                return;
            }
            rt.process_events(Some(Duration::from_millis(1))).unwrap();
        }
        panic!("the peer has nothing to say");
    }
}

/// A client of ours, and its server, which speaks by hand.
pub(crate) struct Client {
    pub(crate) rt: Runtime,
    pub(crate) socket: Obj<QSslSocket>,
    pub(crate) journal: Journal,
    pub(crate) port: u16,
    pub(crate) listener: Listener,
    pub(crate) authority: Authority,
}

impl Client {
    pub(crate) fn new(net: &Net) -> Self {
        Self::in_runtime(net, net.runtime(), |configuration| configuration)
    }

    pub(crate) fn in_runtime(
        net: &Net,
        mut rt: Runtime,
        change: impl FnOnce(SslConfiguration) -> SslConfiguration,
    ) -> Self {
        let authority = Authority::new();
        let (listener, port) = net.listener();
        let mut socket = QSslSocket::new();
        socket.set_ssl_configuration(change(authority.trusted()));
        socket.set_peer_verify_name("localhost");
        let socket = rt.add(socket);
        let journal = ssl_journal_of(&mut rt, socket);
        Self { rt, socket, journal, port, listener, authority }
    }

    pub(crate) fn connect(&mut self) {
        self.rt[self.socket].connect_to_host_encrypted("127.0.0.1", self.port);
    }

    /// The server's end of the connection that has just begun.
    pub(crate) fn server(&mut self) -> ByHand {
        ByHand::server(caller(&mut self.rt, &self.listener), &self.authority)
    }

    /// Connects, and runs the loop until both ends are encrypted.
    pub(crate) fn connected(&mut self) -> ByHand {
        self.connect();
        let mut server = self.server();
        let socket = self.socket;
        server.until(&mut self.rt, |world, server| {
            world[socket].is_encrypted() && !server.tls.is_handshaking()
        });
        settle(&mut self.rt);
        server.hear();
        server
    }

    /// Runs the loop until the socket is unconnected.
    pub(crate) fn until_ended(&mut self) {
        let socket = self.socket;
        let mut is_over = |world: &World| world[socket].state() == SocketState::Unconnected;
        wait_until(&mut self.rt, &mut is_over);
        settle(&mut self.rt);
    }
}
