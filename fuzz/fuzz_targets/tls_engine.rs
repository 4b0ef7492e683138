//! The layer that encrypts a connection, as a client and as a server, and a peer whose bytes somebody
//! on the way cuts, changes, loses, repeats and swaps, and adds others to.
//!
//! What comes to each end is the beginning of what the other has written, and nothing comes or goes
//! before the handshake is over. There is one error at the most. No call goes on without end, and the
//! memory is bounded.

#![no_main]

use std::sync::{Once, OnceLock};

use arbitrary::Arbitrary;
use counting_allocator::{CountingAllocator, count};
use libfuzzer_sys::fuzz_target;
use slotwire::net::fuzzing::{TlsDeed, tls_conversation};
use slotwire::{PeerVerifyMode, SslCertificate, SslConfiguration, SslKey, SslProtocol};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

/// The memory of a conversation at each moment, with that of the peer and of the way between both
/// ends, in bytes.
const MOST_MEMORY: i64 = 6 << 20;

#[derive(Arbitrary, Debug)]
struct Input {
    is_server: bool,
    is_old: bool,
    /// The peer's certificate has errors, or that of the client is asked for.
    is_doubtful: bool,
    wants_errors: bool,
    /// The handshake is not disturbed.
    begins_well: bool,
    deeds: Vec<Deed>,
}

#[derive(Arbitrary, Debug)]
enum Deed {
    Write(u16),
    Read(u16),
    Peek,
    ShutDown,
    Finish,
    Due,
    Decide(bool),
    Room(u16),
    Come(u16),
    Go(u16),
    Settle,
    PeerWrites(u16),
    PeerChangesKeys,
    PeerCloses,
    Change(u16),
    Lose(u16, u8),
    Repeat(u16),
    Swap(u16),
    Add(Vec<u8>),
    /// A record with this type and length.
    AddRecord(u8, u16),
    End,
    Reset,
}

impl Deed {
    fn done(self) -> TlsDeed {
        match self {
            Self::Write(count) => TlsDeed::Write(count.into()),
            Self::Read(max) => TlsDeed::Read(max.into()),
            Self::Peek => TlsDeed::Peek,
            Self::ShutDown => TlsDeed::ShutDown,
            Self::Finish => TlsDeed::Finish,
            Self::Due => TlsDeed::Due,
            Self::Decide(accepts) => TlsDeed::Decide(accepts),
            Self::Room(count) => TlsDeed::Room(count.into()),
            Self::Come(count) => TlsDeed::Come(count.into()),
            Self::Go(count) => TlsDeed::Go(count.into()),
            Self::Settle => TlsDeed::Settle,
            Self::PeerWrites(count) => TlsDeed::PeerWrites(count.into()),
            Self::PeerChangesKeys => TlsDeed::PeerChangesKeys,
            Self::PeerCloses => TlsDeed::PeerCloses,
            Self::Change(place) => TlsDeed::Change(place.into()),
            Self::Lose(place, count) => TlsDeed::Lose(place.into(), count.into()),
            Self::Repeat(count) => TlsDeed::Repeat(count.into()),
            Self::Swap(place) => TlsDeed::Swap(place.into()),
            Self::Add(bytes) => TlsDeed::Add(bytes),
            Self::AddRecord(kind, len) => {
                let [high, low] = len.to_be_bytes();
                let mut record = vec![20 + kind % 5, 3, 3, high, low];
                record.resize(5 + usize::from(len).min(20_000), kind);
                TlsDeed::Add(record)
            }
            Self::End => TlsDeed::End,
            Self::Reset => TlsDeed::Reset,
        }
    }
}

/// The settings of both ends: by version, and whether the certificate has errors.
fn settings(is_old: bool, is_doubtful: bool) -> (SslConfiguration, SslConfiguration) {
    let certificate = |pem: &str| SslCertificate::from_pem(pem).expect("a certificate");
    let key = SslKey::from_pem(include_str!("support/tls/key.pem")).expect("a key");
    let own = certificate(include_str!("support/tls/certificate.pem"));
    let authority = match is_doubtful {
        false => certificate(include_str!("support/tls/authority.pem")),
        true => own.clone(),
    };
    let protocol = if is_old { SslProtocol::TlsV1_2 } else { SslProtocol::TlsV1_3 };
    let both = SslConfiguration::default()
        .with_ca_certificates(authority)
        .and_then(|both| both.with_local_certificate(own, key))
        .and_then(|both| both.with_protocol(protocol))
        .expect("settings");
    let ours = match is_doubtful {
        false => both.clone(),
        true => both.clone().with_peer_verify_mode(PeerVerifyMode::Verify),
    };
    (ours, both)
}

/// Lets the library's own assertion that no alert follows `close_notify` be caught, as it is where it
/// can come. Any other panic ends the fuzzer.
fn let_alerts_be_caught() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        let ends_the_fuzzer = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            let file = panic.location().map_or("", |location| location.file());
            if !(file.contains("/rustls-") && file.ends_with("common_state.rs")) {
                ends_the_fuzzer(panic);
            }
        }));
    });
}

fuzz_target!(|input: Input| {
    let_alerts_be_caught();
    static SETTINGS: [OnceLock<(SslConfiguration, SslConfiguration)>; 4] =
        [const { OnceLock::new() }; 4];
    let Input { is_server, is_old, is_doubtful, wants_errors, begins_well, deeds } = input;
    let place = usize::from(is_old) + 2 * usize::from(is_doubtful);
    let (ours, theirs) = SETTINGS[place].get_or_init(|| settings(is_old, is_doubtful));
    let begin = begins_well.then_some(TlsDeed::Settle);
    let deeds = begin.into_iter().chain(deeds.into_iter().take(200).map(Deed::done));
    let memory = count(|| {
        tls_conversation((ours, theirs), is_server, wants_errors, deeds);
    })
    .peak_bytes;
    assert!(memory <= MOST_MEMORY, "{memory} bytes");
});
