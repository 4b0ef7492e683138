//! `HostInfo`: the result of a lookup.
//!
//! The lookups that do not block are in `look_up_host.rs`.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::host_lookup::HostLookup;
use super::host_name::HostName;
use super::lookup::{Lookup, LookupFailure, OnResolved};
use super::resolver;
use super::resolver_pool::ResolverPool;
use super::system_resolver;
use crate::net::interface;
use crate::net::values::canonical;

/// Why a lookup failed.
///
/// The text of a kind does not name the host: [`HostInfo::error_string`] does, and it has the
/// system's words.
#[doc(alias = "QHostInfo::HostInfoError")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum HostInfoError {
    /// There is no host of that name, or the host has no addresses.
    #[error("the host name has no address")]
    HostNotFound,
    /// The lookup took longer than the caller's timeout. Not in Qt.
    #[error("the lookup timed out")]
    TimedOut,
    /// Another error, mostly because no name server answers.
    #[doc(alias = "UnknownError")]
    #[error("the lookup failed, mostly because no name server answers")]
    Unknown,
}

/// The result of a lookup: the host's addresses, or the reason why there are none.
///
/// [`World::look_up_host`](crate::World::look_up_host) looks up a host without blocking,
/// [`from_name`](Self::from_name) blocks.
///
/// ```
/// use slotwire::prelude::*;
/// use slotwire::HostInfo;
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// rt.look_up_host("127.0.0.1", |world, info: HostInfo| {
///     assert_eq!(info.addresses(), ["127.0.0.1".parse::<std::net::IpAddr>().unwrap()]);
///     world.quit();
/// });
/// rt.exec()?;
/// # Ok(())
/// # }
/// ```
///
/// The lookup of a literal address returns that address, and asks no name server. Unlike in Qt,
/// where this can take long, the host name stays the literal. A link-local address may have the
/// name or the index of its interface: `fe80::1%eth0`, `fe80::1%3`.
#[doc(alias = "QHostInfo")]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostInfo {
    host_name: String,
    addresses: Vec<IpAddr>,
    /// The addresses with their scope ids, and port 0.
    socket_addrs: Vec<SocketAddr>,
    failure: Option<Failure>,
    lookup_id: Option<HostLookup>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Failure {
    error: HostInfoError,
    text: String,
}

impl HostInfo {
    /// Creates the result of a successful lookup, for tests of slots. A repeated address is kept
    /// once.
    #[doc(alias = "setAddresses")]
    #[doc(alias = "setHostName")]
    pub fn found(
        host_name: impl Into<String>,
        addresses: impl IntoIterator<Item = IpAddr>,
    ) -> Self {
        Self::found_at(host_name, addresses.into_iter().map(|ip| SocketAddr::new(ip, 0)))
    }

    /// Creates the result of a successful lookup, from addresses with their scope ids. The ports
    /// are ignored. Otherwise as [`found`](Self::found).
    #[doc(alias = "setAddresses")]
    pub fn found_at(
        host_name: impl Into<String>,
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> Self {
        let mut info = Self {
            host_name: host_name.into(),
            addresses: Vec::new(),
            socket_addrs: Vec::new(),
            failure: None,
            lookup_id: None,
        };
        for mut address in addresses {
            address.set_port(0);
            if !info.socket_addrs.contains(&address) {
                info.socket_addrs.push(address);
            }
            if !info.addresses.contains(&address.ip()) {
                info.addresses.push(address.ip());
            }
        }
        info
    }

    /// Creates the result of a failed lookup, for tests of slots.
    #[doc(alias = "setError")]
    #[doc(alias = "setErrorString")]
    pub fn failed(
        host_name: impl Into<String>,
        error: HostInfoError,
        error_string: impl Into<String>,
    ) -> Self {
        let failure = Some(Failure { error, text: error_string.into() });
        Self { failure, ..Self::found(host_name, []) }
    }

    /// Looks up a host and blocks until the answer has come. The system's resolver sets the limit,
    /// which is mostly some seconds.
    ///
    /// For programs without a loop: in a slot, this blocks the whole runtime. Always asks the
    /// system, without a cache.
    ///
    /// ```
    /// use slotwire::{HostInfo, HostInfoError};
    ///
    /// let info = HostInfo::from_name("nosuch.invalid");
    /// assert!(info.addresses().is_empty());
    /// # assert_ne!(info.error(), None::<HostInfoError>);
    /// ```
    #[doc(alias = "fromName")]
    pub fn from_name(name: &str) -> Self {
        Self::wait_for(name, None, |name, on_resolved| {
            ResolverPool::of_process().resolve(name, on_resolved)
        })
    }

    /// Looks up a host and blocks until the answer has come, but no longer than `timeout`: then the
    /// error is [`TimedOut`](HostInfoError::TimedOut).
    pub fn from_name_timeout(name: &str, timeout: Duration) -> Self {
        Self::wait_for(name, Some(timeout), |name, on_resolved| {
            ResolverPool::of_process().resolve(name, on_resolved)
        })
    }

    /// Returns the name that was looked up, as the caller gave it.
    #[doc(alias = "hostName")]
    pub fn host_name(&self) -> &str {
        &self.host_name
    }

    /// Returns the addresses, each once, in the order in which the system's resolver would try
    /// them. Empty if the lookup failed.
    ///
    /// A link-local address lacks its scope id here; [`socket_addrs`](Self::socket_addrs) has it.
    pub fn addresses(&self) -> &[IpAddr] {
        &self.addresses
    }

    /// Returns the addresses with a port, for connecting or sending, in the order of
    /// [`addresses`](Self::addresses). A link-local address has its scope id.
    ///
    /// ```
    /// use slotwire::HostInfo;
    ///
    /// let info = HostInfo::from_name("fe80::1%3");
    /// let addresses: Vec<_> = info.socket_addrs(80).collect();
    /// assert_eq!(addresses, ["[fe80::1%3]:80".parse()?]);
    /// # Ok::<_, std::net::AddrParseError>(())
    /// ```
    #[doc(alias = "addresses")]
    pub fn socket_addrs(&self, port: u16) -> impl ExactSizeIterator<Item = SocketAddr> + '_ {
        self.socket_addrs.iter().map(move |&(mut address)| {
            address.set_port(port);
            address
        })
    }

    /// Returns why the lookup failed; `None` if it succeeded.
    pub fn error(&self) -> Option<HostInfoError> {
        self.failure.as_ref().map(|failure| failure.error)
    }

    /// Returns the text of the error, mostly the system's; empty if the lookup succeeded.
    #[doc(alias = "errorString")]
    pub fn error_string(&self) -> &str {
        self.failure.as_ref().map_or("", |failure| &failure.text)
    }

    /// Returns the id of the lookup; `None` for a blocking lookup.
    #[doc(alias = "lookupId")]
    pub fn lookup_id(&self) -> Option<HostLookup> {
        self.lookup_id
    }

    /// Returns this machine's name, from gethostname(2); empty if that fails.
    #[doc(alias = "localHostName")]
    pub fn local_host_name() -> String {
        system_resolver::host_name()
    }

    /// Returns this machine's domain: the one in resolv.conf(5), otherwise the part after the first
    /// dot of the machine's name; empty if there is neither.
    #[doc(alias = "localDomainName")]
    pub fn local_domain_name() -> String {
        system_resolver::domain_name()
    }

    /// Returns the result of a lookup that needs no name server, if the name is such: a literal, or
    /// no valid name. `index_of` finds the index of an interface by its name.
    pub(in crate::net) fn at_once(
        name: &str,
        index_of: &dyn Fn(&str) -> Option<u32>,
    ) -> Option<Self> {
        Self::read(name, index_of).err()
    }

    /// Parses a name for a lookup. Fails with the result if the lookup needs no name server.
    fn read(name: &str, index_of: &dyn Fn(&str) -> Option<u32>) -> Result<HostName, Self> {
        let refused = |failure: LookupFailure| io::Error::new(failure.kind, failure);
        let host =
            HostName::parse(name).map_err(|failure| Self::answer(name, Err(refused(failure))))?;
        match host.literal(index_of) {
            Some(address) => Err(Self::found_at(name, [address])),
            None => Ok(host),
        }
    }

    /// Converts a resolver's answer.
    pub(in crate::net) fn answer(name: &str, answer: io::Result<Vec<SocketAddr>>) -> Self {
        match answer {
            Ok(addresses) => Self::found_at(name, addresses.into_iter().map(canonical)),
            Err(error) => {
                let kind = match error.kind() {
                    io::ErrorKind::NotFound => HostInfoError::HostNotFound,
                    io::ErrorKind::TimedOut => HostInfoError::TimedOut,
                    _ => HostInfoError::Unknown,
                };
                Self::failed(name, kind, error.to_string())
            }
        }
    }

    pub(in crate::net) fn with_lookup_id(self, id: HostLookup) -> Self {
        Self { lookup_id: Some(id), ..self }
    }

    /// Resolves a name and blocks until the answer has come, or the timeout has passed.
    fn wait_for(
        name: &str,
        timeout: Option<Duration>,
        resolve: impl FnOnce(&HostName, OnResolved) -> Lookup,
    ) -> Self {
        let index_of = |name: &str| interface::index_of(name).ok().flatten();
        let host = match Self::read(name, &index_of) {
            Ok(host) => host,
            Err(info) => return info,
        };
        let answer = resolver::wait_for(name, timeout, |on_resolved| resolve(&host, on_resolved));
        Self::answer(name, answer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;

    #[test]
    fn who_waits_gets_the_answer_from_whatever_thread() {
        let info = HostInfo::wait_for("alpha", None, |_, on_resolved| {
            let addresses = ["192.0.2.1:0", "[::ffff:192.0.2.1]:0", "[fd00::1]:0"];
            let addresses = addresses.map(|address| address.parse().unwrap()).to_vec();
            std::thread::spawn(move || on_resolved(Ok(addresses)));
            Lookup::finished()
        });
        let expected = ["192.0.2.1", "fd00::1"].map(|address| address.parse().unwrap());
        assert_eq!(info, HostInfo::found("alpha", expected));
        assert_eq!((info.error(), info.error_string()), (None, ""));
    }

    #[test]
    fn who_waits_for_a_literal_asks_nobody() {
        for literal in ["127.0.0.1", "::1", "fd00::1"] {
            let info = HostInfo::wait_for(literal, None, |name, _| panic!("{name:?} is asked for"));
            assert_eq!(info, HostInfo::found(literal, [literal.parse().unwrap()]));
        }
    }

    #[test]
    fn who_waits_no_longer_calls_the_lookup_off() {
        let (held, called_off) = mpsc::channel();
        let (keep, kept) = mpsc::channel();
        let info = HostInfo::wait_for("alpha", Some(Duration::ZERO), |_, on_resolved| {
            keep.send(on_resolved).unwrap();
            Lookup::new(move || held.send(()).unwrap())
        });
        assert_eq!(info.error(), Some(HostInfoError::TimedOut));
        assert_eq!(info.error_string(), "cannot look up \"alpha\": it takes too long");
        called_off.try_recv().unwrap();
        // An answer that comes too late does no harm.
        kept.recv().unwrap()(Ok(Vec::new()));
    }

    #[test]
    fn a_lookup_that_is_given_up_is_an_error() {
        let info = HostInfo::wait_for("alpha", None, |_, _| Lookup::finished());
        assert_eq!(info.error(), Some(HostInfoError::Unknown));
    }

    #[test]
    fn an_address_on_two_links_is_two_addresses_to_connect_to() {
        let link_local = ["[fe80::1%2]:7", "[fe80::1%3]:8", "[fe80::1%2]:9", "[fd00::1%2]:0"];
        let answer = link_local.map(|address| address.parse().unwrap()).to_vec();
        let info = HostInfo::answer("alpha", Ok(answer));
        assert_eq!(
            info.addresses(),
            ["fe80::1", "fd00::1"].map(|ip| ip.parse::<IpAddr>().unwrap())
        );
        let shown: Vec<_> = info.socket_addrs(80).map(|address| address.to_string()).collect();
        assert_eq!(shown, ["[fe80::1%2]:80", "[fe80::1%3]:80", "[fd00::1]:80"]);
        assert_ne!(info, HostInfo::found("alpha", info.addresses().iter().copied()));
    }

    #[test]
    fn only_what_is_not_there_is_not_found() {
        let error = |kind| HostInfo::answer("alpha", Err(io::Error::new(kind, "reason"))).error();
        assert_eq!(error(io::ErrorKind::NotFound), Some(HostInfoError::HostNotFound));
        assert_eq!(error(io::ErrorKind::Other), Some(HostInfoError::Unknown));
        assert_eq!(error(io::ErrorKind::WouldBlock), Some(HostInfoError::Unknown));
    }
}
