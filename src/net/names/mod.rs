//! Names of hosts, and what is found of them.
//!
//! Whatever is looked up is a [`HostName`], which only reading one makes. A [`Resolver`] looks up
//! names for one runtime and remembers them; the [`ResolverPool`] has the threads in which the
//! system is asked, and never blocks who asks. Nothing in here knows a socket or an engine: which
//! resolver a runtime has is its network's business (`engine/`), and how a program asks for a host
//! is in `shared/look_up_host.rs`.

mod host_cache;
mod host_info;
mod host_lookup;
mod host_lookups;
mod host_name;
mod idn;
mod lookup;
mod lookup_queue;
mod resolver;
mod resolver_pool;
mod system_resolver;

pub use host_info::{HostInfo, HostInfoError};
pub use host_lookup::HostLookup;
pub(in crate::net) use host_lookups::{Asked, HostLookups};
pub(crate) use host_name::HostName;
pub(crate) use lookup::{Lookup, OnResolved};
pub(crate) use resolver::Resolver;
#[cfg(feature = "sim")]
pub(crate) use resolver::took_too_long;
pub(in crate::net) use resolver::wait_for;
pub(in crate::net) use resolver_pool::ResolverPool;
#[cfg(fuzzing)]
pub(in crate::net) use system_resolver::configured_domain;
