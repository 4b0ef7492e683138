//! The load over encrypted connections: clients of rustls that believe every certificate.

use std::io::{self, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
};

use crate::case::{BLOCK, Encrypted, MESSAGE};
use crate::control;
use crate::load::{check, connect as connect_plain};

type Stream = StreamOwned<ClientConnection, TcpStream>;

/// Does `count` operations over as many connections.
pub(crate) fn run(work: Encrypted, port: u16, count: u64, connections: usize) -> io::Result<()> {
    let config = config();
    match work {
        Encrypted::Echo => echo(&config, port, count, connections),
        Encrypted::Receive => send(connect(&config, port, 0)?, count),
        Encrypted::Send => receive(connect(&config, port, 0)?, count),
        Encrypted::Idle => stay(&config, port, count),
    }
}

fn connect(config: &Arc<ClientConfig>, port: u16, number: u64) -> io::Result<Stream> {
    let mut stream = connect_plain(port, number)?;
    let name = ServerName::try_from("localhost").map_err(io::Error::other)?;
    let mut client = ClientConnection::new(config.clone(), name).map_err(io::Error::other)?;
    while client.is_handshaking() {
        client.complete_io(&mut stream)?;
    }
    Ok(StreamOwned::new(client, stream))
}

/// Writes a message on each connection, then reads them all.
fn echo(config: &Arc<ClientConfig>, port: u16, count: u64, connections: usize) -> io::Result<()> {
    let connect = |number| connect(config, port, number);
    let mut streams = (0..connections as u64).map(connect).collect::<io::Result<Vec<_>>>()?;
    let message = [7; MESSAGE];
    for _ in 0..count / connections as u64 {
        for stream in &mut streams {
            stream.write_all(&message)?;
            stream.flush()?;
        }
        for stream in &mut streams {
            let mut echoed = [0; MESSAGE];
            stream.read_exact(&mut echoed)?;
            check(&echoed, &message)?;
        }
    }
    for stream in &mut streams {
        end(stream)?;
    }
    Ok(())
}

/// Ends in order: the server has seen the end when this returns.
fn end(stream: &mut Stream) -> io::Result<()> {
    stream.conn.send_close_notify();
    stream.flush()?;
    match stream.read(&mut [0]) {
        Ok(0) => Ok(()),
        // A server may close without a word.
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(()),
        Ok(_) => Err(ErrorKind::InvalidData.into()),
        Err(error) => Err(error),
    }
}

fn send(mut stream: Stream, blocks: u64) -> io::Result<()> {
    let block = vec![7; BLOCK];
    for _ in 0..blocks {
        stream.write_all(&block)?;
    }
    end(&mut stream)
}

fn receive(mut stream: Stream, blocks: u64) -> io::Result<()> {
    let wanted = blocks * BLOCK as u64;
    stream.write_all(&wanted.to_le_bytes())?;
    stream.flush()?;
    let mut block = vec![0; BLOCK];
    let mut received = 0;
    while received < wanted {
        match stream.read(&mut block)? {
            0 => return Err(ErrorKind::UnexpectedEof.into()),
            count => received += count as u64,
        }
    }
    end(&mut stream)
}

/// Connections that stay: told when they stand, then after a message on each, until the input ends.
fn stay(config: &Arc<ClientConfig>, port: u16, count: u64) -> io::Result<()> {
    let connect = |number| connect(config, port, number);
    let mut streams = (0..count).map(connect).collect::<io::Result<Vec<_>>>()?;
    let mut exchange = |stream: &mut Stream| -> io::Result<()> {
        stream.write_all(&[7; MESSAGE])?;
        stream.flush()?;
        stream.read_exact(&mut [0; MESSAGE])
    };
    // The last one has had an answer, so the server has taken all.
    if let Some(last) = streams.last_mut() {
        exchange(last)?;
    }
    control::tell("standing");
    io::stdin().read_line(&mut String::new())?;
    streams.iter_mut().try_for_each(&mut exchange)?;
    control::tell("greeted");
    io::stdin().read_line(&mut String::new())?;
    Ok(())
}

fn config() -> Arc<ClientConfig> {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the protocols of the provider")
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Believes))
        .with_no_client_auth();
    Arc::new(config)
}

/// Believes every certificate.
#[derive(Debug)]
struct Believes;

impl ServerCertVerifier for Believes {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}
