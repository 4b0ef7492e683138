//! Encrypted connections: rustls driven by hand over mio, slotwire's `QSslSocket`, and tokio-rustls,
//! all with the same version of rustls and the same kind of certificate.

mod by_hand;
mod load;
mod on_slotwire;
mod on_tokio;

pub(crate) use by_hand::serve as serve_by_hand;
pub(crate) use load::run as load;
pub(crate) use on_slotwire::listener;
pub(crate) use on_tokio::serve as serve_on_tokio;

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::ring::default_provider;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A certificate of a server that proves nothing, and its key.
fn certificate() -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).expect("a key");
    let params = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("a name");
    let certificate = params.self_signed(&key).expect("a certificate").der().clone();
    (certificate, PrivateKeyDer::try_from(key.serialize_der()).expect("a key"))
}

fn server_config() -> Arc<ServerConfig> {
    let (certificate, key) = certificate();
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the protocols of the provider")
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key);
    Arc::new(config.expect("a certificate and its key"))
}
