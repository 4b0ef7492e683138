//! `Papers`: certificates and keys, in files of a folder that is removed in the end.
//!
//! `root` and `stranger` are authorities. `server`, `client`, `expired` and `inner` (an intermediate
//! authority) are issued by `root`; `below` is issued by `inner`, and `strange` by `stranger`. All
//! but the authorities and `client` are certificates of `localhost`. `NAME.pem` has the certificate,
//! and `NAME.key` its key; `chain.pem` has `below` and `inner`.

#![allow(dead_code, reason = "each test binary uses its part of the papers")]

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use slotwire::{SslCertificate, SslConfiguration, SslKey};

pub(crate) struct Papers {
    folder: PathBuf,
}

type Issuer = CertifiedIssuer<'static, KeyPair>;

impl Papers {
    /// Issues all of them.
    pub(crate) fn new() -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("slotwire-papers-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let papers = Self { folder };

        let root = Issuer::self_signed(authority("slotwire root"), key()).unwrap();
        let stranger = Issuer::self_signed(authority("slotwire stranger"), key()).unwrap();
        let inner = Issuer::signed_by(authority("slotwire inner"), key(), &root).unwrap();
        for (name, issuer) in [("root", &root), ("stranger", &stranger), ("inner", &inner)] {
            papers.put(&format!("{name}.pem"), &issuer.pem());
        }
        papers.issue("server", leaf("localhost"), &root);
        papers.issue("client", leaf("client"), &root);
        papers.issue("strange", leaf("localhost"), &stranger);
        papers.issue("below", leaf("localhost"), &inner);
        let mut expired = leaf("localhost");
        expired.not_before = date_time_ymd(2001, 1, 1);
        expired.not_after = date_time_ymd(2002, 1, 1);
        papers.issue("expired", expired, &root);
        papers.put("chain.pem", &(papers.text("below.pem") + &papers.text("inner.pem")));
        papers
    }

    fn issue(&self, name: &str, params: CertificateParams, issuer: &Issuer) {
        let key = key();
        self.put(&format!("{name}.pem"), &params.signed_by(&key, issuer).unwrap().pem());
        self.put(&format!("{name}.key"), &key.serialize_pem());
    }

    pub(crate) fn put(&self, name: &str, text: &str) {
        fs::write(self.folder.join(name), text).unwrap();
    }

    /// Returns the path of a file of this name.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.join(name).to_str().expect("a path in ASCII").to_owned()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap()
    }

    fn certificates(&self, file: &str) -> Vec<SslCertificate> {
        SslCertificate::from_file(self.path(file)).unwrap()
    }

    /// What trusts this authority alone.
    pub(crate) fn trusting(&self, authority: &str) -> SslConfiguration {
        let roots = self.certificates(&format!("{authority}.pem"));
        SslConfiguration::default().with_ca_certificates(roots).unwrap()
    }

    /// What trusts `root` alone, and proves to be who this certificate names.
    pub(crate) fn proving(&self, name: &str) -> SslConfiguration {
        self.proving_by(&format!("{name}.pem"), name)
    }

    /// What trusts `root` alone, and sends the certificates of this file.
    pub(crate) fn proving_by(&self, file: &str, key: &str) -> SslConfiguration {
        let key = SslKey::from_file(self.path(&format!("{key}.key"))).unwrap();
        self.trusting("root").with_local_certificate(self.certificates(file), key).unwrap()
    }
}

impl Drop for Papers {
    fn drop(&mut self) {
        // What stays is in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn key() -> KeyPair {
    KeyPair::generate().unwrap()
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.use_authority_key_identifier_extension = true;
    params
}

fn leaf(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new([name.to_owned()]).unwrap();
    params.distinguished_name.push(DnType::CommonName, name);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    params
}
