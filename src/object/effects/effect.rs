//! Effects: what methods did, as data.
//!
//! An effect knows nothing of what was done but how to have it carried out, and nothing of the
//! world (`W`) in which that happens. Effects wait in `queue.rs` and in `turn_budget.rs`.

use std::rc::Rc;

use super::observer::Observed;
use crate::object::store::ObjectKey;

/// Something done by a method, to be carried out after it.
pub(in crate::object) enum Effect<W> {
    /// Does what the act knows under a number.
    Act { act: Rc<dyn Act<W>>, what: u64 },
    /// Has an object take a step that it knows under a number.
    Step { object: ObjectKey, number: u32 },
}

/// Discards effects in their order. A capture that panics as it is dropped keeps none of the others.
pub(super) fn discard_all<W: Steps + 'static>(effects: impl IntoIterator<Item = Effect<W>>) {
    /// What is left, also after a panic.
    struct Rest<W: Steps + 'static>(std::vec::IntoIter<Effect<W>>);

    impl<W: Steps + 'static> Drop for Rest<W> {
        fn drop(&mut self) {
            self.0.by_ref().for_each(Effect::discard);
        }
    }

    let effects: Vec<_> = effects.into_iter().collect();
    let mut rest = Rest(effects.into_iter());
    rest.0.by_ref().for_each(Effect::discard);
}

/// A world in which effects are carried out.
pub(crate) trait Steps: Observed {
    /// Has an object take a step.
    fn take_step(&mut self, object: ObjectKey, number: u32);
}

/// Carries out effects.
pub(in crate::object) trait Act<W> {
    fn carry_out(self: Rc<Self>, world: &mut W, what: u64);

    /// Drops what is kept for an effect that will not be carried out.
    fn discard(&self, what: u64) {
        let _ = what;
    }
}

impl<W: Steps + 'static> Effect<W> {
    /// Drops it, with what is kept for it.
    pub(super) fn discard(self) {
        if let Self::Act { act, what } = self {
            act.discard(what);
        }
    }

    /// Carries it out.
    #[inline]
    pub(in crate::object) fn carry_out(self, world: &mut W) {
        match self {
            Self::Act { act, what } => act.carry_out(world, what),
            Self::Step { object, number } => world.take_step(object, number),
        }
    }
}
