//! The macros, as slotwire exports them.

/// Makes a struct an object class, with signals and properties.
///
/// The struct has named fields, or none. It may have parameters, as in `Channel<T: 'static>`: for
/// types, which hold no references, and for constants. Attributes say what the fields are:
///
/// | attribute | field | what the macro writes |
/// |---|---|---|
/// | `#[signal]` | `name: Signal<A>` | the accessor `name()`, which you connect as `Class::name` |
/// | `#[property]` | `name: Property<V>` | `name()`, `set_name(value)` and the signal `name_changed()` |
/// | `#[property(read_only)]` | `name: Property<V>` | the same without the setter; only the class itself changes the property |
/// | `#[child]`, `#[child(value)]` | `name: Obj<Class>` | the constructor `declared`, which adds the child |
/// | `#[qobject(base)]` | `name: Class` | this class extends the other: a handle to it [upcasts](crate::Obj::upcast) to a handle to the other class |
/// | `#[qobject(base: QIODevice)]` | `name: Class`, a device | the same, and this class is a device too: [`QIODevice`](crate::QIODevice), [`RawDevice`](crate::RawDevice), and the standard library's `Read`, `BufRead` and `Write` |
/// | `#[qobject(base: QAbstractSocket)]` | `name: Class`, a socket | the same, and [`QAbstractSocket`](crate::QAbstractSocket) |
/// | `#[qobject(device)]` | `name: Device` | this class is a device by itself, with the [`RawDevice`](crate::RawDevice) that you write |
/// | `#[qobject(skip)]` | `name: Signal<A>` or `Property<V>` | nothing: the field stays private to the class |
///
/// If a field has a `#[child]` or an `#[init(value)]`, the macro writes the constructor
/// `fn declared(cx: &mut Context<Self>) -> Self`. It gives the fields their start values, in the
/// order of the fields:
///
/// | field | start value |
/// |---|---|
/// | `#[child]` | the handle of a child, which its own class declares, or which starts with its `Default` |
/// | `#[child(value)]` | the handle of this object, which becomes a child; the field may be an `Obj<dyn Trait>` |
/// | `#[init(value)]` | this value; for a property, the value in it |
/// | `#[qobject(base)]` | what the class of the field declares, or its `Default` |
/// | any other | its `Default` |
///
/// A value sees the context as `cx`, and the fields above its own by their names. `declared` is as
/// visible as the struct. A constructor with parameters takes the other fields from it:
/// `Self { host, ..Self::declared(cx) }`.
///
/// ```
/// use slotwire::message::{LineCodec, Messages};
/// use slotwire::prelude::*;
///
/// #[derive(QObject)]
/// struct Chat {
///     #[child]
///     socket: Obj<QTcpSocket>,
///     #[child(Messages::new(socket, LineCodec::new()))]
///     lines: Obj<Messages<LineCodec>>,
///     #[init(100)]
///     limit: usize,
///     said: Vec<String>,
/// }
///
/// #[slots]
/// impl Chat {
///     #[slot(lines.received)]
///     fn hear(&mut self, line: String) {
///         self.said.push(line);
///         self.said.truncate(self.limit);
///     }
/// }
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let chat = rt.add_with(Chat::declared);
/// assert_eq!(rt.children(chat).count(), 2);
/// # Ok(())
/// # }
/// ```
///
/// Above the struct, a class can name methods that the runtime calls when the object enters and
/// leaves:
///
/// | attribute | method | when the runtime calls it |
/// |---|---|---|
/// | `#[qobject(enter = Self::method)]` | `fn method(&mut self, anchor: &Anchor<'_>)` | once, when the object is added to a runtime, before its slots are connected; after the method of the class that it extends |
/// | `#[qobject(leave = Self::method)]` | `fn method(&mut self)` | when the object is destroyed, before [`destroyed`](crate::World::connect_destroyed) is emitted; before the method of the class that it extends |
///
/// The accessors are as visible as the struct. They have the docs of their fields, and Qt's
/// spelling as a search alias. The [`MetaObject`](crate::MetaObject) lists them by name.
///
/// ```
/// use slotwire::prelude::*;
///
/// #[derive(QObject, Default)]
/// struct Thermostat {
///     /// The temperature to hold.
///     #[property]
///     celsius: Property<f64>,
///     /// Emitted when the heating was switched on or off.
///     #[signal]
///     switched: Signal<bool>,
/// }
///
/// #[derive(QObject, Default)]
/// struct SmartThermostat {
///     #[qobject(base)]
///     thermostat: Thermostat,
/// }
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let smart = rt.add(SmartThermostat::default());
/// let plain: Obj<Thermostat> = smart.upcast();
///
/// let spy = rt.spy(plain, Thermostat::celsius_changed);
/// rt.with(plain, |thermostat, _| thermostat.set_celsius(21.0));
/// assert_eq!(spy.take(), [21.0]);
/// assert_eq!(rt.property::<f64>(smart, "celsius"), Some(21.0));
/// # Ok(())
/// # }
/// ```
///
/// A class can have such methods. The [`Anchor`](crate::object::Anchor) gives the object its
/// handle, and what the object emits when it leaves is still delivered:
///
/// ```
/// use slotwire::object::Anchor;
/// use slotwire::prelude::*;
///
/// #[derive(QObject, Default)]
/// #[qobject(enter = Self::note_handle, leave = Self::say_goodbye)]
/// struct Guest {
///     handle: Option<Obj<dyn QObject>>,
///     /// Emitted with the last words.
///     #[signal]
///     said: Signal<&'static str>,
/// }
///
/// impl Guest {
///     fn note_handle(&mut self, anchor: &Anchor<'_>) {
///         self.handle = Some(anchor.this());
///     }
///
///     fn say_goodbye(&mut self) {
///         self.said.emit("good-bye");
///     }
/// }
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let guest = rt.add(Guest::default());
/// assert_eq!(rt[guest].handle, Some(guest.upcast()));
///
/// let said = rt.spy(guest, Guest::said);
/// rt.destroy(guest);
/// assert_eq!(said.take(), ["good-bye"]);
/// # Ok(())
/// # }
/// ```
///
/// A class that extends a socket is a socket, with state of its own and with slots on its own
/// signals:
///
/// ```
/// use slotwire::prelude::*;
///
/// #[derive(QObject, Default)]
/// struct LineSocket {
///     #[qobject(base: QAbstractSocket)]
///     socket: QTcpSocket,
///     /// Emitted with each line that has arrived.
///     #[signal]
///     line: Signal<String>,
/// }
///
/// #[slots]
/// impl LineSocket {
///     #[slot(self.ready_read)]
///     fn split(&mut self) {
///         while let Some(line) = self.read_line_string() {
///             self.line.emit(line);
///         }
///     }
/// }
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let lines = rt.add(LineSocket::default());
/// rt[lines].connect_to_host("127.0.0.1", 1);
/// assert_eq!(rt[lines].peer_name(), "127.0.0.1");
/// let any: Obj<dyn QAbstractSocket> = lines.upcast();
/// let plain: Obj<QTcpSocket> = lines.upcast();
/// assert_eq!(any, plain);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "Q_OBJECT")]
#[doc(alias = "signals")]
#[doc(alias = "Q_PROPERTY")]
pub use slotwire_macros::QObject;
/// Marks a method as a slot, in an impl block under [`#[slots]`](macro@slots).
pub use slotwire_macros::slot;
/// Makes methods of a class slots, and connects those that name a signal.
///
/// Write it above one impl block of the class, which has the bounds of the struct if the class has
/// parameters: `impl<T: 'static> Channel<T>`. The methods with `#[slot]` become slots, and stay
/// methods that you can call; the other items do not change.
///
/// | attribute | when the slot is connected |
/// |---|---|
/// | `#[slot]` | when somebody connects it |
/// | `#[slot(field.signal)]` | on insertion, to a signal of the object whose handle, an `Obj<_>`, is in `self.field` |
/// | `#[slot(self.signal)]` | on insertion, to a signal of the object itself, such as the `name_changed` of a property |
/// | `#[slot(field.destroyed)]` | on insertion, to the end of the other object, as with [`connect_destroyed`](crate::World::connect_destroyed) |
/// | `#[slot(field.signal, queued)]` | the same; the slot runs in a later pass of the event loop |
/// | `#[slot(field.signal, single_shot)]` | the same, for one emission |
///
/// A method with several such attributes is connected to several signals. The compiler checks the
/// field, the signal and the type of the argument. [`Slot`](crate::object::Slot) lists the
/// signatures that fit.
///
/// ```
/// use slotwire::prelude::*;
///
/// #[derive(QObject, Default)]
/// struct Button {
///     #[signal]
///     clicked: Signal<()>,
/// }
///
/// #[derive(QObject)]
/// struct Dialog {
///     #[child]
///     ok: Obj<Button>,
///     #[child]
///     cancel: Obj<Button>,
///     /// Emitted with the answer.
///     #[signal]
///     finished: Signal<bool>,
/// }
///
/// #[slots]
/// impl Dialog {
///     #[slot(ok.clicked)]
///     #[slot(cancel.clicked)]
///     fn finish(&mut self, cx: &mut Context<Self>) {
///         self.finished.emit(cx.sender().is_some_and(|sender| sender == self.ok));
///     }
/// }
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let dialog = rt.add_with(Dialog::declared);
/// let answers = rt.spy(dialog, Dialog::finished);
/// let ok = rt[dialog].ok;
/// rt.emit(ok, Button::clicked, ());
/// assert_eq!(answers.take(), [true]);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "Q_SLOTS")]
pub use slotwire_macros::slots;
