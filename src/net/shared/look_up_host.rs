//! Lookups that do not block.
//!
//! Keeps one promise: the loop delivers the answer exactly once, never inside the call that began
//! the lookup, and not after the lookup was aborted.

use super::facilities::Facilities;
use crate::event_loop::Parts;
use crate::net::names::{Asked, HostInfo, HostLookup};
use crate::object::{Context, Obj, QObject, Slot, World};

/// Looking up hosts.
///
/// The system's resolver looks up names, in threads that all runtimes of the process share: 20
/// names at the same time, in the order of the calls. Several lookups of one name at the same time
/// share one request. Each runtime caches 128 answers with addresses for a minute.
/// [`clear_host_cache`](Self::clear_host_cache) clears the cache, and a connection by name that
/// fails or times out removes that name from it.
///
/// The system's resolver cannot be interrupted. A name that hangs in the resolver, mostly because a
/// name server is silent, delays the names after it by no more than 100 ms, and not at all after
/// its lookup is aborted: behind 100 names that hang, a lookup begins within 500 ms, and behind 500
/// within 2.5 seconds. But until the system gives up such a name, mostly after 10 seconds or more,
/// the name keeps a thread with a stack of 256 KiB, and may keep a descriptor. So no more than
/// 4,096 names, aborted ones included, are looked up at the same time, and no more than half the
/// number of descriptors that the process may open at its first socket or lookup: 512 of 1,024.
/// When so many names hang, the next name begins as soon as the system gives up one of them.
///
/// The lookup of a literal address returns that address, and needs no thread. `localhost` waits for
/// no other name: its lookup begins at once, in an additional thread if necessary, because the
/// system's list of hosts has it. The names below it, such as `app.localhost`, have the addresses
/// of `localhost`, and no name server is asked for them (RFC 6761, section 6.3).
///
/// Upper and lower case are the same name. A name with non-ASCII letters is looked up in its ASCII
/// form, `bücher.test` as `xn--bcher-kva.test` (UTS 46, with the options of web browsers). If a
/// name has no such form, the error is [`HostNotFound`](crate::HostInfoError::HostNotFound), its
/// text has the reason, and the system is not asked. This needs the feature `idn`. A name in
/// ASCII goes to the system unchanged.
impl World {
    /// Looks up a host's addresses and calls `answer` from the loop, also for a literal address and
    /// for an invalid name.
    ///
    /// ```
    /// use slotwire::prelude::*;
    /// use slotwire::HostInfoError;
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::new()?;
    /// let id = rt.look_up_host("", move |world, info| {
    ///     assert_eq!(info.error(), Some(HostInfoError::HostNotFound));
    ///     assert_eq!(info.error_string(), "a host name cannot be empty");
    ///     world.quit();
    /// });
    /// rt.exec()?;
    /// # Ok(())
    /// # }
    /// ```
    #[doc(alias = "lookupHost")]
    pub fn look_up_host(
        &mut self,
        name: &str,
        answer: impl FnOnce(&mut Self, HostInfo) + 'static,
    ) -> HostLookup {
        let id = HostLookup::next();
        let facilities = Facilities::of(self);
        facilities.lookups.begin(id, Box::new(answer));
        let network = &*facilities.network;
        match HostInfo::at_once(name, &|name| network.interface_index(name)) {
            Some(info) => self.post(move |world| world.answer_host_lookup(id, info)),
            None => {
                let (remote, owned_name) = (facilities.remote.clone(), name.to_owned());
                let on_resolved = Box::new(move |answer| {
                    let info = HostInfo::answer(&owned_name, answer);
                    // Fails if the runtime is gone.
                    let _ = remote.post(move |world| world.answer_host_lookup(id, info));
                });
                facilities.lookups.keep(id, network.resolve(name, on_resolved));
            }
        }
        id
    }

    /// Looks up a host's addresses and calls a slot with them, from the loop. Calls no slot if the
    /// receiver is gone by then; [`on_undelivered`](Self::on_undelivered) tells of it.
    ///
    /// ```
    /// use slotwire::prelude::*;
    /// use slotwire::HostInfo;
    ///
    /// #[derive(QObject, Default)]
    /// struct Dialler {
    ///     found: usize,
    /// }
    ///
    /// #[slots]
    /// impl Dialler {
    ///     #[slot]
    ///     fn dial(&mut self, cx: &mut Context<Self>, info: &HostInfo) {
    ///         self.found = info.addresses().len();
    ///         cx.quit();
    ///     }
    /// }
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::new()?;
    /// let dialler = rt.add(Dialler::default());
    /// rt.look_up_host_to("::1", dialler, Dialler::dial);
    /// rt.exec()?;
    /// assert_eq!(rt[dialler].found, 1);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the receiver is of another runtime.
    #[doc(alias = "lookupHost")]
    #[track_caller]
    pub fn look_up_host_to<R, F, Form>(
        &mut self,
        name: &str,
        receiver: Obj<R>,
        slot: F,
    ) -> HostLookup
    where
        R: QObject,
        F: Slot<R, HostInfo, Form>,
        Form: 'static,
    {
        self.expect_own(receiver);
        self.look_up_host(name, move |world, info| {
            world.call_slot(receiver, slot, &info);
        })
    }

    /// Aborts a lookup, so that its answer is not delivered. Returns true if the answer was still
    /// to come.
    #[doc(alias = "abortHostLookup")]
    pub fn abort_host_lookup(&mut self, id: HostLookup) -> bool {
        let asked = Facilities::of(self).lookups.end(id);
        asked.is_some()
    }

    /// Clears the runtime's cache of lookups, so that the next lookups ask the system.
    #[doc(alias = "clearCache")]
    pub fn clear_host_cache(&mut self) {
        Facilities::of(self).network.clear_host_cache();
    }

    fn answer_host_lookup(&mut self, id: HostLookup, info: HostInfo) {
        let asked = Facilities::of(self).lookups.end(id);
        if let Some(Asked { answer, .. }) = asked {
            answer(self, info.with_lookup_id(id));
        }
    }
}

impl<T: QObject> Context<'_, T> {
    /// Looks up a host's addresses and calls a slot with them: [`World::look_up_host_to`].
    ///
    /// Defined on the context as well, so that `cx.this()` can be an argument.
    pub fn look_up_host_to<R, F, Form>(
        &mut self,
        name: &str,
        receiver: Obj<R>,
        slot: F,
    ) -> HostLookup
    where
        R: QObject,
        F: Slot<R, HostInfo, Form>,
        Form: 'static,
    {
        let world: &mut World = self;
        world.look_up_host_to(name, receiver, slot)
    }
}
