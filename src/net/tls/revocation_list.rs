//! `RevocationList`: the certificates that an issuer has revoked.

use rustls::pki_types::CertificateRevocationListDer;
use rustls::pki_types::pem::PemObject;
use webpki::{CertRevocationList, OwnedCertRevocationList};

use super::parse_error::SslParseError;
use super::pem_text;

/// A list of revoked certificates (CRL, RFC 5280), parsed.
#[derive(Debug)]
pub(super) struct RevocationList {
    der: Vec<u8>,
    pub(super) parsed: CertRevocationList<'static>,
}

impl RevocationList {
    /// Parses one list in DER, or the lists of a text in PEM.
    pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Self>, SslParseError> {
        if !pem_text::is_pem(bytes) {
            return Ok(vec![Self::from_der(bytes)?]);
        }
        let mut found = Vec::new();
        for section in CertificateRevocationListDer::pem_slice_iter(bytes) {
            found.push(Self::from_der(&section.map_err(pem_text::fault)?)?);
        }
        match found.is_empty() {
            true => {
                Err(SslParseError::NothingFound { thing: "a revocation list", label: "X509 CRL" })
            }
            false => Ok(found),
        }
    }

    fn from_der(der: &[u8]) -> Result<Self, SslParseError> {
        let parsed = OwnedCertRevocationList::from_der(der)
            .map_err(|error| SslParseError::der("a revocation list", error))?;
        Ok(Self { der: der.to_vec(), parsed: parsed.into() })
    }
}

impl PartialEq for RevocationList {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for RevocationList {}
