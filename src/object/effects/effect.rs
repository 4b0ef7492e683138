//! Effects: what methods did, as data.
//!
//! An effect only knows how to be carried out. It knows neither what was done nor the world (`W`)
//! in which it is carried out. Effects wait in `queue.rs` and in `turn_budget.rs`.

use std::rc::Rc;

use super::observer::Observed;
use crate::object::store::ObjectKey;

/// Something that a method did, to be carried out after the method.
pub(in crate::object) enum Effect<W> {
    /// Carries out what the act keeps under a number.
    Act { act: Rc<dyn Act<W>>, what: u64 },
    /// Makes an object take the step that it recorded under a number.
    Step { object: ObjectKey, number: u32 },
}

/// Discards effects in their order. If a captured value panics when it is dropped, the others are
/// still discarded.
pub(super) fn discard_all<W: Steps + 'static>(effects: impl IntoIterator<Item = Effect<W>>) {
    /// The effects that are left, also after a panic.
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
    /// Makes an object take a step.
    fn take_step(&mut self, object: ObjectKey, number: u32);
}

/// Something that can be carried out.
pub(in crate::object) trait Act<W> {
    fn carry_out(self: Rc<Self>, world: &mut W, what: u64);

    /// Drops what is kept for an effect that will not be carried out.
    fn discard(&self, what: u64) {
        let _ = what;
    }
}

impl<W: Steps + 'static> Effect<W> {
    /// Drops the effect, and what its act keeps for it.
    pub(super) fn discard(self) {
        if let Self::Act { act, what } = self {
            act.discard(what);
        }
    }

    /// Carries out the effect.
    #[inline]
    pub(in crate::object) fn carry_out(self, world: &mut W) {
        match self {
            Self::Act { act, what } => act.carry_out(world, what),
            Self::Step { object, number } => world.take_step(object, number),
        }
    }
}
