//! The threads that look up names, since the system's resolver blocks and cannot be interrupted.
//!
//! Keeps two promises. Every lookup is answered once, or was cancelled. A name that hangs in the
//! system's resolver holds up other names for a moment only, not at all once its askers have
//! cancelled, and never `localhost`. One pool serves the whole process. Each runtime has its own
//! cache, in `resolver.rs`; the rules for the order are in `lookup_queue.rs`.
//!
//! A name that hangs costs a thread, a small stack and mostly a descriptor, until the system gives
//! up. So their number has a limit, which the docs of `World::look_up_host` state.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use super::host_name::HostName;
use super::lookup::{Lookup, LookupFailure, OnResolved};
use super::lookup_queue::{LookupQueue, Rules, Ticket};
use super::system_resolver;
use crate::sync::{Condvar, Mutex, MutexGuard, PoisonError, thread};

/// How many names with askers are looked up at the same time, as in Qt. Names that take long do not
/// count.
const AT_ONCE: usize = 20;

/// For how long a name that hangs holds up another name.
const PATIENCE: Duration = Duration::from_millis(100);

/// How many names in all are looked up at the same time, if there are enough descriptors.
const MOST: usize = 4096;

/// The stack of a thread, in bytes: twice musl's default, in which musl's resolver runs.
const STACK: usize = 256 * 1024;

/// How long a thread waits for work before it ends.
const IDLE: Duration = Duration::from_secs(10);

/// Looks up a name, and blocks until the answer has come.
pub(super) type LookUp = dyn Fn(&HostName) -> Result<Vec<SocketAddr>, LookupFailure> + Send + Sync;

/// Returns the time.
type Now = dyn Fn() -> Instant + Send + Sync;

/// Looks up names in other threads than the loop's.
pub(in crate::net) struct ResolverPool {
    shared: Arc<Shared>,
}

struct Shared {
    staff: Mutex<Staff>,
    /// Notified when there is work, and when the pool closes.
    news: Condvar,
    look_up: Box<LookUp>,
    now: Box<Now>,
    idle: Duration,
}

struct Staff {
    queue: LookupQueue<OnResolved>,
    /// How many threads there are: one for each name that is being looked up, and the free ones.
    workers: usize,
    closed: bool,
}

impl ResolverPool {
    /// Returns the pool of this process, which asks the system.
    pub(in crate::net) fn of_process() -> Arc<Self> {
        static POOL: OnceLock<Arc<ResolverPool>> = OnceLock::new();
        let system = || {
            let rules = Rules { at_once: AT_ONCE, patience: PATIENCE, most: most_lookups() };
            let look_up = Box::new(system_resolver::look_up);
            Arc::new(Self::new(look_up, rules, IDLE, Box::new(Instant::now)))
        };
        POOL.get_or_init(system).clone()
    }

    /// Creates a pool that asks `look_up`, with the clock `now`. Its threads end after the time
    /// `idle` without work.
    pub(super) fn new(look_up: Box<LookUp>, rules: Rules, idle: Duration, now: Box<Now>) -> Self {
        let queue = LookupQueue::new(rules);
        let staff = Mutex::new(Staff { queue, workers: 0, closed: false });
        Self { shared: Arc::new(Shared { staff, news: Condvar::new(), look_up, now, idle }) }
    }

    /// Looks up a name and calls `on_resolved` from one of the pool's threads, or during this call
    /// if no thread can be started.
    pub(in crate::net) fn resolve(&self, name: &HostName, on_resolved: OnResolved) -> Lookup {
        let shared = &self.shared;
        let mut staff = shared.lock();
        let ticket = staff.queue.ask(name, on_resolved);
        // Returns true if no thread will become free for the name, or none soon.
        let waits_for_nobody = |staff: &Staff| {
            let all_are_lost = staff.workers == staff.queue.abandoned();
            all_are_lost || (name.is_localhost() && staff.free() == 0)
        };
        if let Err(error) = shared.hire(&mut staff)
            && waits_for_nobody(&staff)
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

/// Returns how many lookups may hang. Each may hold a descriptor, and half of the descriptors are
/// for the program itself.
fn most_lookups() -> usize {
    let for_lookups = system_resolver::most_descriptors() / 2;
    usize::try_from(for_lookups).unwrap_or(MOST).clamp(AT_ONCE, MOST)
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
            .field("under_way", &staff.queue.under_way())
            .field("waiting", &staff.queue.waiting())
            .field("abandoned", &staff.queue.abandoned())
            .finish()
    }
}

impl Staff {
    /// Returns how many threads look up no name: they wait, or are about to check for work.
    fn free(&self) -> usize {
        self.workers - self.queue.under_way()
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Staff> {
        // Nothing that holds the lock calls anybody, so nothing panics half-way.
        self.staff.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ensures that a thread takes the next name that may begin, or waits until one may. Each
    /// thread that takes a name calls this for the next.
    fn hire(self: &Arc<Self>, staff: &mut Staff) -> io::Result<()> {
        let now = (self.now)();
        let is_held_up = staff.queue.next_start(now).is_some();
        let needed = staff.queue.startable(now).max(usize::from(is_held_up));
        if needed > 0 && staff.free() > 0 {
            self.news.notify_one();
        }
        if needed <= staff.free() {
            return Ok(());
        }
        let shared = self.clone();
        let builder = thread::Builder::new().name("slotwire-resolver".to_owned());
        // Never joined: the end of the process ends a thread that hangs.
        builder.stack_size(STACK).spawn(move || shared.work())?;
        staff.workers += 1;
        Ok(())
    }

    fn cancel(self: &Arc<Self>, ticket: &Ticket) {
        let mut staff = self.lock();
        let on_resolved = staff.queue.cancel(ticket);
        // A name without askers makes room for the next name. If no thread can be started, the next
        // free thread takes that name.
        let _ = self.hire(&mut staff);
        drop(staff);
        // Outside the lock, since dropping the captured values may run any code.
        drop(on_resolved);
    }

    /// Looks up names until there has been no work for a while.
    fn work(self: &Arc<Self>) {
        let mut staff = self.lock();
        while !staff.closed {
            let now = (self.now)();
            if let Some(name) = staff.queue.begin(now) {
                // As in `cancel`.
                let _ = self.hire(&mut staff);
                drop(staff);
                self.look_up(&name);
                staff = self.lock();
                continue;
            }
            // Many threads become free at once when a name server answers again.
            if staff.free() > AT_ONCE {
                break;
            }
            let next_start = staff.queue.next_start(now);
            let pause = next_start.map_or(self.idle, |start| start.saturating_duration_since(now));
            let (back, waited) =
                self.news.wait_timeout(staff, pause).unwrap_or_else(PoisonError::into_inner);
            staff = back;
            if waited.timed_out() && !self.is_needed(&mut staff) {
                break;
            }
        }
        staff.workers -= 1;
    }

    /// Returns true if a name may begin now or at a known time.
    fn is_needed(&self, staff: &mut Staff) -> bool {
        let now = (self.now)();
        staff.queue.startable(now) > 0 || staff.queue.next_start(now).is_some()
    }

    /// Looks up a name and answers its askers.
    fn look_up(&self, name: &HostName) {
        let answer = (self.look_up)(name);
        let askers = self.lock().queue.answer(name);
        for on_resolved in askers {
            on_resolved(answer.clone().map_err(|failure| io::Error::new(failure.kind, failure)));
        }
    }
}

#[cfg(test)]
pub(in crate::net) mod tests {
    use std::ops::Range;
    use std::process::{Command, Stdio};
    use std::sync::mpsc::{self, Receiver, Sender};
    use std::time::Instant;

    use super::*;
    use crate::net::names::host_name::tests::named;

    /// How long a test waits for anything.
    const DEADLINE: Duration = Duration::from_secs(30);
    const FOREVER: Duration = Duration::from_secs(3600);
    const MOMENT: Duration = Duration::from_millis(1);

    /// With these no name ever takes too long.
    const PATIENT: Rules = Rules { at_once: AT_ONCE, patience: FOREVER, most: MOST };
    /// With these a name takes too long unless it is answered at once.
    const IMPATIENT: Rules = Rules { at_once: AT_ONCE, patience: MOMENT, most: MOST };

    /// A lookup that has begun and waits for the test's answer.
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

    /// Creates a pool whose lookups wait for the test, and the receiver of these lookups.
    pub(in crate::net) fn held_pool() -> (ResolverPool, Receiver<Begun>) {
        held_pool_by(PATIENT, FOREVER)
    }

    fn held_pool_by(rules: Rules, idle: Duration) -> (ResolverPool, Receiver<Begun>) {
        let (begin, begun) = mpsc::channel();
        let look_up = move |name: &HostName| {
            let (answer, answered) = mpsc::channel();
            let gone = || LookupFailure { kind: io::ErrorKind::Other, reason: "test over".into() };
            begin.send(Begun { name: name.as_str().to_owned(), answer }).map_err(|_| gone())?;
            answered.recv().unwrap_or_else(|_| Err(gone()))
        };
        (ResolverPool::new(Box::new(look_up), rules, idle, Box::new(Instant::now)), begun)
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

    /// Begins lookups of some names, which all hang.
    fn hang(
        pool: &ResolverPool,
        begun: &Receiver<Begun>,
        numbers: Range<usize>,
    ) -> (Vec<(Lookup, Answers)>, Vec<Begun>) {
        let ask_for = |number| ask(pool, &format!("hangs-{number}"));
        let lookups = numbers.clone().map(ask_for).collect();
        (lookups, numbers.map(|_| next(begun)).collect())
    }

    #[test]
    fn one_lookup_serves_all_who_ask_for_the_name_meanwhile() {
        let (pool, begun) = held_pool();
        let first = ask(&pool, "alpha");
        let alpha = next(&begun);
        let second = ask(&pool, "alpha");
        let _other = ask(&pool, "beta");
        // A second lookup of the first name would have begun before this one.
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
        let (pool, begun) = held_pool();
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
    fn a_name_called_off_before_it_is_begun_is_never_looked_up() {
        let (pool, begun) = held_pool();
        let (_lookups, mut hanging) = hang(&pool, &begun, 0..AT_ONCE);
        let (late, answers) = ask(&pool, "late");
        let _later = ask(&pool, "later");
        drop(late);
        answers.recv().expect_err("nobody is left to tell");
        hanging.remove(0).finds(&[1]);
        assert_eq!(next(&begun).name, "later");
    }

    #[test]
    fn an_answer_that_was_called_off_is_not_delivered() {
        let (pool, begun) = held_pool();
        let (lookup, answers) = ask(&pool, "alpha");
        let alpha = next(&begun);
        drop(lookup);
        alpha.finds(&[1]);
        answers.recv().expect_err("nobody is left to tell");
    }

    #[test]
    fn who_asks_for_a_name_that_others_gave_up_shares_its_lookup() {
        let (pool, begun) = held_pool();
        let (lookup, _) = ask(&pool, "alpha");
        let alpha = next(&begun);
        drop(lookup);
        let (_lookup, answers) = ask(&pool, "alpha");
        alpha.finds(&[3]);
        assert_eq!(next(&answers).unwrap(), [address(3)]);
    }

    #[test]
    fn names_that_hang_make_way_when_those_who_asked_give_up() {
        let (pool, begun) = held_pool();
        let (lookups, _hanging) = hang(&pool, &begun, 0..AT_ONCE);
        let (_lookup, answers) = ask(&pool, "alpha");
        begun.try_recv().map(|begun| begun.name).expect_err("there is no room yet");
        drop(lookups);
        next(&begun).finds(&[1]);
        assert_eq!(next(&answers).unwrap(), [address(1)]);
    }

    #[test]
    fn a_name_is_looked_up_while_a_hundred_hang_that_were_asked_for_before() {
        let (pool, begun) = held_pool_by(IMPATIENT, FOREVER);
        let lookups: Vec<_> =
            (0..100).map(|number| ask(&pool, &format!("hangs-{number}"))).collect();
        let (_lookup, answers) = ask(&pool, "alpha");
        let mut hanging: Vec<_> = (0..=lookups.len()).map(|_| next(&begun)).collect();
        let alpha = hanging.iter().position(|begun| begun.name == "alpha").expect("it has begun");
        hanging.swap_remove(alpha).finds(&[1]);
        assert_eq!(next(&answers).unwrap(), [address(1)]);
        // The slow lookups are answered all the same.
        for slow in hanging {
            slow.finds(&[2]);
        }
        for (_, answers) in &lookups {
            assert_eq!(next(answers).unwrap(), [address(2)]);
        }
    }

    #[test]
    fn names_that_were_given_up_hold_up_nobody_however_many_they_are() {
        let (pool, begun) = held_pool();
        let mut given_up = Vec::new();
        for round in 0..15 {
            let numbers = round * AT_ONCE..(round + 1) * AT_ONCE;
            let (lookups, hanging) = hang(&pool, &begun, numbers);
            given_up.push(hanging);
            drop(lookups);
            let (_lookup, answers) = ask(&pool, "alpha");
            next(&begun).finds(&[1]);
            assert_eq!(next(&answers).unwrap(), [address(1)]);
        }
    }

    #[test]
    fn localhost_is_held_up_by_no_number_of_names_that_hang() {
        const FEW: usize = 64;
        for rules in [PATIENT, Rules { most: FEW, ..IMPATIENT }] {
            let (pool, begun) = held_pool_by(rules, FOREVER);
            let _lookups: Vec<_> =
                (0..1000).map(|number| ask(&pool, &format!("hangs-{number}"))).collect();
            let hang = if rules.most == FEW { FEW } else { AT_ONCE };
            let _hanging: Vec<_> = (0..hang).map(|_| next(&begun)).collect();
            // Every time, and for all its names at once.
            for _ in 0..3 {
                let first = ask(&pool, "localhost");
                let here = next(&begun);
                assert_eq!(here.name, "localhost");
                let both = [first, ask(&pool, "app.localhost.")];
                here.finds(&[1]);
                for (_, answers) in &both {
                    assert_eq!(next(answers).unwrap(), [address(1)]);
                }
            }
            assert_eq!(pool.shared.lock().queue.waiting(), 1000 - hang);
        }
    }

    #[test]
    fn a_thousand_names_that_hang_take_so_many_threads_and_no_more() {
        const FEW: usize = 64;
        let (pool, begun) = held_pool_by(Rules { most: FEW, ..PATIENT }, FOREVER);
        let lookups: Vec<_> = (0..1000).map(|number| ask(&pool, &number.to_string())).collect();
        let mut hanging: Vec<_> = (0..AT_ONCE).map(|_| next(&begun)).collect();
        // One more thread waits until the next name may begin.
        assert!(pool.shared.lock().workers <= AT_ONCE + 1);
        // Each cancelled lookup makes room for another, up to the limit.
        drop(lookups);
        // A thread may have taken a name without beginning its lookup yet: the test waits for that.
        while hanging.len() < pool.shared.lock().queue.abandoned() {
            hanging.push(next(&begun));
        }
        assert!(pool.shared.lock().workers <= FEW);
        assert_eq!(pool.shared.lock().queue.waiting(), 0);
        // When a thread becomes free, names that still have askers begin.
        let (_lookup, answers) = ask(&pool, "alpha");
        hanging.clear();
        let alpha = next(&begun);
        assert_eq!(alpha.name, "alpha");
        alpha.finds(&[1]);
        assert_eq!(next(&answers).unwrap(), [address(1)]);
        wait_until(|| pool.shared.lock().workers <= AT_ONCE);
    }

    #[test]
    fn threads_without_work_leave_and_come_again() {
        let (pool, begun) = held_pool_by(PATIENT, Duration::ZERO);
        for _ in 0..3 {
            let (_lookup, answers) = ask(&pool, "alpha");
            next(&begun).finds(&[1]);
            assert_eq!(next(&answers).unwrap(), [address(1)]);
            wait_until(|| pool.shared.lock().workers == 0);
        }
    }

    #[test]
    fn threads_leave_with_their_pool() {
        let (pool, begun) = held_pool();
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
            let (pool, begun) = held_pool();
            std::mem::forget(hang(&pool, &begun, 0..AT_ONCE));
            std::mem::forget((pool, begun));
            return;
        }
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["net::names::resolver_pool::tests::a_process_ends_while_names_hang", "--exact"])
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
    use crate::net::names::host_name::tests::named;
    use crate::sync::{AtomicBool, Ordering, try_all_orders};

    /// Counts answers, and lets a test wait for them. Loom fails the test if they do not come.
    #[derive(Clone, Default)]
    struct Answers(Arc<(Mutex<usize>, Condvar)>);

    impl Answers {
        fn count_one(&self) -> OnResolved {
            let answers = self.clone();
            Box::new(move |_| answers.add_one())
        }

        fn add_one(&self) {
            let (count, changed) = &*self.0;
            *count.lock().unwrap() += 1;
            changed.notify_one();
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

    const RULES: Rules = Rules { at_once: AT_ONCE, patience: PATIENCE, most: MOST };

    fn pool() -> ResolverPool {
        let now = Instant::now();
        ResolverPool::new(Box::new(|_| Ok(Vec::new())), RULES, IDLE, Box::new(move || now))
    }

    /// A pool that looks up one name at a time. The name `hangs` hangs until the test releases it.
    struct HangingPool {
        pool: ResolverPool,
        begun: Answers,
        released: Answers,
        is_late: Arc<AtomicBool>,
    }

    impl HangingPool {
        fn new() -> Self {
            let (begun, released) = (Answers::default(), Answers::default());
            let (says_begun, waits) = (begun.clone(), released.clone());
            let look_up = move |name: &HostName| {
                if name.as_str() == "hangs" {
                    says_begun.add_one();
                    waits.wait_for(1);
                }
                Ok(Vec::new())
            };
            let is_late = Arc::new(AtomicBool::new(false));
            let (start, late) = (Instant::now(), is_late.clone());
            let now = move || match late.load(Ordering::Relaxed) {
                true => start + PATIENCE,
                false => start,
            };
            let rules = Rules { at_once: 1, most: 2, ..RULES };
            let pool = ResolverPool::new(Box::new(look_up), rules, IDLE, Box::new(now));
            Self { pool, begun, released, is_late }
        }

        /// Lets the patience pass, and ends the waits for that time, which loom does not end by
        /// itself.
        fn let_time_pass(&self) {
            let staff = self.pool.shared.lock();
            self.is_late.store(true, Ordering::Relaxed);
            self.pool.shared.news.notify_all();
            drop(staff);
        }
    }

    #[test]
    fn a_name_that_hangs_makes_way_when_its_time_is_over() {
        try_all_orders(|| {
            let (hanging, answers) = (HangingPool::new(), Answers::default());
            let slow = hanging.pool.resolve(&named("hangs"), answers.count_one());
            let _good = hanging.pool.resolve(&named("alpha"), answers.count_one());
            hanging.begun.wait_for(1);
            hanging.let_time_pass();
            answers.wait_for(1);
            hanging.released.add_one();
            answers.wait_for(2);
            drop(slow);
        });
    }

    #[test]
    fn localhost_is_answered_while_a_name_hangs_and_another_waits() {
        try_all_orders(|| {
            let (hanging, answers) = (HangingPool::new(), Answers::default());
            let slow = hanging.pool.resolve(&named("hangs"), Answers::default().count_one());
            let waits = hanging.pool.resolve(&named("alpha"), Answers::default().count_one());
            let _here = hanging.pool.resolve(&named("localhost"), answers.count_one());
            answers.wait_for(1);
            drop((slow, waits));
            hanging.released.add_one();
        });
    }

    #[test]
    fn a_name_that_hangs_makes_way_when_it_is_given_up() {
        try_all_orders(|| {
            let (hanging, answers) = (HangingPool::new(), Answers::default());
            let slow = hanging.pool.resolve(&named("hangs"), answers.count_one());
            hanging.begun.wait_for(1);
            let _good = hanging.pool.resolve(&named("alpha"), answers.count_one());
            drop(slow);
            answers.wait_for(1);
            hanging.released.add_one();
        });
    }

    #[test]
    fn names_asked_for_one_after_the_other_are_all_answered() {
        try_all_orders(|| {
            let (pool, answers) = (pool(), Answers::default());
            let first = pool.resolve(&named("alpha"), answers.count_one());
            // The thread of the first lookup may be about to wait.
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
