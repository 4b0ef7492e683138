//! `ProxyChoice`: which proxy a socket uses, and the route by it.

use std::rc::Rc;

#[cfg(feature = "http-proxy")]
use super::http::HttpConnect;
use super::network_proxy::{NetworkProxy, ProxyType};
use super::protocol::Protocol;
use super::proxy_factory::{ProxyFactory, ProxyQuery};
use super::socks5::Socks5;
use super::target::Target;
use super::tunnel::Tunnel;
use crate::net::engine::{Destination, Route};
use crate::net::names::HostName;
use crate::net::values::{EngineFailure, SocketError, SocketType};

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

    /// Returns the proxy for a destination; `None` means no proxy. `own` is the socket's.
    ///
    /// # Errors
    ///
    /// Fails if proxies are set and none of them can carry the connection.
    pub(in crate::net) fn proxy_for(
        &self,
        own: &NetworkProxy,
        destination: &Destination<'_>,
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
        let skips_proxies = !is_own && is_loopback(destination.host);
        let is_direct = |proxy: &NetworkProxy| {
            !proxy.proxy_type().is_proxy() || skips_proxies && !proxy.is_for_loopback()
        };
        let is_usable =
            |proxy: &NetworkProxy| is_direct(proxy) || destination.kind == SocketType::Tcp;
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

    /// Returns the reason if a socket of this kind cannot be bound, because a proxy is set for it.
    pub(in crate::net) fn refusal_to_bind(
        &self,
        own: &NetworkProxy,
        kind: SocketType,
    ) -> Option<EngineFailure> {
        let anywhere = Destination { kind, host: "", port: 0, protocol_tag: "" };
        match self.proxy_for(own, &anywhere) {
            Ok(None) => None,
            Ok(Some(_)) => Some(EngineFailure::new(
                SocketError::UnsupportedSocketOperation,
                "a socket that has a proxy cannot be bound",
            )),
            Err(failure) => Some(failure),
        }
    }

    /// Chooses the way to a destination.
    pub(in crate::net) fn choose(
        &self,
        own: &NetworkProxy,
        destination: &Destination<'_>,
    ) -> Chosen {
        let proxy = match self.proxy_for(own, destination) {
            Ok(None) => return Chosen::default(),
            Ok(Some(proxy)) => Rc::new(proxy),
            Err(failure) => return Chosen { route: Route::refused(failure), proxy: None },
        };
        let route = match Target::parse(destination.host, destination.port) {
            Ok(target) => through(proxy.clone(), target),
            Err(failure) => Route::refused(failure),
        };
        Chosen { route, proxy: Some(proxy) }
    }
}

/// Returns the route to a target through a proxy.
fn through(proxy: Rc<NetworkProxy>, target: Target) -> Route {
    let peer = target.peer();
    Route::by_way_of(proxy.host_name(), proxy.port()).with_layer(move |below, early| {
        let protocol: Box<dyn Protocol> = match proxy.proxy_type() {
            #[cfg(feature = "http-proxy")]
            ProxyType::Http => Box::new(HttpConnect::new(target, &proxy)),
            _ => Box::new(Socks5::new(target)),
        };
        Box::new(Tunnel::new(below, early, proxy, protocol, peer))
    })
}

/// Returns true if a host is this one: a loopback address, or a name that always means this host.
fn is_loopback(host: &str) -> bool {
    if let Some(address) = HostName::literal_of(host, &|_| None) {
        return address.ip().to_canonical().is_loopback();
    }
    HostName::parse(host).is_ok_and(|name| name.is_localhost())
}
