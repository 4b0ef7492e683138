//! The inbox of a loop: what other threads put in.
//!
//! Keeps two promises. What is put in comes out once, in the order of each poster, unless the inbox
//! was closed before. And a loop into whose inbox nobody has put anything takes no lock. `loop_waker.rs`
//! wakes a loop that sleeps, and `remote.rs` knows what is put in. The tests below try every order in
//! which threads can take their steps.

use std::fmt;
use std::sync::Arc;

use super::loop_waker::{Bell, LoopWaker, Wake};
use crate::sync::{Mutex, MutexGuard, PoisonError};

/// What things are piled up in until the loop takes them over.
pub(in crate::event_loop) trait Pile: Default {
    /// Returns how many things there are.
    fn len(&self) -> usize;
}

/// What many threads put things into, and one loop takes them out of.
pub(super) struct Inbox<P, W> {
    contents: Mutex<Contents<P>>,
    waker: Arc<LoopWaker<W>>,
}

/// What has come, as long as there is somebody to take it.
enum Contents<P> {
    Open(P),
    Closed,
}

/// Why nothing was put in.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// There is nobody any more to take anything out.
    Closed,
    /// As many things wait as may.
    Full,
}

impl<P: Pile, W: Wake> Inbox<P, W> {
    /// Lets `put` put one thing in, if fewer than `most` things wait there, and wakes the loop if
    /// it sleeps.
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
        // Nothing that holds the lock can panic half-way.
        self.contents.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The loop's end of its inbox, which is closed when this goes.
pub(in crate::event_loop) struct Mailbox<P, W> {
    inbox: Arc<Inbox<P, W>>,
    /// Taken from the inbox and not given out yet.
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

    /// Where other threads put things in.
    pub(super) fn inbox(&self) -> Arc<Inbox<P, W>> {
        self.inbox.clone()
    }

    /// Takes over what has come, in one go, unless something is left of what came earlier.
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

    /// What was taken over, to be taken out.
    pub(in crate::event_loop) fn taken(&mut self) -> &mut P {
        &mut self.taken
    }

    /// Returns true if something was taken over and not given out.
    #[inline]
    pub(in crate::event_loop) fn has_taken(&self) -> bool {
        self.taken.len() > 0
    }

    /// Returns true if something was taken over and not given out, or may be there to take over.
    #[inline]
    pub(in crate::event_loop) fn may_have_more(&self) -> bool {
        self.has_taken() || self.inbox.waker.is_called()
    }

    /// Notes that the loop is about to sleep. Returns false if it may not, since there is something
    /// to give out: the loop is awake then.
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

    /// Notes that the loop is awake and looks by itself. Returns true if there may be something to
    /// take over.
    #[inline]
    pub(in crate::event_loop) fn wake_up(&self) -> bool {
        self.inbox.waker.rise()
    }

    /// Wakes whoever sleeps on the runtime's descriptor: there is something to do.
    pub(in crate::event_loop) fn ring(&self) {
        self.inbox.waker.wake();
    }

    /// Makes a bell that wakes the loop for work that is in no inbox.
    pub(in crate::event_loop) fn bell(&self) -> Bell<W> {
        Bell::new(self.inbox.waker.clone())
    }
}

impl<P, W> Drop for Mailbox<P, W> {
    fn drop(&mut self) {
        let mut contents = self.inbox.contents.lock().unwrap_or_else(PoisonError::into_inner);
        let left = std::mem::replace(&mut *contents, Contents::Closed);
        drop(contents);
        // Outside the lock: what is left may hold ways into this inbox.
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
