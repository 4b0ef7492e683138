//! What is wrong with the certificate of a server, as its client finds it.

use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, GeneralSubtree, IsCa, NameConstraints};
use rustls::{AlertDescription, Error};

use super::authority::{Authority, Identity, ca_params, params, trusting, valid};
use super::pair::{Pair, Terms};
use crate::net::tls::SslErrorKind::{self, *};
use crate::net::tls::{PeerVerifyMode, SslCertificate, SslConfiguration, SslProtocol};

/// Checks that a client finds these errors, each in its certificate: a strict one ends the
/// handshake, a lenient one and one that only asks go on, and one that does not check finds nothing.
#[track_caller]
fn expect(
    client: &SslConfiguration,
    server: &Identity,
    expected: &[(SslErrorKind, &SslCertificate)],
) {
    let server = &server.server();
    for protocol in [SslProtocol::TlsV1_3, SslProtocol::TlsV1_2] {
        let client = client.clone().with_protocol(protocol).expect("there are ciphers for it");
        let found = |pair: &Pair| {
            let errors = &pair.client.heard.errors;
            let found: Vec<_> = errors
                .iter()
                .map(|error| (error.kind(), error.certificate().expect("each names one")))
                .collect();
            assert_eq!(found, expected, "{protocol}");
        };
        let strict = Pair::new(&client, server, Terms::strict());
        found(&strict);
        assert!(!strict.is_established());
        assert!(matches!(strict.client.error, Some(Error::InvalidCertificate(_))));
        assert!(matches!(strict.server.error, Some(Error::AlertReceived(_))));

        let lenient = Pair::new(&client, server, Terms::lenient());
        found(&lenient);
        assert!(lenient.is_established(), "{:?}", lenient.client.error);

        let asking = client.clone().with_peer_verify_mode(PeerVerifyMode::Query);
        let asking = Pair::new(&asking, server, Terms::strict());
        found(&asking);
        assert!(asking.is_established());

        let careless = client.with_peer_verify_mode(PeerVerifyMode::None);
        let careless = Pair::new(&careless, server, Terms::strict());
        assert_eq!(careless.client.kinds(), []);
        assert!(careless.is_established());
    }
}

/// Checks that a client finds nothing wrong.
#[track_caller]
fn expect_none(client: &SslConfiguration, server: &Identity) {
    let pair = Pair::new(client, &server.server(), Terms::strict());
    assert_eq!(pair.client.heard.errors, []);
    assert!(pair.is_established(), "{:?} {:?}", pair.client.error, pair.server.error);
}

#[test]
fn a_certificate_of_a_known_root_is_accepted() {
    let root = Authority::root("Root");
    expect_none(&root.trusted(), &root.issue_server());
    let middle = root.authority(ca_params("Middle"));
    expect_none(&root.trusted(), &middle.issue_server().with(&middle));
    expect_none(&root.trusted(), &middle.issue_server().with(&middle).with(&root));
}

#[test]
fn an_expired_certificate() {
    let root = Authority::root("Root");
    let server = root.issue(valid(params("Server", &["example.org"]), 2020, 2025));
    expect(&root.trusted(), &server, &[(CertificateExpired, server.certificate())]);
}

#[test]
fn a_certificate_of_the_future() {
    let root = Authority::root("Root");
    let server = root.issue(valid(params("Server", &["example.org"]), 2035, 2040));
    expect(&root.trusted(), &server, &[(CertificateNotYetValid, server.certificate())]);
}

#[test]
fn the_time_of_the_caller_decides_and_not_that_of_the_system() {
    let root = Authority::root("Root");
    let server = root.issue(valid(params("Server", &["example.org"]), 2021, 2023)).server();
    let kinds_in = |year| {
        let pair = Pair::new(&root.trusted(), &server, Terms::in_year(year));
        assert_eq!(pair.is_established(), pair.client.kinds().is_empty());
        pair.client.kinds()
    };
    assert_eq!(kinds_in(2020), [CertificateNotYetValid]);
    assert_eq!(kinds_in(2021), []);
    assert_eq!(kinds_in(2022), []);
    assert_eq!(kinds_in(2023), []);
    assert_eq!(kinds_in(2024), [CertificateExpired]);
}

#[test]
fn an_expired_certificate_of_an_issuer() {
    let root = Authority::root("Root");
    let middle = root.authority(valid(ca_params("Middle"), 2020, 2025));
    let server = middle.issue_server().with(&middle);
    expect(&root.trusted(), &server, &[(CertificateExpired, &middle.certificate)]);
}

#[test]
fn a_certificate_for_another_host() {
    let root = Authority::root("Root");
    let server = root.issue(params("Server", &["example.com", "*.example.org"]));
    expect(&root.trusted(), &server, &[(HostNameMismatch, server.certificate())]);
    let pair = Pair::new(&root.trusted(), &server.server(), Terms::strict());
    let text = pair.client.heard.errors[0].to_string();
    assert!(text.contains("example.org is wanted") && text.contains("example.com"), "{text}");
}

#[test]
fn the_common_name_of_a_certificate_is_not_the_name_of_a_host() {
    let root = Authority::root("Root");
    let server = root.issue(params("example.org", &[]));
    expect(&root.trusted(), &server, &[(HostNameMismatch, server.certificate())]);
}

#[test]
fn an_address_is_compared_with_the_addresses_of_the_certificate() {
    let root = Authority::root("Root");
    let server = root.issue(params("Server", &["192.0.2.1", "2001:db8::1"])).server();
    for (name, kinds) in [
        ("192.0.2.1", [].as_slice()),
        ("2001:db8::1", &[]),
        ("2001:db8:0::1%eth0", &[]),
        ("192.0.2.2", &[HostNameMismatch]),
    ] {
        let pair = Pair::named(name, &root.trusted(), &server, Terms::strict());
        assert_eq!(pair.client.kinds(), kinds, "{name}");
    }
}

#[test]
fn a_self_signed_certificate() {
    let root = Authority::root("Root");
    let server = Identity::self_signed(params("Server", &["example.org"]));
    expect(&root.trusted(), &server, &[(SelfSignedCertificate, server.certificate())]);
    let mut authority = ca_params("Server");
    authority.subject_alt_names = params("Server", &["example.org"]).subject_alt_names;
    let server = Identity::self_signed(authority);
    expect(&root.trusted(), &server, &[(SelfSignedCertificate, server.certificate())]);
}

#[test]
fn a_self_signed_certificate_is_accepted_if_it_is_given() {
    let plain = Identity::self_signed(params("Server", &["example.org"]));
    expect_none(&trusting([plain.certificate()]), &plain);
    let mut authority = ca_params("Server");
    authority.subject_alt_names = params("Server", &["example.org"]).subject_alt_names;
    let authority = Identity::self_signed(authority);
    expect_none(&trusting([authority.certificate()]), &authority);
    // It is trusted for its names, and while it is valid.
    let old = Identity::self_signed(valid(params("Server", &["example.com"]), 2020, 2025));
    let expected = [(CertificateExpired, old.certificate()), (HostNameMismatch, old.certificate())];
    expect(&trusting([old.certificate()]), &old, &expected);
}

#[test]
fn a_certificate_of_an_unknown_issuer() {
    let (known, unknown) = (Authority::root("Known"), Authority::root("Unknown"));
    let server = unknown.issue_server();
    let expected = [
        (UnableToGetLocalIssuerCertificate, server.certificate()),
        (UnableToVerifyFirstCertificate, server.certificate()),
    ];
    expect(&known.trusted(), &server, &expected);
    // A server that forgets its issuers looks the same.
    let middle = known.authority(ca_params("Middle"));
    let server = middle.issue_server();
    let expected = [
        (UnableToGetLocalIssuerCertificate, server.certificate()),
        (UnableToVerifyFirstCertificate, server.certificate()),
    ];
    expect(&known.trusted(), &server, &expected);
}

#[test]
fn a_chain_that_ends_with_an_unknown_root() {
    let (known, unknown) = (Authority::root("Known"), Authority::root("Unknown"));
    let server = unknown.issue_server().with(&unknown);
    expect(&known.trusted(), &server, &[(SelfSignedCertificateInChain, &unknown.certificate)]);
}

#[test]
fn a_chain_that_ends_before_its_unknown_root() {
    let (known, unknown) = (Authority::root("Known"), Authority::root("Unknown"));
    let middle = unknown.authority(ca_params("Middle"));
    let server = middle.issue_server().with(&middle);
    let expected = [(UnableToGetLocalIssuerCertificate, &middle.certificate)];
    expect(&known.trusted(), &server, &expected);
}

#[test]
fn a_configuration_without_roots_trusts_nobody() {
    let server = Authority::root("Root").issue_server();
    let expected = [
        (UnableToGetLocalIssuerCertificate, server.certificate()),
        (UnableToVerifyFirstCertificate, server.certificate()),
    ];
    expect(&trusting([]), &server, &expected);
}

#[test]
fn an_issuer_with_the_name_of_a_root_and_another_key() {
    let (root, impostor) = (Authority::root("Root"), Authority::root("Root"));
    let server = impostor.issue_server();
    expect(&root.trusted(), &server, &[(CertificateSignatureFailed, server.certificate())]);
}

#[test]
fn several_errors_are_found_in_one_handshake() {
    let (known, unknown) = (Authority::root("Known"), Authority::root("Unknown"));
    let middle = unknown.authority(valid(ca_params("Middle"), 2020, 2026));
    let server = middle.issue(valid(params("Server", &["example.com"]), 2020, 2025)).with(&middle);
    let expected = [
        (CertificateExpired, server.certificate()),
        (CertificateExpired, &middle.certificate),
        (UnableToGetLocalIssuerCertificate, &middle.certificate),
        (HostNameMismatch, server.certificate()),
    ];
    expect(&known.trusted(), &server, &expected);
}

#[test]
fn certificates_that_were_never_valid_together() {
    let root = Authority::root("Root");
    let middle = root.authority(valid(ca_params("Middle"), 2020, 2025));
    let server = middle.issue(valid(params("Server", &["example.org"]), 2032, 2040)).with(&middle);
    let expected =
        [(CertificateNotYetValid, server.certificate()), (CertificateExpired, &middle.certificate)];
    expect(&root.trusted(), &server, &expected);
}

#[test]
fn a_revoked_certificate() {
    let root = Authority::root("Root");
    let (server, other) = (root.issue_server(), root.issue_server());
    let list = root.revoked(&[server.certificate()]);
    let client = root.trusted().with_revocation_lists(&list).expect("the list is valid");
    expect(&client, &server, &[(CertificateRevoked, server.certificate())]);
    expect_none(&client, &other);
    // A list in DER is the same.
    let der = pem_body(&list);
    let client = root.trusted().with_revocation_lists(der).expect("the list is valid");
    expect(&client, &server, &[(CertificateRevoked, server.certificate())]);
}

fn pem_body(text: &str) -> Vec<u8> {
    use base64::Engine as _;
    let code: String = text.lines().filter(|line| !line.starts_with("-----")).collect();
    base64::engine::general_purpose::STANDARD.decode(code).expect("the text is base 64")
}

#[test]
fn a_revoked_certificate_of_an_issuer() {
    let root = Authority::root("Root");
    let middle = root.authority(ca_params("Middle"));
    let server = middle.issue_server().with(&middle);
    let lists = root.revoked(&[&middle.certificate]) + &middle.revoked(&[]);
    let client = root.trusted().with_revocation_lists(lists).expect("the lists are valid");
    expect(&client, &server, &[(CertificateRevoked, &middle.certificate)]);
}

#[test]
fn a_list_of_another_issuer_says_nothing() {
    let (root, other) = (Authority::root("Root"), Authority::root("Other"));
    let server = root.issue_server();
    let list = other.revoked(&[server.certificate()]);
    let client = root.trusted().with_revocation_lists(list).expect("the list is valid");
    expect_none(&client, &server);
}

#[test]
fn a_list_that_has_expired_is_an_error() {
    let root = Authority::root("Root");
    let server = root.issue_server();
    let list = root.revoked(&[]);
    let client = root.trusted().with_revocation_lists(list).expect("the list is valid");
    let pair = Pair::new(&client, &server.server(), Terms::in_year(2036));
    assert_eq!(pair.client.kinds(), [CertificateStatusUnknown]);
    assert!(!pair.is_established());
}

#[test]
fn an_expired_certificate_that_was_revoked_is_both() {
    let root = Authority::root("Root");
    let server = root.issue(valid(params("Server", &["example.org"]), 2020, 2028));
    let list = root.revoked(&[server.certificate()]);
    let client = root.trusted().with_revocation_lists(list).expect("the list is valid");
    let expected =
        [(CertificateExpired, server.certificate()), (CertificateRevoked, server.certificate())];
    expect(&client, &server, &expected);
}

#[test]
fn a_certificate_for_another_purpose() {
    let root = Authority::root("Root");
    let mut client_alone = params("Server", &["example.org"]);
    client_alone.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    let server = root.issue(client_alone);
    expect(&root.trusted(), &server, &[(InvalidPurpose, server.certificate())]);
}

#[test]
fn a_certificate_that_must_not_issue_others() {
    let root = Authority::root("Root");
    let middle = root.authority(params("No authority", &["example.com"]));
    let server = middle.issue_server().with(&middle);
    expect(&root.trusted(), &server, &[(InvalidCaCertificate, &middle.certificate)]);
    let mut constrained = ca_params("For example.com");
    constrained.name_constraints = Some(NameConstraints {
        permitted_subtrees: vec![GeneralSubtree::DnsName("example.com".to_owned())],
        excluded_subtrees: Vec::new(),
    });
    let middle = root.authority(constrained);
    let server = middle.issue_server().with(&middle);
    expect(&root.trusted(), &server, &[(InvalidCaCertificate, &middle.certificate)]);
}

#[test]
fn a_chain_longer_than_its_issuers_allow() {
    let root = Authority::root("Root");
    let mut last = ca_params("Last");
    last.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let last = root.authority(last);
    let middle = last.authority(ca_params("Middle"));
    let server = middle.issue_server().with(&middle).with(&last);
    expect(&root.trusted(), &server, &[(PathLengthExceeded, server.certificate())]);
}

#[test]
fn the_depth_counts_the_certificates_without_the_root() {
    let root = Authority::root("Root");
    let middle = root.authority(ca_params("Middle"));
    let server = middle.issue_server().with(&middle).with(&root);
    expect_none(&root.trusted().with_peer_verify_depth(2), &server);
    let client = root.trusted().with_peer_verify_depth(1);
    expect(&client, &server, &[(PathLengthExceeded, server.certificate())]);
}

#[test]
fn certificates_that_do_not_belong_to_the_chain_do_no_harm() {
    let (root, other) = (Authority::root("Root"), Authority::root("Other"));
    let expired = other.authority(valid(ca_params("Expired"), 2020, 2021));
    let mut server = root.issue_server();
    server.chain.extend(std::iter::repeat_n(expired.certificate, 40));
    expect_none(&root.trusted(), &server);
}

#[test]
fn two_authorities_that_issue_each_other_are_no_endless_chain() {
    let known = Authority::root("Known");
    let (left, right) = (Authority::root("Left"), Authority::root("Right"));
    let left_by_right = right.authority(ca_params("Left"));
    let right_by_left = left.authority(ca_params("Right"));
    let mut server = left_by_right.issue_server();
    for _ in 0..20 {
        server = server.with(&left_by_right).with(&right_by_left);
    }
    let pair = Pair::new(&known.trusted(), &server.server(), Terms::strict());
    assert!(!pair.is_established());
    assert!(!pair.client.kinds().is_empty());
}

#[test]
fn the_alert_names_the_first_error() {
    let (root, other) = (Authority::root("Root"), Authority::root("Other"));
    let expired = root.issue(valid(params("Server", &["example.org"]), 2020, 2025));
    for (server, alert) in [
        (expired, AlertDescription::CertificateExpired),
        (other.issue_server(), AlertDescription::UnknownCA),
    ] {
        let pair = Pair::new(&root.trusted(), &server.server(), Terms::strict());
        assert_eq!(pair.server.error, Some(Error::AlertReceived(alert)));
    }
}
