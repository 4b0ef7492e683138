//! Asking for a host's addresses without blocking.
//!
//! Keeps one promise: the answer comes from the loop, never inside the call that asked, exactly
//! once, and not at all once the lookup was aborted.

use super::facilities::Facilities;
use crate::event_loop::Parts;
use crate::net::names::{Asked, HostInfo, HostLookup};
use crate::object::{Context, Obj, QObject, Slot, World};

/// Looking up hosts.
///
/// Names are looked up by the system's resolver, in threads that all runtimes of the process share:
/// 20 names at the same time, in the order in which they were asked for, and one that is asked for
/// several times at once only once. Answers with addresses are remembered for a minute, 128 of them
/// for each runtime. [`clear_host_cache`](Self::clear_host_cache) forgets them, and a connection by
/// name that fails or times out makes the runtime forget that name.
///
/// The system's resolver cannot be interrupted. A name that hangs in it, mostly because a name server
/// is silent, delays the names after it by no more than 100 ms, and not at all once it is called off:
/// a name that is asked for after 100 that hang is begun within 500 ms, and after 500 within 2.5
/// seconds. But until the system itself gives it up, mostly after 10 seconds or more, it keeps a
/// thread with a stack of 256 KiB, and may keep a descriptor. So no more than 4,096 names are looked
/// up at the same time, those that were called off included, and no more than half as many as the
/// process may open descriptors when it makes its first socket or lookup: 512 where that is 1,024.
/// When so many hang, the next name begins as soon as the system gives up one of them.
///
/// A literal address is its own answer, and no thread is asked. Nor does `localhost` wait for any
/// other name: the system is asked for it at once, in a thread of its own if need be, because its
/// own list of hosts has it. The names below it, such as `app.localhost`, are answered with what
/// `localhost` is found to be, and no name server is asked for them (RFC 6761, section 6.3).
///
/// Upper and lower case are the same name. A name in letters beyond ASCII is looked up in its ASCII
/// form: the system is asked for `xn--bcher-kva.test` where the name is `bücher.test` (UTS 46, with
/// the options of web browsers). If there is no such form, the error is
/// [`HostNotFound`](crate::HostInfoError::HostNotFound) and says why, and nobody is asked. This needs
/// the feature `idn`, which is on by default. A name in ASCII goes to the system as it is.
impl World {
    /// Looks up a host's addresses and calls `answer` from the loop: also for a literal address,
    /// and for what cannot be a name.
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
                    // Fails if the runtime is gone, and nobody is there to be told.
                    let _ = remote.post(move |world| world.answer_host_lookup(id, info));
                });
                facilities.lookups.keep(id, network.resolve(name, on_resolved));
            }
        }
        id
    }

    /// Looks up a host's addresses and calls a slot with them, from the loop. Nothing happens if
    /// the receiver is gone by then.
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
    /// Panics if the receiver's handle is of another runtime.
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

    /// Calls off a lookup: its answer does not come any more. Says whether it was still to come.
    #[doc(alias = "abortHostLookup")]
    pub fn abort_host_lookup(&mut self, id: HostLookup) -> bool {
        let asked = Facilities::of(self).lookups.end(id);
        asked.is_some()
    }

    /// Forgets which addresses hosts were found to have: the next lookups ask the system.
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
    /// Here so that `cx.this()` may stand among the arguments.
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
