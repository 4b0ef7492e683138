//! TLS as a layer of the tests: the sockets have the library's layer on their routes, and the other
//! ends speak TLS by `rustls` alone.
//!
//! The ends of a test do not tell an orderly end from a cut connection: `tests/ssl_socket/` does.

use std::io::{self, ErrorKind, Read, Write};
use std::sync::{Arc, LazyLock};

use rcgen::{CertificateParams, KeyPair, PKCS_ED25519};
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection};
use slotwire::__private::v1::engine::RouteEncryption;
use slotwire::{SslCertificate, SslConfiguration};

use super::layered_network::TestLayer;
use super::speech::{Below, Outbox, Speech};

/// What the peers of all tests prove to be.
const NAME: &str = "peer.example";

/// How much text is encrypted at once.
const RECORD: usize = 8 * 1024;

/// The layer, and what the other ends do for it.
pub(super) const TLS: TestLayer = TestLayer {
    native: "native_with_tls",
    simulated: "simulated_with_tls",
    put_on: |runtime| {
        let encryption = RouteEncryption::new(runtime, PARTIES.sockets.clone());
        Box::new(move |route| encryption.put_on(route, NAME))
    },
    speech: || Box::new(TlsSpeech::new(PARTIES.peers.clone())),
};

/// What the ends of all connections know of each other.
struct Parties {
    sockets: SslConfiguration,
    peers: Arc<ServerConfig>,
}

static PARTIES: LazyLock<Parties> = LazyLock::new(|| {
    // A key whose signatures have always the same length.
    let key = KeyPair::generate_for(&PKCS_ED25519).unwrap();
    let certificate = CertificateParams::new([NAME.to_owned()]).unwrap().self_signed(&key).unwrap();
    let trusted = SslCertificate::from_der(certificate.der().to_vec()).unwrap();
    let sockets = SslConfiguration::default()
        .with_ca_certificates([trusted])
        .unwrap()
        // No test depends on those before it.
        .with_session_resumption(false);
    let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let peers = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    Parties { sockets, peers: Arc::new(peers) }
});

/// The other end of an encrypted connection.
struct TlsSpeech {
    connection: ServerConnection,
    /// What came from below and is not decrypted.
    raw: Vec<u8>,
    /// What is to go below.
    outgoing: Outbox,
}

impl TlsSpeech {
    fn new(config: Arc<ServerConfig>) -> Self {
        let mut connection = ServerConnection::new(config).unwrap();
        connection.set_buffer_limit(None);
        Self { connection, raw: Vec::new(), outgoing: Outbox::default() }
    }

    /// Takes what has come from below. Returns how much that is: 0 at the end.
    fn fetch(&mut self, below: &mut dyn Below) -> io::Result<usize> {
        let mut buffer = [0; 16 * 1024];
        let count = below.read(&mut buffer)?;
        self.raw.extend_from_slice(&buffer[..count]);
        self.decrypt().map(|()| count)
    }

    /// Decrypts what has come, as far as there is room for it.
    fn decrypt(&mut self) -> io::Result<()> {
        let mut rest = &self.raw[..];
        let done = loop {
            if let Err(error) = self.connection.process_new_packets() {
                break Err(io::Error::new(ErrorKind::InvalidData, error));
            }
            // It takes nothing more if the text has to be read first.
            if rest.is_empty() || !matches!(self.connection.read_tls(&mut rest), Ok(1..)) {
                break Ok(());
            }
        };
        let taken = self.raw.len() - rest.len();
        self.raw.drain(..taken);
        done
    }

    /// Encrypts what is to be said.
    fn encrypt(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.outgoing.bytes)?;
        }
        Ok(())
    }
}

impl Speech for TlsSpeech {
    fn greet(&mut self, below: &mut dyn Below) -> io::Result<bool> {
        loop {
            self.send(below)?;
            if !self.connection.is_handshaking() {
                return Ok(!self.outgoing.holds_back());
            }
            match self.fetch(below) {
                Ok(0) => return Err(ErrorKind::ConnectionReset.into()),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
                Err(error) => {
                    // The socket is told why.
                    let _ = self.send(below);
                    return Err(error);
                }
            }
        }
    }

    fn read(&mut self, below: &mut dyn Below, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            match self.connection.reader().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
            let had = self.raw.len();
            self.decrypt()?;
            if self.raw.len() == had && self.fetch(below)? == 0 {
                return Ok(0);
            }
        }
    }

    fn write(&mut self, below: &mut dyn Below, bytes: &[u8]) -> io::Result<usize> {
        self.send(below)?;
        let mut said = 0;
        while !self.outgoing.holds_back() && said < bytes.len() {
            let text = &bytes[said..bytes.len().min(said + RECORD)];
            self.connection.writer().write_all(text)?;
            said += text.len();
            self.send(below)?;
        }
        if said == 0 && !bytes.is_empty() {
            return Err(ErrorKind::WouldBlock.into());
        }
        Ok(said)
    }

    fn finish(&mut self, below: &mut dyn Below) -> io::Result<()> {
        if self.outgoing.finish() {
            let held_back = self.outgoing.holds_back();
            self.connection.send_close_notify();
            self.encrypt()?;
            if !held_back {
                return self.send(below);
            }
        }
        Ok(())
    }

    fn send(&mut self, below: &mut dyn Below) -> io::Result<()> {
        self.encrypt()?;
        self.outgoing.send(below)
    }

    fn holds_back(&self) -> bool {
        self.outgoing.holds_back()
    }

    fn forget(&mut self) {
        self.outgoing.forget();
    }
}
