//! `ProxyChoice`: which proxy a socket uses, and the route by it.

use std::rc::Rc;

#[cfg(feature = "http-proxy")]
use super::http::HttpConnect;
use super::network_proxy::{NetworkProxy, ProxyType};
use super::protocol::Protocol;
use super::proxy_factory::{ProxyFactory, ProxyQuery};
use super::socks5::{Request, Socks5};
use super::target::Target;
use super::tunnel::{Purpose, Tunnel};
use crate::net::engine::{Destination, Route};
use crate::net::names::HostName;
use crate::net::values::{BindAddress, EngineFailure, SocketError, SocketType};

/// What was chosen for a connection.
#[derive(Default)]
pub(in crate::net) struct Chosen {
    pub(in crate::net) route: Route,
    /// The proxy that the route leads through, or would lead through if there were a route.
    pub(in crate::net) proxy: Option<Rc<NetworkProxy>>,
}

/// The proxies of a runtime.
#[derive(Clone, Default)]
pub(in crate::net) struct ProxyChoice {
    application: Application,
}

/// The proxy of the application, or what chooses it.
#[derive(Clone, Default)]
enum Application {
    #[default]
    None,
    Proxy(NetworkProxy),
    Factory(Rc<dyn ProxyFactory>),
}

impl ProxyChoice {
    pub(in crate::net) fn set_application_proxy(&mut self, proxy: NetworkProxy) {
        self.application = match proxy.proxy_type().is_proxy() {
            true => Application::Proxy(proxy),
            false => Application::None,
        };
    }

    pub(in crate::net) fn set_factory(&mut self, factory: Rc<dyn ProxyFactory>) {
        self.application = Application::Factory(factory);
    }

    /// Returns the proxy of the application, if one is set.
    pub(in crate::net) fn application_proxy(&self) -> Option<&NetworkProxy> {
        match &self.application {
            Application::Proxy(proxy) => Some(proxy),
            _ => None,
        }
    }

    /// Returns the proxy for a destination; `None` means no proxy. `own` is the socket's. If
    /// `is_local`, only this host can be reached.
    ///
    /// # Errors
    ///
    /// Fails if proxies are set and none of them can carry the connection.
    fn proxy_for(
        &self,
        own: &NetworkProxy,
        destination: &Destination<'_>,
        is_local: bool,
    ) -> Result<Option<NetworkProxy>, EngineFailure> {
        let candidates = match (own.proxy_type(), &self.application) {
            (ProxyType::NoProxy, _) | (ProxyType::Default, Application::None) => return Ok(None),
            (ProxyType::Default, Application::Proxy(proxy)) => vec![proxy.clone()],
            (ProxyType::Default, Application::Factory(factory)) => {
                factory.query_proxy(&ProxyQuery::of(destination))
            }
            _ => vec![own.clone()],
        };
        let is_own = own.proxy_type().is_proxy();
        let skips_proxies = !is_own && is_local;
        let is_direct = |proxy: &NetworkProxy| {
            !proxy.proxy_type().is_proxy() || skips_proxies && !proxy.is_for_loopback()
        };
        let is_usable = |proxy: &NetworkProxy| is_direct(proxy) || carries(proxy, destination.kind);
        let has_candidates = !candidates.is_empty();
        match candidates.into_iter().find(is_usable) {
            Some(first) => Ok((!is_direct(&first)).then_some(first)),
            None if !has_candidates => Ok(None),
            None => Err(EngineFailure::new(
                SocketError::UnsupportedSocketOperation,
                format!("no proxy that is set carries {:?}", destination.kind),
            )),
        }
    }

    /// Chooses the way by which a socket of this kind gets its datagrams when it is bound to this
    /// address; `None` if no proxy is in the way.
    ///
    /// # Errors
    ///
    /// Fails if a proxy is in the way by which such a socket cannot be bound.
    pub(in crate::net) fn choose_to_bind(
        &self,
        own: &NetworkProxy,
        kind: SocketType,
        address: BindAddress,
        protocol_tag: &str,
    ) -> Result<Option<Chosen>, EngineFailure> {
        let anywhere = Destination { kind, host: "", port: 0, protocol_tag };
        let is_local = address.with_port(0).ip().to_canonical().is_loopback();
        match self.proxy_for(own, &anywhere, is_local)? {
            None => Ok(None),
            Some(proxy) if kind == SocketType::Udp => Ok(Some(through(proxy, |_| relayed(None)))),
            Some(_) => Err(EngineFailure::new(
                SocketError::UnsupportedSocketOperation,
                "a TCP socket that has a proxy cannot be bound",
            )),
        }
    }

    /// Chooses the way to a destination.
    pub(in crate::net) fn choose(
        &self,
        own: &NetworkProxy,
        destination: &Destination<'_>,
    ) -> Chosen {
        let proxy = match self.proxy_for(own, destination, is_loopback(destination.host)) {
            Ok(None) => return Chosen::default(),
            Ok(Some(proxy)) => proxy,
            Err(failure) => return Chosen { route: Route::refused(failure), proxy: None },
        };
        match Target::parse(destination.host, destination.port) {
            Ok(target) => to_peer(proxy, target, destination.kind),
            Err(failure) => Chosen { route: Route::refused(failure), proxy: Some(Rc::new(proxy)) },
        }
    }
}

/// Chooses the way by which a server listens at this address; `None` without a proxy. `own` is the
/// server's: the proxies of the application are for sockets.
///
/// # Errors
///
/// Fails if the proxy cannot listen.
pub(in crate::net) fn choose_to_listen(
    own: &NetworkProxy,
    address: BindAddress,
    port: u16,
) -> Result<Option<Chosen>, EngineFailure> {
    match own.proxy_type() {
        ProxyType::Default | ProxyType::NoProxy => Ok(None),
        ProxyType::Socks5 => {
            // Most proxies know IPv4, and some know nothing else.
            let at = match address {
                BindAddress::Any => BindAddress::AnyIpv4.with_port(port),
                other => other.with_port(port),
            };
            let request = Request::Bind(at);
            let ask = |_: &NetworkProxy| -> (Box<dyn Protocol>, Purpose) {
                (Box::new(Socks5::new(request)), Purpose::Listen)
            };
            Ok(Some(through(own.clone(), ask)))
        }
        #[cfg(feature = "http-proxy")]
        ProxyType::Http => Err(EngineFailure::new(
            SocketError::UnsupportedSocketOperation,
            "an HTTP proxy cannot listen",
        )),
    }
}

/// Returns true if a proxy can carry what sockets of this kind send.
fn carries(proxy: &NetworkProxy, kind: SocketType) -> bool {
    match kind {
        SocketType::Tcp => true,
        SocketType::Udp => proxy.proxy_type() == ProxyType::Socks5,
        _ => false,
    }
}

/// Chooses the way to a peer through a proxy.
fn to_peer(proxy: NetworkProxy, target: Target, kind: SocketType) -> Chosen {
    through(proxy, move |proxy| -> (Box<dyn Protocol>, Purpose) {
        let purpose = Purpose::Connect(target.peer());
        match proxy.proxy_type() {
            _ if kind == SocketType::Udp => relayed(Some(target)),
            #[cfg(feature = "http-proxy")]
            ProxyType::Http => (Box::new(HttpConnect::new(target, proxy)), purpose),
            _ => (Box::new(Socks5::new(Request::Connect(target))), purpose),
        }
    })
}

/// Returns the conversation with a proxy that is to relay datagrams, to this peer or to any.
fn relayed(peer: Option<Target>) -> (Box<dyn Protocol>, Purpose) {
    (Box::new(Socks5::new(Request::Associate)), Purpose::Relay(peer))
}

/// Chooses the way through a proxy. `ask` returns the conversation with it, and what is asked for.
fn through(
    proxy: NetworkProxy,
    ask: impl FnOnce(&NetworkProxy) -> (Box<dyn Protocol>, Purpose) + 'static,
) -> Chosen {
    let proxy = Rc::new(proxy);
    let spoken_to = proxy.clone();
    let route = Route::by_way_of(proxy.host_name(), proxy.port());
    let route = route.with_layer(move |below, early| {
        let (protocol, purpose) = ask(&spoken_to);
        Box::new(Tunnel::new(below, early, spoken_to, protocol, purpose))
    });
    Chosen { route, proxy: Some(proxy) }
}

/// Returns true if a host is this one: a loopback address, also in the brackets of a URL as in Qt, or
/// a name that always means this host.
fn is_loopback(host: &str) -> bool {
    let in_brackets = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let host = in_brackets.unwrap_or(host);
    if let Some(address) = HostName::literal_of(host, &|_| None) {
        return address.ip().to_canonical().is_loopback();
    }
    HostName::parse(host).is_ok_and(|name| name.is_localhost())
}
