//! The threads in which names are looked up: the system's resolver blocks.
//!
//! Keeps one promise: whoever asks is answered once, or has called it off; and no name that hangs
//! in the system's resolver keeps the others from being looked up, as long as those who asked for
//! it lose their patience at some time. One pool serves the whole process. The caches are the
//! runtimes' own, in `resolver.rs`; what is to be done in which order is in `lookup_queue.rs`.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use super::engine::{Lookup, OnResolved};
use super::host_name::HostName;
use super::lookup_queue::{LookupQueue, Ticket};
use super::system_resolver;
use crate::sync::{Condvar, Mutex, MutexGuard, PoisonError, thread};

/// How many names that somebody waits for are looked up at the same time, as in Qt.
const MAX_AWAITED: usize = 20;

/// How many threads there are at most, with those that hang in a lookup that nobody waits for.
const MAX_WORKERS: usize = 64;

/// How long a thread without work stays.
const IDLE: Duration = Duration::from_secs(10);

/// Why a name has no addresses; many askers may get the same answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{reason}")]
pub(super) struct LookupFailure {
    /// `NotFound` if there is no such name.
    pub(super) kind: io::ErrorKind,
    pub(super) reason: Arc<str>,
}

/// Blocks until it knows the addresses of a name.
pub(super) type LookUp = dyn Fn(&HostName) -> Result<Vec<SocketAddr>, LookupFailure> + Send + Sync;

/// Looks up names off the loop's thread.
pub(super) struct ResolverPool {
    shared: Arc<Shared>,
}

struct Shared {
    staff: Mutex<Staff>,
    /// There is work, or no more to come.
    news: Condvar,
    look_up: Box<LookUp>,
    idle: Duration,
}

struct Staff {
    queue: LookupQueue<OnResolved>,
    workers: usize,
    idle: usize,
    closed: bool,
}

impl ResolverPool {
    /// The pool of this process, which asks the system.
    pub(super) fn of_process() -> Arc<Self> {
        static POOL: OnceLock<Arc<ResolverPool>> = OnceLock::new();
        let system = || Arc::new(Self::new(Box::new(system_resolver::look_up), IDLE));
        POOL.get_or_init(system).clone()
    }

    /// A pool that asks `look_up`, and whose threads leave after this time without work.
    pub(super) fn new(look_up: Box<LookUp>, idle: Duration) -> Self {
        let queue = LookupQueue::new();
        let staff = Mutex::new(Staff { queue, workers: 0, idle: 0, closed: false });
        Self { shared: Arc::new(Shared { staff, news: Condvar::new(), look_up, idle }) }
    }

    /// Looks up a name and calls `on_resolved` from one of the pool's threads; from here if there
    /// is no thread to be had.
    pub(super) fn resolve(&self, name: &HostName, on_resolved: OnResolved) -> Lookup {
        let shared = &self.shared;
        let mut staff = shared.lock();
        let ticket = staff.queue.ask(name, on_resolved);
        if let Err(error) = shared.hire(&mut staff)
            && staff.workers == staff.queue.abandoned()
            && let Some(on_resolved) = staff.queue.cancel(&ticket)
        {
            drop(staff);
            on_resolved(Err(error));
            return Lookup::finished();
        }
        drop(staff);
        let shared = shared.clone();
        Lookup::new(move || shared.cancel(&ticket))
    }
}

impl Drop for ResolverPool {
    fn drop(&mut self) {
        self.shared.lock().closed = true;
        self.shared.news.notify_all();
    }
}

impl fmt::Debug for ResolverPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let staff = self.shared.lock();
        f.debug_struct("ResolverPool")
            .field("workers", &staff.workers)
            .field("idle", &staff.idle)
            .field("waiting", &staff.queue.waiting())
            .field("abandoned", &staff.queue.abandoned())
            .finish()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Staff> {
        // Nothing that holds the lock calls anybody, so nothing panics half-way.
        self.staff.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sees to it that somebody does the work that waits, if there is room for one more.
    fn hire(self: &Arc<Self>, staff: &mut Staff) -> io::Result<()> {
        if staff.queue.waiting() <= staff.idle {
            self.news.notify_one();
            return Ok(());
        }
        let awaited = staff.workers - staff.queue.abandoned().min(staff.workers);
        if awaited < MAX_AWAITED && staff.workers < MAX_WORKERS {
            let shared = self.clone();
            let named = thread::Builder::new().name("slotwire-resolver".to_owned());
            // Never joined: one that hangs is left behind when the process ends.
            named.spawn(move || shared.work())?;
            staff.workers += 1;
        }
        Ok(())
    }

    fn cancel(self: &Arc<Self>, ticket: &Ticket) {
        let mut staff = self.lock();
        let on_resolved = staff.queue.cancel(ticket);
        // A name that nobody waits for any more may be hanging, so somebody else goes on. Without
        // a thread for that, the next who asks or who comes back does.
        if staff.queue.waiting() > 0 {
            let _ = self.hire(&mut staff);
        }
        drop(staff);
        // Outside the lock: what it captured may do anything when it goes.
        drop(on_resolved);
    }

    /// Looks up names until there are none for a while.
    fn work(&self) {
        let mut staff = self.lock();
        loop {
            let awaited = staff.workers - staff.queue.abandoned().min(staff.workers);
            if staff.closed || awaited > MAX_AWAITED {
                break;
            }
            let Some(name) = staff.queue.begin() else {
                staff.idle += 1;
                let (back, waited) = self
                    .news
                    .wait_timeout(staff, self.idle)
                    .unwrap_or_else(PoisonError::into_inner);
                staff = back;
                staff.idle -= 1;
                if waited.timed_out() && staff.queue.waiting() == 0 {
                    break;
                }
                continue;
            };
            drop(staff);
            let answer = (self.look_up)(&name);
            let askers = self.lock().queue.answer(&name);
            for on_resolved in askers {
                on_resolved(
                    answer.clone().map_err(|failure| io::Error::new(failure.kind, failure)),
                );
            }
            staff = self.lock();
        }
        staff.workers -= 1;
    }
}

#[cfg(test)]
pub(super) mod tests {
    use std::process::{Command, Stdio};
    use std::sync::mpsc::{self, Receiver, Sender};
    use std::time::Instant;

    use super::*;
    use crate::net::host_name::tests::named;

    /// How long anything may take before a test calls it lost.
    const DEADLINE: Duration = Duration::from_secs(30);
    const FOREVER: Duration = Duration::from_secs(3600);

    /// A lookup that has begun and waits for the test to say what it finds.
    pub(in crate::net) struct Begun {
        pub(in crate::net) name: String,
        answer: Sender<Result<Vec<SocketAddr>, LookupFailure>>,
    }

    impl Begun {
        pub(in crate::net) fn finds(self, last_octets: &[u8]) {
            let addresses = last_octets.iter().map(|&last| address(last)).collect();
            self.answer.send(Ok(addresses)).unwrap();
        }

        fn fails(self, kind: io::ErrorKind) {
            let reason = format!("no {}", self.name).into();
            self.answer.send(Err(LookupFailure { kind, reason })).unwrap();
        }
    }

    pub(in crate::net) fn address(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 0))
    }

    /// A pool whose lookups wait for the test, and where they arrive.
    pub(in crate::net) fn held_pool(idle: Duration) -> (ResolverPool, Receiver<Begun>) {
        let (begin, begun) = mpsc::channel();
        let look_up = move |name: &HostName| {
            let (answer, answered) = mpsc::channel();
            let gone = || LookupFailure { kind: io::ErrorKind::Other, reason: "test over".into() };
            begin.send(Begun { name: name.as_str().to_owned(), answer }).map_err(|_| gone())?;
            answered.recv().unwrap_or_else(|_| Err(gone()))
        };
        (ResolverPool::new(Box::new(look_up), idle), begun)
    }

    type Answers = Receiver<io::Result<Vec<SocketAddr>>>;

    fn ask(pool: &ResolverPool, name: &str) -> (Lookup, Answers) {
        let (send, answers) = mpsc::channel();
        let on_resolved = move |answer| send.send(answer).unwrap_or_default();
        (pool.resolve(&named(name), Box::new(on_resolved)), answers)
    }

    #[track_caller]
    pub(in crate::net) fn next<T>(receiver: &Receiver<T>) -> T {
        receiver.recv_timeout(DEADLINE).expect("what is waited for does not come")
    }

    #[track_caller]
    fn wait_until(condition: impl Fn() -> bool) {
        let deadline = Instant::now() + DEADLINE;
        while !condition() {
            assert!(Instant::now() < deadline, "what is waited for does not happen");
            thread::yield_now();
        }
    }

    /// Asks for as many names as are looked up at the same time, all of which hang.
    fn fill(pool: &ResolverPool, begun: &Receiver<Begun>) -> (Vec<Lookup>, Vec<Begun>) {
        let names = (0..MAX_AWAITED).map(|number| format!("hangs-{number}"));
        let lookups = names.map(|name| ask(pool, &name).0).collect();
        (lookups, (0..MAX_AWAITED).map(|_| next(begun)).collect())
    }

    #[test]
    fn one_lookup_serves_all_who_ask_for_the_name_meanwhile() {
        let (pool, begun) = held_pool(FOREVER);
        let first = ask(&pool, "alpha");
        let alpha = next(&begun);
        let second = ask(&pool, "alpha");
        let _other = ask(&pool, "beta");
        // A second lookup of the first name would have come before this one.
        assert_eq!(next(&begun).name, "beta");
        alpha.finds(&[1, 2]);
        for (_, answers) in [&first, &second] {
            assert_eq!(next(answers).unwrap(), [address(1), address(2)]);
        }
        let _again = ask(&pool, "alpha");
        assert_eq!(next(&begun).name, "alpha");
    }

    #[test]
    fn a_failure_comes_with_its_kind_and_reason_to_everybody() {
        let (pool, begun) = held_pool(FOREVER);
        let both = [ask(&pool, "alpha"), ask(&pool, "alpha")];
        next(&begun).fails(io::ErrorKind::NotFound);
        for (_, answers) in &both {
            let error = next(answers).unwrap_err();
            assert_eq!(
                (error.kind(), error.to_string()),
                (io::ErrorKind::NotFound, "no alpha".to_owned())
            );
        }
    }

    #[test]
    fn a_name_called_off_before_its_turn_is_never_looked_up() {
        let (pool, begun) = held_pool(FOREVER);
        let (_lookups, mut hanging) = fill(&pool, &begun);
        let (late, answers) = ask(&pool, "late");
        let _later = ask(&pool, "later");
        drop(late);
        answers.recv().expect_err("nobody is left to tell");
        hanging.remove(0).finds(&[1]);
        assert_eq!(next(&begun).name, "later");
    }

    #[test]
    fn an_answer_that_was_called_off_is_not_delivered() {
        let (pool, begun) = held_pool(FOREVER);
        let (lookup, answers) = ask(&pool, "alpha");
        let alpha = next(&begun);
        drop(lookup);
        alpha.finds(&[1]);
        answers.recv().expect_err("nobody is left to tell");
    }

    #[test]
    fn who_asks_for_a_name_that_others_gave_up_shares_its_lookup() {
        let (pool, begun) = held_pool(FOREVER);
        let (lookup, _) = ask(&pool, "alpha");
        let alpha = next(&begun);
        drop(lookup);
        let (_lookup, answers) = ask(&pool, "alpha");
        alpha.finds(&[3]);
        assert_eq!(next(&answers).unwrap(), [address(3)]);
    }

    #[test]
    fn names_that_hang_make_way_when_those_who_asked_give_up() {
        let (pool, begun) = held_pool(FOREVER);
        let (lookups, _hanging) = fill(&pool, &begun);
        let (_lookup, answers) = ask(&pool, "alpha");
        begun.try_recv().map(|begun| begun.name).expect_err("there is no room yet");
        drop(lookups);
        next(&begun).finds(&[1]);
        assert_eq!(next(&answers).unwrap(), [address(1)]);
    }

    #[test]
    fn a_thousand_names_that_hang_take_so_many_threads_and_no_more() {
        let (pool, begun) = held_pool(FOREVER);
        let lookups: Vec<_> = (0..1000).map(|number| ask(&pool, &number.to_string())).collect();
        assert_eq!(pool.shared.lock().workers, MAX_AWAITED);
        let mut hanging: Vec<_> = (0..MAX_AWAITED).map(|_| next(&begun)).collect();
        // Each that gives up makes room for another, up to the limit.
        drop(lookups);
        // A thread may have taken a name and not have begun to look it up: the test waits for it.
        while hanging.len() < pool.shared.lock().queue.abandoned() {
            hanging.push(next(&begun));
        }
        assert!(pool.shared.lock().workers <= MAX_WORKERS);
        assert_eq!(pool.shared.lock().queue.waiting(), 0);
        // And when one comes back, there is room for those who still ask.
        let (_lookup, answers) = ask(&pool, "alpha");
        hanging.clear();
        let alpha = next(&begun);
        assert_eq!(alpha.name, "alpha");
        alpha.finds(&[1]);
        assert_eq!(next(&answers).unwrap(), [address(1)]);
        wait_until(|| pool.shared.lock().workers <= MAX_AWAITED);
    }

    #[test]
    fn threads_without_work_leave_and_come_again() {
        let (pool, begun) = held_pool(Duration::ZERO);
        for _ in 0..3 {
            let (_lookup, answers) = ask(&pool, "alpha");
            next(&begun).finds(&[1]);
            assert_eq!(next(&answers).unwrap(), [address(1)]);
            wait_until(|| pool.shared.lock().workers == 0);
        }
    }

    #[test]
    fn threads_leave_with_their_pool() {
        let (pool, begun) = held_pool(FOREVER);
        let (_lookup, answers) = ask(&pool, "alpha");
        next(&begun).finds(&[1]);
        next(&answers).unwrap();
        let shared = pool.shared.clone();
        drop(pool);
        wait_until(|| shared.lock().workers == 0);
    }

    #[test]
    fn a_process_ends_while_names_hang() {
        const MARK: &str = "SLOTWIRE_NAMES_HANG";
        if std::env::var_os(MARK).is_some() {
            let (pool, begun) = held_pool(FOREVER);
            std::mem::forget(fill(&pool, &begun));
            std::mem::forget((pool, begun));
            return;
        }
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["net::resolver_pool::tests::a_process_ends_while_names_hang", "--exact"])
            .env(MARK, "1")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (send, ended) = mpsc::channel();
        thread::spawn(move || send.send(child.wait_with_output().unwrap()));
        let said = next(&ended).stdout;
        assert!(String::from_utf8_lossy(&said).contains("1 passed"));
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use super::*;
    use crate::net::host_name::tests::named;
    use crate::sync::try_all_orders;

    /// Counts answers, and lets a test wait for them. Loom fails if they do not come.
    #[derive(Clone, Default)]
    struct Answers(Arc<(Mutex<usize>, Condvar)>);

    impl Answers {
        fn count_one(&self) -> OnResolved {
            let answers = self.clone();
            Box::new(move |_| {
                let (count, changed) = &*answers.0;
                *count.lock().unwrap() += 1;
                changed.notify_one();
            })
        }

        fn wait_for(&self, wanted: usize) {
            let (count, changed) = &*self.0;
            let mut count = count.lock().unwrap();
            while *count < wanted {
                count = changed.wait(count).unwrap();
            }
        }

        fn count(&self) -> usize {
            *self.0.0.lock().unwrap()
        }
    }

    fn pool() -> ResolverPool {
        ResolverPool::new(Box::new(|_| Ok(Vec::new())), IDLE)
    }

    #[test]
    fn names_asked_for_one_after_the_other_are_all_answered() {
        try_all_orders(|| {
            let (pool, answers) = (pool(), Answers::default());
            let first = pool.resolve(&named("alpha"), answers.count_one());
            // The thread of the first may be about to rest.
            let second = pool.resolve(&named("beta"), answers.count_one());
            answers.wait_for(2);
            drop((first, second));
            assert_eq!(answers.count(), 2);
        });
    }

    #[test]
    fn two_who_ask_for_one_name_are_both_answered() {
        try_all_orders(|| {
            let (pool, answers) = (pool(), Answers::default());
            let both = [(); 2].map(|()| pool.resolve(&named("alpha"), answers.count_one()));
            answers.wait_for(2);
            drop((pool, both));
            assert_eq!(answers.count(), 2);
        });
    }

    #[test]
    fn who_calls_off_hears_at_most_once_and_the_others_all_the_same() {
        try_all_orders(|| {
            let (pool, answers, other) = (pool(), Answers::default(), Answers::default());
            let lookup = pool.resolve(&named("alpha"), other.count_one());
            let _kept = pool.resolve(&named("alpha"), answers.count_one());
            drop(lookup);
            answers.wait_for(1);
            assert!(other.count() <= 1);
        });
    }
}
