//! The inbox of a loop: things that other threads put in.
//!
//! Keeps two promises. Each thing comes out once, in the order of the thread that has put it in,
//! unless the inbox was closed before. And a loop takes no lock as long as no thread has put anything
//! in. `loop_waker.rs` wakes a loop that sleeps, and `remote.rs` knows what the things are. The tests
//! below try every order in which threads can take their steps.

use std::fmt;
use std::sync::Arc;

use super::loop_waker::{Bell, LoopWaker, Wake};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// A collection in which things wait until the loop takes them over.
pub(in crate::event_loop) trait Pile: Default {
    /// Returns how many things there are.
    fn len(&self) -> usize;
}

/// Many threads put things in, and one loop takes them out.
pub(super) struct Inbox<P, W> {
    contents: Mutex<Contents<P>>,
    waker: Arc<LoopWaker<W>>,
}

/// The things in an inbox, as long as there is a loop that takes them out.
enum Contents<P> {
    Open(P),
    Closed,
}

/// Why a thing was not put in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The loop is gone.
    Closed,
    /// As many things wait as are allowed.
    Full,
}

impl<P: Pile, W: Wake> Inbox<P, W> {
    /// Calls `put`, which puts one thing in, if fewer than `most` things wait in the inbox. Wakes the
    /// loop if it sleeps.
    pub(super) fn put(&self, most: usize, put: impl FnOnce(&mut P)) -> Result<(), Refusal> {
        match &mut *self.lock() {
            Contents::Open(things) if things.len() < most => put(things),
            Contents::Open(_) => return Err(Refusal::Full),
            Contents::Closed => return Err(Refusal::Closed),
        }
        self.waker.call();
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Contents<P>> {
        // No code that holds the lock leaves the contents half-changed when it panics.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The loop's end of its inbox. Dropping it closes the inbox.
pub(in crate::event_loop) struct Mailbox<P, W> {
    inbox: Arc<Inbox<P, W>>,
    /// The things that were taken over from the inbox and not given out yet.
    taken: P,
}

impl<P: Pile, W: Wake> Mailbox<P, W> {
    /// Makes an empty inbox whose loop is woken by `waker`. The loop counts as asleep until
    /// [`wake_up`](Self::wake_up) is called.
    pub(in crate::event_loop) fn new(waker: W) -> Self {
        let inbox = Inbox {
            contents: Mutex::new(Contents::Open(P::default())),
            waker: Arc::new(LoopWaker::new(waker)),
        };
        Self { inbox: Arc::new(inbox), taken: P::default() }
    }

    /// Returns the end of the inbox where other threads put things in.
    pub(super) fn inbox(&self) -> Arc<Inbox<P, W>> {
        self.inbox.clone()
    }

    /// Takes over everything in the inbox at once, unless something is left of what was taken over
    /// earlier.
    #[inline]
    pub(in crate::event_loop) fn collect(&mut self) {
        if !self.has_taken() && self.inbox.waker.is_called() {
            self.take_over();
        }
    }

    #[cold]
    fn take_over(&mut self) {
        self.inbox.waker.answer();
        if let Contents::Open(things) = &mut *self.inbox.lock() {
            std::mem::swap(&mut self.taken, things);
        }
    }

    /// Returns the things that were taken over, for the caller to take out.
    pub(in crate::event_loop) fn taken(&mut self) -> &mut P {
        &mut self.taken
    }

    /// Returns true if something was taken over and not given out yet.
    #[inline]
    pub(in crate::event_loop) fn has_taken(&self) -> bool {
        self.taken.len() > 0
    }

    /// Returns true if something was taken over and not given out yet, or may be in the inbox.
    #[inline]
    pub(in crate::event_loop) fn may_have_more(&self) -> bool {
        self.has_taken() || self.inbox.waker.is_called()
    }

    /// Notes that the loop is going to sleep. Returns false if there is something to give out: then
    /// the loop stays awake.
    #[inline]
    pub(in crate::event_loop) fn fall_asleep(&mut self) -> bool {
        while !self.has_taken() {
            if self.inbox.waker.lie_down() {
                return true;
            }
            self.take_over();
        }
        false
    }

    /// Notes that the loop is awake. Returns true if something may be in the inbox.
    #[inline]
    pub(in crate::event_loop) fn wake_up(&self) -> bool {
        self.inbox.waker.rise()
    }

    /// Wakes a foreign loop that sleeps on the runtime's descriptor.
    pub(in crate::event_loop) fn ring(&self) {
        self.inbox.waker.wake();
    }

    /// Makes a bell that wakes the loop for work that is not in the inbox.
    pub(in crate::event_loop) fn bell(&self) -> Bell<W> {
        Bell::new(self.inbox.waker.clone())
    }
}

impl<P, W> Drop for Mailbox<P, W> {
    fn drop(&mut self) {
        let mut contents = self.inbox.contents.lock().unwrap_or_else(PoisonError::into_inner);
        let left = std::mem::replace(&mut *contents, Contents::Closed);
        drop(contents);
        // Outside the lock, since a thing that is dropped may put another thing in.
        drop(left);
    }
}

impl<P: Pile, W> fmt::Debug for Mailbox<P, W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mailbox").field("taken", &self.taken.len()).finish_non_exhaustive()
    }
}

#[cfg(all(test, loom))]
mod loom_tests {
    use std::collections::VecDeque;

    use loom::sync::atomic::AtomicUsize;

    use super::*;
    use crate::sync::{Condvar, Ordering, thread, try_all_orders};

    /// A descriptor that a loop sleeps on. Loom fails if nobody wakes it any more.
    #[derive(Clone, Default)]
    struct Descriptor(Arc<State>);

    #[derive(Default)]
    struct State {
        is_ready: Mutex<bool>,
        changed: Condvar,
        wakes: AtomicUsize,
    }

    impl Descriptor {
        fn sleep(&self) {
            let mut is_ready = self.0.is_ready.lock().unwrap();
            while !*is_ready {
                is_ready = self.0.changed.wait(is_ready).unwrap();
            }
            *is_ready = false;
        }

        fn wakes(&self) -> usize {
            self.0.wakes.load(Ordering::Relaxed)
        }
    }

    impl Wake for Descriptor {
        fn wake(&self) {
            self.0.wakes.fetch_add(1, Ordering::Relaxed);
            *self.0.is_ready.lock().unwrap() = true;
            self.0.changed.notify_one();
        }
    }

    impl<T> Pile for VecDeque<T> {
        fn len(&self) -> usize {
            self.len()
        }
    }

    fn push<T>(
        inbox: &Inbox<VecDeque<T>, Descriptor>,
        thing: T,
        most: usize,
    ) -> Result<(), Refusal> {
        inbox.put(most, |things| things.push_back(thing))
    }

    /// Who posted something, and its number among what they posted.
    type Post = (usize, usize);

    /// Starts threads that post as often as it says.
    fn post<const POSTERS: usize>(
        mailbox: &Mailbox<VecDeque<Post>, Descriptor>,
        each: [usize; POSTERS],
    ) -> [thread::JoinHandle<()>; POSTERS] {
        std::array::from_fn(|poster| {
            let inbox = mailbox.inbox();
            thread::spawn(move || {
                for number in 0..each[poster] {
                    push(&inbox, (poster, number), usize::MAX).unwrap();
                }
            })
        })
    }

    /// Takes what has come, and asserts that it comes in the order of each poster.
    fn take<const POSTERS: usize>(
        mailbox: &mut Mailbox<VecDeque<Post>, Descriptor>,
        came: &mut [usize; POSTERS],
    ) {
        mailbox.collect();
        while let Some((poster, number)) = mailbox.taken().pop_front() {
            assert_eq!(number, came[poster]);
            came[poster] += 1;
        }
    }

    /// Sleeps and takes as `Runtime::exec` does, until all that is posted has come.
    fn run<const POSTERS: usize>(each: [usize; POSTERS]) {
        let descriptor = Descriptor::default();
        let mut mailbox = Mailbox::new(descriptor.clone());
        mailbox.wake_up();
        let posters = post(&mailbox, each);
        let mut came = [0; POSTERS];
        let mut naps = 0;
        while came != each {
            naps += 1;
            // It looks into the inbox only if there is something, or may be.
            let may_have_calls = if mailbox.fall_asleep() {
                descriptor.sleep();
                mailbox.wake_up()
            } else {
                true
            };
            if may_have_calls {
                take(&mut mailbox, &mut came);
            }
        }
        for poster in posters {
            poster.join().unwrap();
        }
        assert!(descriptor.wakes() <= naps, "a loop that is awake is not woken");
    }

    #[test]
    fn a_loop_that_sleeps_is_woken_for_each_of_two_posters() {
        try_all_orders(|| run([1, 1]));
    }

    #[test]
    fn what_one_poster_puts_in_comes_out_in_its_order() {
        try_all_orders(|| run([2]));
        try_all_orders(|| run([2, 1]));
    }

    #[test]
    fn somebody_else_s_loop_hears_of_what_comes_between_the_passes() {
        try_all_orders(|| {
            let descriptor = Descriptor::default();
            let mut mailbox = Mailbox::new(descriptor.clone());
            let posters = post(&mailbox, [1, 1]);
            let mut came = [0; 2];
            while came != [1; 2] {
                descriptor.sleep();
                mailbox.wake_up();
                take(&mut mailbox, &mut came);
                if !mailbox.fall_asleep() {
                    mailbox.ring();
                }
            }
            for poster in posters {
                poster.join().unwrap();
            }
        });
    }

    #[test]
    fn the_bell_of_the_loop_s_own_thread_and_a_poster_do_not_hide_each_other() {
        try_all_orders(|| {
            let descriptor = Descriptor::default();
            let mut mailbox = Mailbox::new(descriptor.clone());
            let bell = mailbox.bell();
            let posters = post(&mailbox, [1]);
            let mut came = [0];
            // Somebody else's loop has recorded something outside a turn.
            bell.ring();
            let mut is_recorded = true;
            while is_recorded || came != [1] {
                descriptor.sleep();
                mailbox.wake_up();
                is_recorded = false;
                take(&mut mailbox, &mut came);
                if !mailbox.fall_asleep() {
                    mailbox.ring();
                }
            }
            for poster in posters {
                poster.join().unwrap();
            }
        });
    }

    #[test]
    fn no_more_wait_than_may_whoever_puts_them_in() {
        try_all_orders(|| {
            let mut mailbox = Mailbox::new(Descriptor::default());
            let posters = [(); 2].map(|()| {
                let inbox = mailbox.inbox();
                thread::spawn(move || usize::from(push(&inbox, (), 1).is_ok()))
            });
            mailbox.collect();
            let mut came = usize::from(mailbox.taken().pop_front().is_some());
            let put: usize = posters.into_iter().map(|poster| poster.join().unwrap()).sum();
            mailbox.collect();
            while mailbox.taken().pop_front().is_some() {
                came += 1;
            }
            assert_eq!(came, put, "what was not refused comes");
            assert!(came >= 1 && came <= 2);
            assert_eq!(push(&mailbox.inbox(), (), 1), Ok(()), "there is room again");
            assert_eq!(push(&mailbox.inbox(), (), 1), Err(Refusal::Full));
        });
    }

    /// Counts how many of it were dropped.
    struct Counted(Arc<AtomicUsize>);

    impl Drop for Counted {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    #[test]
    fn what_is_put_in_while_the_inbox_closes_is_given_out_or_dropped_or_refused() {
        try_all_orders(|| {
            let dropped = Arc::new(AtomicUsize::new(0));
            let mut mailbox = Mailbox::new(Descriptor::default());
            let posters = [(); 2].map(|()| {
                let (inbox, dropped) = (mailbox.inbox(), dropped.clone());
                thread::spawn(move || {
                    let first = push(&inbox, Counted(dropped.clone()), usize::MAX);
                    let second = push(&inbox, Counted(dropped), usize::MAX);
                    assert!(first.is_ok() || second.is_err(), "what is closed stays closed");
                })
            });
            mailbox.collect();
            let given = usize::from(mailbox.taken().pop_front().map(std::mem::forget).is_some());
            let inbox = mailbox.inbox();
            drop(mailbox);
            assert_eq!(push(&inbox, Counted(dropped.clone()), usize::MAX), Err(Refusal::Closed));
            for poster in posters {
                poster.join().unwrap();
            }
            assert_eq!(given + dropped.load(Ordering::Relaxed), 5);
        });
    }
}
