//! The resolver of one runtime: a cache, and a source for the other names.

use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::{Arc, mpsc};
use std::time::Duration;

use super::host_cache::HostCache;
use super::host_name::HostName;
use super::lookup::{Lookup, OnResolved};
use crate::event_loop::Clock;
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// Begins a lookup at the source.
type Ask = dyn Fn(&HostName, OnResolved) -> Lookup;

/// Looks up names in a cache, whose time is the runtime's clock, and then at an expensive source.
pub(crate) struct Resolver {
    ask: Box<Ask>,
    cache: Arc<Mutex<HostCache>>,
    clock: Rc<dyn Clock>,
}

impl Resolver {
    pub(crate) fn new(
        ask: impl Fn(&HostName, OnResolved) -> Lookup + 'static,
        clock: Rc<dyn Clock>,
    ) -> Self {
        Self { ask: Box::new(ask), cache: Arc::default(), clock }
    }

    /// Looks up a name. `on_resolved` is called from any thread, or during this call if the answer
    /// is known already.
    pub(crate) fn resolve(&self, name: &str, on_resolved: OnResolved) -> Lookup {
        let name = match HostName::parse(name) {
            Ok(name) => name,
            Err(failure) => {
                on_resolved(Err(io::Error::new(failure.kind, failure)));
                return Lookup::finished();
            }
        };
        // The caller has handled literals with the name of an interface.
        if let Some(literal) = name.literal(&|_| None) {
            on_resolved(Ok(vec![literal]));
            return Lookup::finished();
        }
        let asked = self.clock.now();
        let cache = lock(&self.cache);
        let (known, epoch) = (cache.find(&name, asked), cache.epoch());
        drop(cache);
        if let Some(addresses) = known {
            on_resolved(Ok(addresses));
            return Lookup::finished();
        }
        let (cache, key) = (self.cache.clone(), name.clone());
        let remember = move |answer: io::Result<Vec<SocketAddr>>| {
            if let Ok(addresses) = &answer {
                lock(&cache).put(epoch, key, asked, addresses.clone());
            }
            on_resolved(answer);
        };
        (self.ask)(&name, Box::new(remember))
    }

    /// Removes a name from the cache, so that the next lookup finds changed addresses.
    pub(crate) fn forget(&self, name: &str) {
        if let Ok(name) = HostName::parse(name) {
            lock(&self.cache).forget(&name);
        }
    }

    /// Removes all names from the cache.
    pub(crate) fn clear_cache(&self) {
        lock(&self.cache).clear();
    }
}

/// Resolves a name and blocks until the answer has come, or the timeout has passed.
pub(in crate::net) fn wait_for(
    name: &str,
    timeout: Option<Duration>,
    resolve: impl FnOnce(OnResolved) -> Lookup,
) -> io::Result<Vec<SocketAddr>> {
    let (send, receive) = mpsc::channel();
    let lookup = resolve(Box::new(move |answer| {
        // Fails if the receiver is gone.
        let _ = send.send(answer);
    }));
    let answer = match timeout {
        Some(timeout) => receive.recv_timeout(timeout),
        None => receive.recv().map_err(mpsc::RecvTimeoutError::from),
    };
    drop(lookup);
    match answer {
        Ok(answer) => answer,
        Err(mpsc::RecvTimeoutError::Timeout) => Err(took_too_long(name)),
        Err(mpsc::RecvTimeoutError::Disconnected) => {
            Err(io::Error::other(format!("cannot look up {name:?}: the resolver gave no answer")))
        }
    }
}

/// Returns the error of a lookup that took longer than the timeout.
pub(crate) fn took_too_long(name: &str) -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, format!("cannot look up {name:?}: it takes too long"))
}

fn lock(cache: &Mutex<HostCache>) -> MutexGuard<'_, HostCache> {
    // No code calls out while it holds the lock, so no panic leaves a half-done change.
    cache.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::Receiver;

    use super::*;
    use crate::event_loop::VirtualClock;
    use crate::net::names::resolver_pool::tests::{Begun, address, held_pool, next};

    struct Bench {
        resolver: Resolver,
        begun: Receiver<Begun>,
        clock: VirtualClock,
    }

    fn bench() -> Bench {
        let clock = VirtualClock::new();
        let (pool, begun) = held_pool();
        let ask = move |name: &HostName, on_resolved: OnResolved| pool.resolve(name, on_resolved);
        Bench { resolver: Resolver::new(ask, Rc::new(clock.clone())), begun, clock }
    }

    impl Bench {
        fn ask(&self, name: &str) -> (Lookup, Receiver<io::Result<Vec<SocketAddr>>>) {
            let (send, answers) = mpsc::channel();
            let on_resolved = move |answer| send.send(answer).unwrap_or_default();
            (self.resolver.resolve(name, Box::new(on_resolved)), answers)
        }

        /// Looks up a name that is not in the cache, and answers the lookup.
        #[track_caller]
        fn find(&self, name: &str, last: u8) {
            let (_lookup, answers) = self.ask(name);
            answers.try_recv().expect_err("nothing is known of the name");
            next(&self.begun).finds(&[last]);
            assert_eq!(next(&answers).unwrap(), [address(last)]);
        }

        #[track_caller]
        fn is_known(&self, name: &str, last: u8) {
            let (_lookup, answers) = self.ask(name);
            assert_eq!(answers.try_recv().unwrap().unwrap(), [address(last)]);
        }
    }

    #[test]
    fn what_was_found_is_known_for_a_minute_of_the_runtime() {
        let bench = bench();
        bench.find("alpha", 1);
        bench.clock.advance(Duration::from_secs(59));
        bench.is_known("alpha", 1);
        bench.clock.advance(Duration::from_secs(1));
        bench.find("alpha", 2);
        bench.is_known("alpha", 2);
    }

    #[test]
    fn a_name_that_is_forgotten_is_asked_for_again_and_the_others_are_not() {
        let bench = bench();
        bench.find("alpha", 1);
        bench.find("beta", 2);
        bench.resolver.forget("ALPHA");
        bench.is_known("beta", 2);
        bench.find("alpha", 3);
        // These are no names of hosts.
        bench.resolver.forget("127.0.0.1");
        bench.resolver.forget("");
        bench.is_known("alpha", 3);
    }

    #[test]
    fn a_cleared_cache_knows_nothing_and_takes_no_answer_under_way() {
        let bench = bench();
        bench.find("alpha", 1);
        let (_lookup, answers) = bench.ask("beta");
        let beta = next(&bench.begun);
        bench.resolver.clear_cache();
        beta.finds(&[2]);
        assert_eq!(next(&answers).unwrap(), [address(2)]);
        bench.find("alpha", 3);
        bench.find("beta", 4);
    }

    /// Asserts that all spellings of a name are looked up as one, and are known as one afterwards.
    #[track_caller]
    fn assert_one_name(spellings: [&str; 3], asked_for: &str) {
        let bench = bench();
        let first = bench.ask(spellings[0]);
        let begun = next(&bench.begun);
        assert_eq!(begun.name, asked_for);
        let others = spellings.map(|name| bench.ask(name));
        begun.finds(&[1]);
        // A second lookup at the source would wait for the test to answer it.
        for (_, answers) in std::iter::once(&first).chain(&others) {
            assert_eq!(next(answers).unwrap(), [address(1)]);
        }
        for name in spellings {
            bench.is_known(name, 1);
        }
    }

    #[test]
    fn upper_and_lower_case_are_one_name_and_the_system_is_asked_for_it_as_it_was_given() {
        assert_one_name(["Alpha", "alpha", "ALPHA"], "Alpha");
    }

    #[test]
    fn the_dot_of_the_root_makes_another_name_for_which_no_domain_is_searched() {
        let bench = bench();
        bench.find("alpha", 1);
        bench.find("alpha.", 2);
    }

    #[test]
    #[cfg(feature = "idn")]
    fn the_system_is_asked_for_the_ascii_form_once_for_all_spellings() {
        let spellings = ["Bücher.test", "xn--bcher-kva.TEST", "bu\u{308}cher。test"];
        assert_one_name(spellings, "xn--bcher-kva.test");
    }

    #[test]
    fn a_literal_is_answered_without_asking() {
        let bench = bench();
        let mut literals = vec!["127.0.0.1"];
        if cfg!(feature = "idn") {
            literals.push("１２７.０.０.１");
        }
        for name in literals {
            let (_lookup, answers) = bench.ask(name);
            assert_eq!(answers.try_recv().unwrap().unwrap(), ["127.0.0.1:0".parse().unwrap()]);
        }
        let _alpha = bench.ask("alpha");
        assert_eq!(next(&bench.begun).name, "alpha");
    }

    #[test]
    fn what_cannot_be_a_name_is_refused_without_asking() {
        let bench = bench();
        // Without the feature `idn`, the last one is refused because it is not ASCII.
        for name in ["", "a\0b", &"n".repeat(256), "ü..test"] {
            let (_lookup, answers) = bench.ask(name);
            let error = answers.try_recv().unwrap().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::NotFound, "{error}");
        }
        let _alpha = bench.ask("alpha");
        assert_eq!(next(&bench.begun).name, "alpha");
    }
}
