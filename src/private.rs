//! What the macros' code calls. Not for users: it changes without notice.
//!
//! The module is versioned, so that macros and library of different ages give an error instead of
//! misunderstanding each other.
//!
//! [`Table`](v1::Table), [`Base`](v1::Base), [`Held`](v1::Held) and [`Carried`](v1::Carried) each
//! have two sets of functions of the same names: inherent ones with a bound, and those of a trait
//! without the bound, which the compiler takes only where the bound does not hold. So a class may
//! have `#[slots]` or not, and an argument may have `Debug` or not. Where a bound must hold, the
//! code asks for it once, and the compiler reports it once.

/// The first version.
pub mod v1 {
    use std::any::Any;
    use std::fmt;
    use std::io;
    use std::marker::PhantomData;

    use crate::io::std_io;
    pub use crate::io::{ByteQueue, Device, OpenMode, QIODevice, RawDevice};
    pub use crate::mistakes::{
        FeatureHttpProxy, FeatureSim, IsTheWorld, MayWait, ShootsByItself, TheObject, TheWorld,
        WaitsByItself,
    };
    pub use crate::net::{
        Machine, ProxyAuthentication, QAbstractSocket, SocketCore, SocketError, SocketState,
    };
    pub use crate::object::{
        Anchor, ConnectionType, Context, MetaObject, MetaProperty, MetaSignal, MetaSlot, Obj,
        Occasion, QObject, Response, Signal, Upcast, World,
    };
    use crate::object::{Property, Target, debug_as_text, nothing_as_text};
    pub use crate::questions::{
        Data, HeldByValue, HeldWithoutAttribute, NoRole, Value, is_class, is_device, is_raw_device,
        is_socket, is_static, is_value,
    };
    pub use crate::readiness::{Readiness, SourceId};
    pub use crate::start::{
        Declared, Start, StartOfChild, StartOfField, StartsByDefault, add_child_as,
    };

    /// What engines, and the layers that stand on them, are written against.
    pub mod engine {
        #[cfg(feature = "tls")]
        pub use crate::net::RouteEncryption;
        pub use crate::net::{
            Accepted, Address, Destination, EngineFailure, Handshake, Interest, Link, Membership,
            Progress, Question, Received, Route, Router, Settled, SocketEngine,
        };
        pub use crate::object::ObjectKey;
        pub use crate::readiness::{Readiness, SourceId};
    }

    /// Connects what a class declares.
    type Wire<T> = fn(&mut T, &mut Context<'_, T>);

    /// The slots of a class, as `#[slots]` describes them.
    pub struct Slots<T: 'static> {
        slots: &'static [MetaSlot],
        wire: Wire<T>,
    }

    impl<T> Slots<T> {
        /// Describes the slots, and how they are connected when an object is inserted.
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

    /// A class with a `#[slots]` block: it has exactly one, with all of its slots. The compiler's
    /// message about a second block has the name of this trait, so the name tells the fix.
    pub trait AllSlotsInOneBlock: Sized + 'static {
        /// What the block says.
        const SLOTS: Slots<Self>;
    }

    /// A class with parameters, which has constants in place of statics.
    pub trait GenericClass: Sized + 'static {
        /// The slots of the class.
        const SLOTS: Slots<Self>;
        /// The signals of the class.
        const SIGNALS: &'static [MetaSignal];
        /// The properties of the class.
        const PROPERTIES: &'static [MetaProperty];
        /// The description of the class.
        const META: &'static MetaObject;
    }

    /// The slots of a class, if it has a block of them.
    #[derive(Debug)]
    pub struct Table<T>(PhantomData<T>);

    impl<T: AllSlotsInOneBlock> Table<T> {
        /// The slots.
        pub const SLOTS: Slots<T> = T::SLOTS;
    }

    /// The slots of a class without a block.
    pub trait NoSlots<T: 'static> {
        /// No slots.
        const SLOTS: Slots<T> = Slots::new(&[], |_, _| {});
    }

    impl<T: 'static> NoSlots<T> for Table<T> {}

    /// The type of a field to whose signals a slot can declare itself connected.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` is not a handle to an object",
        label = "not an `Obj<_>`",
        note = "a slot can name the signals of an object in a field `name: Obj<Class>`; if there may \
                be none, or many, connect by hand with `cx.on`; a signal of the object that the class \
                extends, in a field with `#[qobject(base)]`, is `self.field.signal`"
    )]
    pub trait Handle<S: ?Sized + Target> {
        /// Returns the handle.
        fn handle(&self) -> Obj<S>;
    }

    #[diagnostic::do_not_recommend]
    impl<S: ?Sized + Target> Handle<S> for Obj<S> {
        fn handle(&self) -> Self {
            *self
        }
    }

    /// Returns the handle in a field.
    pub fn sender<S: ?Sized + Target, H: Handle<S>>(field: &H) -> Obj<S> {
        field.handle()
    }

    /// A class that extends another one, to whose signals its slots can declare themselves
    /// connected.
    #[diagnostic::on_unimplemented(
        message = "`{Self}` extends no other class",
        label = "not a field with `#[qobject(base)]`",
        note = "before a field that is a handle, leave out `self`: write `#[slot(field.signal)]`; \
                after `self`, a slot can name a signal of its class, as in `#[slot(self.signal)]`, \
                or one of the object that the class extends, as in `#[slot(self.base.signal)]`"
    )]
    pub trait Extends {
        /// The other class.
        type Base;
    }

    /// Fixes the class that is extended before the compiler looks for the signal.
    pub fn signal_of<B, A>(signal: fn(&B) -> &Signal<A>) -> fn(&B) -> &Signal<A> {
        signal
    }

    /// Fixes the class of the sender before the compiler looks for the signal.
    pub fn signal<S: ?Sized + Target, A>(
        _: Obj<S>,
        signal: fn(&S) -> &Signal<A>,
    ) -> fn(&S) -> &Signal<A> {
        signal
    }

    /// The embedded object of a class that this one extends.
    #[derive(Debug)]
    pub struct Base<B>(PhantomData<B>);

    impl<B: QObject> Base<B> {
        /// Returns the meta object of the class.
        pub const META: fn() -> &'static MetaObject = B::static_meta_object;

        /// Returns the object.
        pub fn shared(base: &B) -> Option<&dyn QObject> {
            Some(base)
        }

        /// Returns the object, mutably.
        pub fn exclusive(base: &mut B) -> Option<&mut dyn QObject> {
            Some(base)
        }

        /// Connects what the class of the object declares.
        pub fn wire<T: QObject>(base: &mut B, cx: &mut Context<'_, T>) {
            base.wired(&mut cx.of_base());
        }
    }

    /// An embedded object whose class is not a `QObject`.
    pub trait NoClass<B> {
        /// Never called.
        const META: fn() -> &'static MetaObject = || {
            static NONE: MetaObject = MetaObject::new("");
            &NONE
        };

        /// Never called.
        fn shared(_: &B) -> Option<&dyn QObject> {
            None
        }

        /// Never called.
        fn exclusive(_: &mut B) -> Option<&mut dyn QObject> {
            None
        }

        /// Never called.
        fn wire<T>(_: &mut B, _: &mut Context<'_, T>) {}
    }

    impl<B> NoClass<B> for Base<B> {}

    /// Returns the object of class `T` that `object` is or embeds.
    pub fn cast<T: QObject>(object: &dyn QObject) -> &T {
        T::project(object, ()).expect("a meta object is asked about objects of its class only")
    }

    /// Returns the object of class `T` that `object` is or embeds, mutably.
    pub fn cast_mut<T: QObject>(object: &mut dyn QObject) -> &mut T {
        T::project_mut(object, ()).expect("a meta object is asked about objects of its class only")
    }

    /// Does the last steps of a class, and then those of its base, also if the first panic.
    pub fn leave_before_base<T: QObject>(object: &mut T, own: fn(&mut T)) {
        /// Does the last steps of the base, also after a panic.
        struct Base<'a, T: QObject>(&'a mut T);

        impl<T: QObject> Drop for Base<'_, T> {
            fn drop(&mut self) {
                if let Some(base) = self.0.base_mut() {
                    base.leave_runtime();
                }
            }
        }

        own(Base(object).0);
    }

    /// The embedded device that makes this class a device.
    #[derive(Debug)]
    pub struct BaseDevice<B>(PhantomData<B>);

    impl<B: QIODevice> BaseDevice<B> {
        /// Returns the state of the device.
        pub fn device(base: &B) -> &Device {
            base.device()
        }

        /// Returns the state of the device, mutably.
        pub fn device_mut(base: &mut B) -> &mut Device {
            base.device_mut()
        }

        /// Returns what is below the device's buffer.
        pub fn raw(base: &B) -> &dyn RawDevice {
            base
        }

        /// Returns what is below the device's buffer, mutably.
        pub fn raw_mut(base: &mut B) -> &mut dyn RawDevice {
            base
        }
    }

    /// An embedded object that is not a device.
    pub trait NoDevice<B> {
        /// Never called.
        fn device(_: &B) -> &Device {
            unreachable!("a base that is no device does not compile")
        }

        /// Never called.
        fn device_mut(_: &mut B) -> &mut Device {
            unreachable!("a base that is no device does not compile")
        }

        /// Never called.
        fn raw(_: &B) -> &dyn RawDevice {
            unreachable!("a base that is no device does not compile")
        }

        /// Never called.
        fn raw_mut(_: &mut B) -> &mut dyn RawDevice {
            unreachable!("a base that is no device does not compile")
        }
    }

    impl<B> NoDevice<B> for BaseDevice<B> {}

    /// The embedded socket that makes this class a socket.
    #[derive(Debug)]
    pub struct BaseSocket<B>(PhantomData<B>);

    impl<B: QAbstractSocket> BaseSocket<B> {
        /// Returns the state that all sockets share.
        pub fn core(base: &B) -> &SocketCore {
            base.core()
        }

        /// Returns the state machine.
        pub fn machine(base: &mut B) -> Machine<'_> {
            base.machine()
        }
    }

    /// An embedded object that is not a socket.
    pub trait NoSocket<B> {
        /// Never called.
        fn core(_: &B) -> &SocketCore {
            unreachable!("a base that is no socket does not compile")
        }

        /// Never called.
        fn machine(_: &mut B) -> Machine<'_> {
            unreachable!("a base that is no socket does not compile")
        }
    }

    impl<B> NoSocket<B> for BaseSocket<B> {}

    /// Returns the description of the class that every device extends.
    pub fn io_device() -> &'static MetaObject {
        &crate::io::Q_IO_DEVICE
    }

    /// Returns the description of the class that every socket extends.
    pub fn abstract_socket() -> &'static MetaObject {
        &crate::net::Q_ABSTRACT_SOCKET
    }

    pub use crate::io::device_signal;

    /// Reads from a device.
    pub fn read<D: QIODevice>(device: &mut D, buffer: &mut [u8]) -> io::Result<usize> {
        std_io::read(device, buffer)
    }

    /// Fills a buffer from a device.
    pub fn read_exact<D: QIODevice>(device: &mut D, buffer: &mut [u8]) -> io::Result<()> {
        std_io::read_exact(device, buffer)
    }

    /// Reads up to a byte of this value.
    pub fn read_until<D: QIODevice>(
        device: &mut D,
        delimiter: u8,
        bytes: &mut Vec<u8>,
    ) -> io::Result<usize> {
        std_io::read_until(device, delimiter, bytes)
    }

    /// Reads a line of text.
    pub fn read_line<D: QIODevice>(device: &mut D, text: &mut String) -> io::Result<usize> {
        std_io::read_line(device, text)
    }

    /// Returns the next bytes of a device and leaves them there.
    pub fn fill_buf<D: QIODevice>(device: &mut D) -> io::Result<&[u8]> {
        std_io::fill_buf(device)
    }

    /// Removes bytes that `fill_buf` returned.
    pub fn consume<D: QIODevice>(device: &mut D, count: usize) {
        std_io::consume(device, count);
    }

    /// Writes to a device.
    pub fn write<D: QIODevice>(device: &mut D, bytes: &[u8]) -> io::Result<usize> {
        std_io::write(device, bytes)
    }

    pub fn write_all<D: QIODevice + ?Sized>(device: &mut D, bytes: &[u8]) -> io::Result<()> {
        std_io::write_all(device, bytes)
    }

    pub fn write_fmt<D: QIODevice + ?Sized>(
        device: &mut D,
        text: fmt::Arguments<'_>,
    ) -> io::Result<()> {
        std_io::write_fmt(device, text)
    }

    /// The argument of a signal.
    #[derive(Debug)]
    pub struct Carried<A>(PhantomData<A>);

    impl<A: fmt::Debug + 'static> Carried<A> {
        /// Returns the argument as text.
        pub const TEXT: fn(&dyn Any) -> Option<String> = debug_as_text::<A>;
    }

    /// The argument of a signal, if it has no `Debug`.
    pub trait NoDebug<A> {
        /// Returns a text that shows nothing of the argument.
        const TEXT: fn(&dyn Any) -> Option<String> = nothing_as_text;
    }

    impl<A> NoDebug<A> for Carried<A> {}

    /// The value of a property.
    #[derive(Debug)]
    pub struct Held<V>(PhantomData<V>);

    impl<V: Value> Held<V> {
        /// Sets a property.
        pub fn set(property: &mut Property<V>, value: V) {
            property.set(value);
        }

        /// Reads a property for a caller that knows only its name.
        pub fn read(property: &Property<V>) -> Box<dyn Any> {
            Box::new(property.value().clone())
        }

        /// Writes a property for a caller that knows only its name.
        pub fn write(property: &mut Property<V>, value: Box<dyn Any>) -> Result<(), Box<dyn Any>> {
            property.set(*value.downcast()?);
            Ok(())
        }
    }

    /// The value of a property, if it is of a type that a property cannot hold.
    pub trait NoValue<V: 'static> {
        /// Never called.
        fn set(_: &mut Property<V>, _: V) {}

        /// Never called.
        fn read(_: &Property<V>) -> Box<dyn Any> {
            Box::new(())
        }

        /// Never called.
        fn write(_: &mut Property<V>, value: Box<dyn Any>) -> Result<(), Box<dyn Any>> {
            Err(value)
        }
    }

    impl<V: 'static> NoValue<V> for Held<V> {}
}

#[cfg(test)]
mod tests {
    //! The macros inside the crate itself, and what only this module can test.

    use std::time::Duration;

    use super::v1::{Occasion, Response};
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
        rt.process_events(Some(Duration::ZERO)).expect("the poller works");
        assert_eq!(rt[clock].struck, [1, 2, 101, 201, 102]);
    }

    #[derive(QObject, Default)]
    #[qobject(wake = Self::woken)]
    struct Sleeper {
        #[qobject(base)]
        bed: Bed,
        woken_for: Vec<Occasion>,
    }

    #[derive(QObject, Default)]
    #[qobject(wake = Self::woken)]
    struct Bed {
        woken_for: Vec<Occasion>,
    }

    impl Sleeper {
        fn woken(&mut self, occasion: Occasion) -> Response {
            self.woken_for.push(occasion);
            Response::DONE
        }
    }

    impl Bed {
        fn woken(&mut self, occasion: Occasion) -> Response {
            self.woken_for.push(occasion);
            Response::DONE
        }
    }

    #[test]
    fn a_class_that_is_woken_is_woken_in_its_bases_place() {
        let mut sleeper = Sleeper::default();
        let _ = sleeper.wake_up(Occasion::Due);
        assert_eq!(sleeper.woken_for, [Occasion::Due]);
        assert_eq!(sleeper.bed.woken_for, []);
    }
}
