//! Host names, and their lookup.
//!
//! Every lookup is of a [`HostName`], which only its parser creates. A [`Resolver`] looks up names
//! for one runtime and caches the answers; the [`ResolverPool`] has the threads that ask the
//! system, and never blocks its caller. Nothing in this folder uses a socket or an engine: a
//! runtime's network (`engine/`) chooses its resolver, and programs call `shared/look_up_host.rs`.

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
#[cfg(feature = "tls")]
pub(in crate::net) use idn::to_ascii;
pub(crate) use lookup::{Lookup, OnResolved};
pub(crate) use resolver::Resolver;
#[cfg(feature = "sim")]
pub(crate) use resolver::took_too_long;
pub(in crate::net) use resolver::wait_for;
pub(in crate::net) use resolver_pool::ResolverPool;
#[cfg(fuzzing)]
pub(in crate::net) use system_resolver::configured_domain;
