//! A peer that says whatever it likes under the keys of a session: what no TLS library would say.
//!
//! The handshake is the TLS library's. Then the keys are taken out of it, and each record is encrypted
//! by hand.

use std::io::ErrorKind;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::cipher::{MessageEncrypter, OutboundChunks, OutboundPlainMessage};
use rustls::crypto::ring::{self, cipher_suite};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{
    ClientConfig, ClientConnection, Connection, ConnectionTrafficSecrets, ContentType,
    ProtocolVersion, RootCertStore, ServerConfig, ServerConnection, SupportedCipherSuite,
};
use slotwire::SslProtocol;
use slotwire::prelude::*;

use crate::by_hand::ByHand;
use crate::parties::Authority;
use support::*;

/// A peer whose handshake is over, and who has the key of what it says.
pub(crate) struct Forger {
    pub(crate) peer: Peer,
    encrypter: Box<dyn MessageEncrypter>,
    /// How many records it has said.
    said: u64,
    /// What it has said and has not sent.
    pub(crate) unsent: Vec<u8>,
}

/// The one suite of a version whose keys are the same in both.
fn provider(version: SslProtocol) -> Arc<CryptoProvider> {
    let suite = match version {
        SslProtocol::TlsV1_2 => cipher_suite::TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256,
        _ => cipher_suite::TLS13_CHACHA20_POLY1305_SHA256,
    };
    Arc::new(CryptoProvider { cipher_suites: vec![suite], ..ring::default_provider() })
}

/// A server that will forge, and that proves to be `localhost`.
pub(crate) fn server(peer: Peer, authority: &Authority, version: SslProtocol) -> ByHand {
    let (certificate, key) = authority.issued_to("localhost");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key));
    let mut config = ServerConfig::builder_with_provider(provider(version))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(certificate)], key)
        .unwrap();
    config.enable_secret_extraction = true;
    ByHand::of(peer, ServerConnection::new(Arc::new(config)).unwrap().into())
}

/// A client that will forge.
pub(crate) fn client(peer: Peer, authority: &Authority, version: SslProtocol) -> ByHand {
    let mut roots = RootCertStore::empty();
    roots.add(authority.certificate().to_der().to_vec().into()).unwrap();
    let mut config = ClientConfig::builder_with_provider(provider(version))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.enable_secret_extraction = true;
    let name = ServerName::try_from("localhost").unwrap();
    ByHand::of(peer, ClientConnection::new(Arc::new(config), name).unwrap().into())
}

impl Forger {
    /// Takes the keys of a peer whose handshake is over.
    pub(crate) fn of(mut honest: ByHand) -> Self {
        honest.take_said();
        assert!(honest.unsent.is_empty() && !honest.tls.is_handshaking());
        let suite = honest.tls.negotiated_cipher_suite().unwrap();
        let secrets = match honest.tls {
            Connection::Server(tls) => tls.dangerous_extract_secrets(),
            Connection::Client(tls) => tls.dangerous_extract_secrets(),
        };
        let (said, secrets) = secrets.unwrap().tx;
        let ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } = secrets else {
            panic!("only ChaCha20 is offered");
        };
        let encrypter = match suite {
            SupportedCipherSuite::Tls12(suite) => suite.aead_alg.encrypter(key, iv.as_ref(), &[]),
            SupportedCipherSuite::Tls13(suite) => suite.aead_alg.encrypter(key, iv),
        };
        Self { peer: honest.peer, encrypter, said, unsent: Vec::new() }
    }

    /// Says a record with this content.
    pub(crate) fn say(&mut self, typ: ContentType, content: &[u8]) {
        let version = ProtocolVersion::TLSv1_2;
        let record = OutboundPlainMessage { typ, version, payload: OutboundChunks::from(content) };
        let record = self.encrypter.encrypt(record, self.said).unwrap();
        self.unsent.extend(record.encode());
        self.said += 1;
    }

    /// Sends what there is room for. Nobody reads what the other end says.
    pub(crate) fn send(&mut self) {
        while !self.unsent.is_empty() {
            match self.peer.write_now(&self.unsent) {
                Ok(count) => drop(self.unsent.drain(..count)),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // The other end has had enough.
                Err(_) => self.unsent.clear(),
            }
        }
    }

    /// Sends all, as long as the socket is connected.
    #[track_caller]
    pub(crate) fn send_all<T: QAbstractSocket>(&mut self, rt: &mut Runtime, socket: Obj<T>) {
        for _ in 0..DEADLINE.as_millis() {
            self.send();
            settle(rt);
            if self.unsent.is_empty() || rt[socket].state() == SocketState::Unconnected {
                return;
            }
            rt.process_events(Some(std::time::Duration::from_millis(1))).unwrap();
        }
        panic!("{} bytes find no room", self.unsent.len());
    }
}
