//! The proxy of the application: `World::set_application_proxy` and its sisters.

use std::rc::Rc;

use super::facilities::Facilities;
use crate::event_loop::Parts;
use crate::net::proxy::{NetworkProxy, ProxyFactory};
use crate::object::World;

/// The proxies of a runtime, for the sockets on which no proxy is
/// [set](crate::QAbstractSocket::set_proxy).
impl World {
    /// Sets the proxy by which the sockets of this runtime connect from now on. Replaces a factory.
    /// [`NetworkProxy::none`] or a default value means no proxy.
    ///
    /// ```
    /// use slotwire::NetworkProxy;
    /// use slotwire::prelude::*;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::new()?;
    /// rt.set_application_proxy(NetworkProxy::socks5("proxy.example", 1080));
    /// assert_eq!(rt.application_proxy().host_name(), "proxy.example");
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "setApplicationProxy")]
    pub fn set_application_proxy(&mut self, proxy: NetworkProxy) {
        Facilities::of(self).set_application_proxy(proxy);
    }

    /// Returns the proxy of the application; [`NetworkProxy::none`] if none is set, or if a factory
    /// chooses the proxies.
    #[doc(alias = "applicationProxy")]
    pub fn application_proxy(&self) -> NetworkProxy {
        Facilities::of(self).application_proxy()
    }

    /// Sets what chooses the proxies of the sockets of this runtime from now on. Replaces the proxy
    /// of the application.
    ///
    /// ```
    /// use slotwire::prelude::*;
    /// use slotwire::{NetworkProxy, ProxyQuery};
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::new()?;
    /// rt.set_application_proxy_factory(|query: &ProxyQuery| {
    ///     match query.peer_host_name.ends_with(".intern.example") {
    ///         true => vec![], // directly
    ///         false => vec![NetworkProxy::socks5("proxy.example", 1080)],
    ///     }
    /// });
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "setApplicationProxyFactory")]
    pub fn set_application_proxy_factory(&mut self, factory: impl ProxyFactory + 'static) {
        Facilities::of(self).set_proxy_factory(Rc::new(factory));
    }
}
