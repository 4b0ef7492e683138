//! What the macros' code calls. Not for anybody else: it changes without notice.
//!
//! Versioned, so that macros and library of different ages say so instead of misunderstanding each
//! other.

/// The first version.
pub mod v1 {
    use std::any::Any;
    use std::fmt;

    pub use crate::object::{
        ConnectionType, Context, MetaObject, MetaProperty, MetaSignal, MetaSlot, Obj, Property,
        QObject, Signal, Target, World,
    };

    /// Connects what a class declares.
    type Wire<T> = fn(&mut T, &mut Context<'_, T>);

    /// What `#[slots]` finds out about a class.
    pub struct Slots<T: 'static> {
        slots: &'static [MetaSlot],
        wire: Wire<T>,
    }

    impl<T: QObject> Slots<T> {
        /// Notes the slots, and how they are connected when an object is inserted.
        pub const fn new(slots: &'static [MetaSlot], wire: Wire<T>) -> Self {
            Self { slots, wire }
        }

        /// Describes the slots.
        pub const fn slots(&self) -> &'static [MetaSlot] {
            self.slots
        }

        /// Connects what the slots declare.
        pub fn wire(&self, object: &mut T, cx: &mut Context<'_, T>) {
            (self.wire)(object, cx);
        }
    }

    impl<T> fmt::Debug for Slots<T> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_list().entries(self.slots).finish()
        }
    }

    /// The table of a class without `#[slots]`: one that the class has itself goes before it.
    pub trait NoSlots: QObject + Sized {
        /// An empty table.
        const __ONE_SLOTS_BLOCK_PER_CLASS: Slots<Self> = Slots::new(&[], |_, _| {});
    }

    impl<T: QObject> NoSlots for T {}

    /// Connects what the class of an embedded object declares.
    pub fn wire_base<T: QObject, B: QObject>(base: &mut B, cx: &mut Context<'_, T>) {
        base.wired(&mut cx.as_base());
    }

    /// Finds the object of class `T` that `object` is or embeds.
    pub fn cast<T: QObject>(object: &dyn QObject) -> &T {
        T::project(object, ()).expect("a meta object is asked about objects of its class only")
    }

    /// Finds the object of class `T` that `object` is or embeds.
    pub fn cast_mut<T: QObject>(object: &mut dyn QObject) -> &mut T {
        T::project_mut(object, ()).expect("a meta object is asked about objects of its class only")
    }

    /// What a property can hold.
    #[diagnostic::on_unimplemented(
        message = "a property cannot hold a `{Self}`",
        label = "not both `Clone` and `PartialEq`",
        note = "write `#[derive(Clone, PartialEq)]` above `{Self}`: a property is compared with \
                its new value, and its change signal carries a copy"
    )]
    pub trait Value: Clone + PartialEq + 'static {}

    impl<V: Clone + PartialEq + 'static> Value for V {}

    /// Sets a property.
    pub fn set<V: Value>(property: &mut Property<V>, value: V) {
        property.set(value);
    }

    /// Reads a property for a caller who knows its name only.
    pub fn read<V: Value>(property: &Property<V>) -> Box<dyn Any> {
        Box::new(property.value().clone())
    }

    /// Writes a property for a caller who knows its name only.
    pub fn write<V: Value>(
        property: &mut Property<V>,
        value: Box<dyn Any>,
    ) -> Result<(), Box<dyn Any>> {
        property.set(*value.downcast()?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    //! The macros inside the crate itself, and what can only be driven from here.

    use crate::prelude::*;

    #[derive(QObject, Default)]
    struct Clock {
        struck: Vec<u8>,
        #[signal]
        strikes: Signal<u8>,
    }

    #[slots]
    impl Clock {
        #[slot(self.strikes, queued)]
        fn echo(&mut self, hour: u8) {
            self.struck.push(hour + 100);
        }

        #[slot(self.strikes, queued, single_shot)]
        fn echo_once(&mut self, hour: u8) {
            self.struck.push(hour + 200);
        }

        #[slot(self.strikes)]
        fn count(&mut self, hour: u8) {
            self.struck.push(hour);
        }
    }

    #[test]
    fn a_queued_slot_runs_in_the_next_turn_of_the_loop() {
        let mut rt = Runtime::new().expect("a runtime needs no more than a poller");
        let clock = rt.add(Clock::default());
        rt.emit(clock, Clock::strikes, 1);
        rt.emit(clock, Clock::strikes, 2);
        assert_eq!(rt[clock].struck, [1, 2]);
        rt.run_posted();
        assert_eq!(rt[clock].struck, [1, 2, 101, 201, 102]);
    }
}
