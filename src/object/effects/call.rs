//! Closures that wait to be called, each in a list of its own type.
//!
//! Keeps two promises. A closure that waits is called once or dropped once, and nothing is borrowed
//! here meanwhile: a closure, or the `Drop` of what it captured, may keep more closures. And a
//! closure needs no allocation of its own, unless it is larger than what a list keeps. So a closure
//! is not in a box, which would forget its type: it is in a list of closures of its type, and has a
//! number there.
//!
//! Each closure in the source has a type of its own, so there are no more lists than closures in
//! the source. The owner of the effect decides when a closure is called.

use std::any::{Any, TypeId};
use std::cell::RefCell;
use std::rc::Rc;

use super::by_type::{ByType, KEPT};
use super::effect::{Act, Effect, Steps};
use super::waiting::Waiting;

/// The closures of one runtime that wait to be called.
#[derive(Default)]
pub(super) struct Calls {
    /// The `Rc<List<F>>` of each type `F` of closures.
    lists: RefCell<ByType<Box<dyn Any>>>,
}

/// The closures of type `F` that wait to be called.
struct List<F> {
    waiting: RefCell<Waiting<F, KEPT>>,
}

impl Calls {
    /// Keeps a closure. Returns the effect that calls it.
    #[inline]
    pub(in crate::object) fn keep<W, F: FnOnce(&mut W) + 'static>(&self, call: F) -> Effect<W> {
        let act = self.list::<F>();
        let what = act.waiting.borrow_mut().put(call).into();
        Effect::Act { act, what }
    }

    #[inline]
    fn list<F: 'static>(&self) -> Rc<List<F>> {
        if let Some(list) = self.lists.borrow().get(&TypeId::of::<F>())
            && let Some(list) = list.downcast_ref::<Rc<List<F>>>()
        {
            return list.clone();
        }
        self.add_list()
    }

    #[cold]
    fn add_list<F: 'static>(&self) -> Rc<List<F>> {
        let list = Rc::new(List { waiting: RefCell::default() });
        self.lists.borrow_mut().insert(TypeId::of::<F>(), Box::new(list.clone()));
        list
    }
}

impl<W, F: FnOnce(&mut W)> Act<W> for List<F> {
    fn carry_out(self: Rc<Self>, world: &mut W, what: u64) {
        let call = self.waiting.borrow_mut().take(what as u32);
        if let Some(call) = call {
            call(world);
        }
    }

    fn discard(&self, what: u64) {
        let call = self.waiting.borrow_mut().take(what as u32);
        drop(call);
    }
}

/// A closure that is kept until it is called. Dropping this drops what the closure captured.
pub(crate) struct KeptCall<W: Steps + 'static>(Option<Effect<W>>);

impl<W: Steps + 'static> KeptCall<W> {
    pub(in crate::object) fn new(call: Effect<W>) -> Self {
        Self(Some(call))
    }

    /// Calls the closure in the running turn.
    #[inline]
    pub(crate) fn make(mut self, world: &mut W) {
        let call = self.0.take();
        // There is nothing left to drop, which the compiler cannot know.
        std::mem::forget(self);
        if let Some(call) = call {
            call.carry_out(world);
        }
    }
}

impl<W: Steps + 'static> Drop for KeptCall<W> {
    fn drop(&mut self) {
        if let Some(call) = self.0.take() {
            call.discard();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::queue::tests::Heard;
    use super::*;

    /// Keeps a closure when it is dropped.
    struct Echo(Rc<Calls>);

    impl Drop for Echo {
        fn drop(&mut self) {
            KeptCall::new(self.0.keep(|heard: &mut Heard| heard.push(0)));
        }
    }

    #[test]
    fn each_closure_is_called_by_its_effect_whatever_its_type() {
        let (calls, mut heard) = (Calls::default(), Heard::new());
        let hear = |number| move |heard: &mut Heard| heard.push(number);
        let [one, two] = [1, 2].map(|number| calls.keep(hear(number)));
        let large = [3; 1000];
        let three = calls.keep(move |heard: &mut Heard| heard.push(large[999]));
        for effect in [three, one, two] {
            effect.carry_out(&mut heard);
        }
        assert_eq!(heard, [3, 1, 2]);
    }

    #[test]
    fn captures_may_have_closures_wait_as_they_are_dropped() {
        let (calls, mut heard) = (Rc::new(Calls::default()), Heard::new());
        let keep = || {
            let echo = Echo(calls.clone());
            calls.keep(move |_: &mut Heard| drop(echo))
        };
        let (called, discarded, kept) = (keep(), keep(), keep());
        called.carry_out(&mut heard);
        discarded.discard();
        drop(KeptCall::new(kept));
        assert_eq!(Rc::strong_count(&calls), 1, "each was dropped");
    }
}
