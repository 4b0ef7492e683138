//! Classes with type parameters.

use std::collections::VecDeque;
use std::fmt::Debug;

use slotwire::object::{Anchor, Target};
use slotwire::prelude::*;
use slotwire::{Device, QBuffer, RawDevice, Trace};

/// A queue with a bound.
#[derive(QObject)]
struct Channel<T: 'static> {
    waiting: VecDeque<T>,
    #[init(2)]
    capacity: usize,
    /// Emitted with each value that was received.
    #[signal]
    received: Signal<T>,
    /// Emitted when the channel has become full.
    #[signal]
    full: Signal<()>,
}

impl<T: 'static> Channel<T> {
    fn send(&mut self, value: T) {
        self.waiting.push_back(value);
        if self.waiting.len() == self.capacity {
            self.full.emit(());
        }
    }
}

#[slots]
impl<T: 'static> Channel<T> {
    #[slot(self.full)]
    fn empty(&mut self) {
        while let Some(value) = self.waiting.pop_front() {
            self.received.emit(value);
        }
    }

    #[slot]
    fn push(&mut self, value: T) {
        self.send(value);
    }
}

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime needs no more than a poller")
}

#[test]
fn a_class_with_a_type_parameter_has_signals_and_slots_of_it() {
    let mut rt = runtime();
    let words = rt.add_with(Channel::<&'static str>::declared);
    let spy = rt.spy(words, Channel::received);
    rt.with(words, |words, _| words.send("a"));
    assert_eq!(spy.take(), [""; 0]);
    rt.with(words, |words, _| words.send("b"));
    assert_eq!(spy.take(), ["a", "b"]);
}

/// The number of connections of each signal and the like are those of the type, not of the name.
#[test]
fn each_type_is_a_class_of_its_own() {
    let mut rt = runtime();
    let numbers = rt.add_with(Channel::<u32>::declared);
    let words = rt.add_with(Channel::<String>::declared);
    let (of_numbers, of_words) =
        (Channel::<u32>::static_meta_object(), Channel::<String>::static_meta_object());

    assert_eq!((of_numbers.class_name(), of_words.class_name()), ("Channel", "Channel"));
    assert!(of_numbers.full_name().ends_with("generic_class::Channel<u32>"));
    assert!(of_numbers.inherits(of_numbers) && !of_numbers.inherits(of_words));
    assert_ne!(of_numbers, of_words);

    let any: Obj<dyn QObject> = numbers.upcast();
    assert_eq!(rt.downcast::<Channel<u32>>(any), Some(numbers));
    assert_eq!(rt.downcast::<Channel<String>>(any), None);
    assert!(<Channel<String> as Target>::project(&rt[numbers], ()).is_none());
    assert_eq!(rt.downcast::<Channel<String>>(words), Some(words));
}

#[test]
fn a_busy_object_is_of_its_own_type_too() {
    let mut rt = runtime();
    let numbers = rt.add_with(Channel::<u32>::declared);
    rt.with(numbers, |_, cx| {
        let any: Obj<dyn QObject> = cx.this().upcast();
        assert_eq!(cx.downcast::<Channel<u32>>(any), Some(cx.this()));
        assert_eq!(cx.downcast::<Channel<u64>>(any), None);
    });
}

#[test]
fn children_are_found_by_their_types() {
    let mut rt = runtime();
    let root = rt.add(QTimer::new());
    let first = rt.add_child_of_with(root, Channel::<u32>::declared);
    let second = rt.add_child_of_with(root, Channel::<String>::declared);
    assert_eq!(rt.find_children::<Channel<u32>>(root, None), [first]);
    assert_eq!(rt.find_child::<Channel<String>>(root, None), Some(second));
    assert_eq!(rt.find_child::<Channel<u8>>(root, None), None);
}

#[test]
fn the_names_in_messages_have_the_types() {
    let mut rt = runtime();
    let words = rt.add_with(Channel::<String>::declared);
    assert_eq!(format!("{words:?}"), "Obj<Channel<String>> 1v1");
    rt.destroy(words);
    let gone = std::rc::Rc::new(std::cell::RefCell::new(Vec::new()));
    let heard = gone.clone();
    rt.on_undelivered(move |_, undelivered| {
        heard.borrow_mut().push((undelivered.class_name(), undelivered.to_string()));
    });
    rt.connect_fn(words, Channel::received, |_, _| ());
    let text = "nothing was connected: Obj<Channel<String>> 1v1 is gone".to_owned();
    assert_eq!(*gone.borrow(), [("Channel", text)]);
}

/// Sums what it hears, and may be connected to a channel.
#[derive(QObject, Default)]
struct Sum<N: 'static + Copy + Default + std::ops::AddAssign + PartialEq> {
    #[property(read_only)]
    total: Property<N>,
}

#[slots]
impl<N> Sum<N>
where
    N: 'static + Copy + Default + std::ops::AddAssign + PartialEq,
{
    #[slot]
    fn add(&mut self, number: N) {
        let mut total = *self.total();
        total += number;
        self.total.set(total);
    }

    #[slot]
    fn add_one_of(&mut self, number: &N) {
        self.add(*number);
    }
}

#[test]
fn a_channel_is_connected_to_a_slot_of_another_generic_class() {
    let mut rt = runtime();
    let numbers = rt.add_with(Channel::<u32>::declared);
    let sum = rt.add(Sum::<u32>::default());
    rt.connect(numbers, Channel::received, sum, Sum::add);
    rt.connect(numbers, Channel::received, sum, Sum::add_one_of);
    let totals = rt.spy(sum, Sum::total_changed);
    rt.with(numbers, |numbers, _| [1, 20].into_iter().for_each(|number| numbers.send(number)));
    assert_eq!(totals.take(), [1, 2, 22, 42]);
    assert_eq!(rt.property::<u32>(sum, "total"), Some(42));
    assert_eq!(rt.property::<u64>(sum, "total"), None);
}

#[test]
fn one_channel_feeds_the_next() {
    let mut rt = runtime();
    let [first, second] = [(), ()].map(|()| rt.add_with(Channel::<u8>::declared));
    rt.connect(first, Channel::received, second, Channel::push);
    let spy = rt.spy(second, Channel::received);
    rt.with(first, |first, _| (1..=4).for_each(|number| first.send(number)));
    assert_eq!(spy.take(), [1, 2, 3, 4]);
}

/// Extends a generic class by another one.
#[derive(QObject)]
struct Labelled<L: 'static + Default, T: 'static + Clone> {
    #[qobject(base)]
    channel: Channel<T>,
    #[init(Vec::new())]
    labels: Vec<L>,
    #[signal]
    labelled: Signal<(L, T)>,
}

#[slots]
impl<L: 'static + Default, T: 'static + Clone> Labelled<L, T> {
    #[slot(self.channel.received)]
    fn label(&mut self, value: &T) {
        self.labelled.emit((self.labels.pop().unwrap_or_default(), value.clone()));
    }
}

#[test]
fn a_generic_class_extends_another_one() {
    let mut rt = runtime();
    let labelled = rt.add_with(Labelled::<&str, u8>::declared);
    rt[labelled].labels.push("b");
    let channel: Obj<Channel<u8>> = labelled.upcast();
    let spy = rt.spy(labelled, Labelled::labelled);
    rt.with(channel, |channel, _| [1, 2].into_iter().for_each(|number| channel.send(number)));
    assert_eq!(spy.take(), [("b", 1), ("", 2)]);

    assert_eq!(rt.downcast::<Labelled<&str, u8>>(channel), Some(labelled));
    assert_eq!(rt.downcast::<Labelled<&str, u16>>(channel), None);
    assert_eq!(rt.downcast::<Channel<u16>>(labelled), None);
    let class = Labelled::<&str, u8>::static_meta_object();
    assert!(class.inherits(Channel::<u8>::static_meta_object()));
    assert!(!class.inherits(Channel::<u16>::static_meta_object()));
    assert_eq!(class.signal("received").map(|signal| signal.argument()), Some("T"));
    assert_eq!(class.slots()[0].signal(), Some("self.channel.received"));
}

/// Is a socket that keeps what belongs to its connection.
#[derive(QObject)]
struct Session<S>
where
    S: Default + 'static,
{
    #[qobject(base: QAbstractSocket)]
    socket: QTcpSocket,
    #[init(S::default())]
    state: S,
}

#[test]
fn a_generic_class_extends_a_socket() {
    let mut rt = runtime();
    let session = rt.add_with(Session::<Vec<u8>>::declared);
    rt[session].connect_to_host("127.0.0.1", 1);
    assert_eq!(rt[session].state, []);
    let any: Obj<dyn QAbstractSocket> = session.upcast();
    assert_eq!(rt[any].peer_name(), "127.0.0.1");
    let socket: Obj<QTcpSocket> = session.upcast();
    assert_eq!(rt.downcast::<Session<Vec<u8>>>(socket), Some(session));
    assert_eq!(rt.downcast::<Session<Vec<u16>>>(socket), None);
    assert!(Session::<u8>::static_meta_object().inherits(QTcpSocket::static_meta_object()));
}

/// Remembers the last values of a type, and how many of them.
#[derive(QObject)]
#[qobject(enter = Self::note)]
struct Recent<T: Clone + Debug + 'static = u8, const N: usize = 3> {
    values: Vec<T>,
    entered: bool,
    #[init(N)]
    limit: usize,
    #[signal]
    dropped: Signal<T>,
}

#[slots]
impl<T: Clone + Debug, const N: usize> Recent<T, N>
where
    T: 'static,
{
    #[slot]
    fn note_down(&mut self, value: &T) {
        self.values.insert(0, value.clone());
        for dropped in self.values.drain(N..) {
            self.dropped.emit(dropped);
        }
    }
}

impl<T: Clone + Debug + 'static, const N: usize> Recent<T, N> {
    fn note(&mut self, _: &Anchor<'_>) {
        self.entered = true;
    }
}

#[test]
fn a_class_has_constants_and_defaults_as_its_parameters() {
    let mut rt = runtime();
    let recent = rt.add_with(Recent::<u8>::declared);
    assert_eq!((rt[recent].limit, rt[recent].entered), (3, true));
    let one = rt.add_with(Recent::<String, 1>::declared);
    let dropped = rt.spy(one, Recent::dropped);
    for word in ["a", "b"] {
        rt.with(one, |one, _| one.note_down(&word.to_owned()));
    }
    assert_eq!(rt[one].values, ["b"]);
    assert_eq!(dropped.take(), ["a"]);
    assert_eq!(rt.downcast::<Recent<String, 2>>(one), None);
}

#[test]
fn a_trace_shows_arguments_whose_type_has_a_debug() {
    let mut rt = runtime();
    let trace = Trace::new();
    rt.record_into(&trace);
    let recent = rt.add_with(Recent::<u8, 0>::declared);
    let numbers = rt.add_with(Channel::<u8>::declared);
    rt.with(recent, |recent, _| recent.note_down(&5));
    rt.with(numbers, |numbers, _| [1, 2].into_iter().for_each(|number| numbers.send(number)));
    let text = trace.to_string();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines,
        [
            "1 Recent 1v1 dropped(5)",
            "2 Channel 2v1 full()",
            "2 Channel 2v1 received(..)",
            "2 Channel 2v1 received(..)",
        ]
    );
}

/// A device that turns what is written into something else, which can be read.
#[derive(QObject)]
struct Converted<F: Fn(u8) -> u8 + 'static> {
    #[qobject(device)]
    device: Device,
    convert: F,
    bytes: VecDeque<u8>,
}

impl<F: Fn(u8) -> u8 + 'static> RawDevice for Converted<F> {
    fn read_data(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        std::io::Read::read(&mut self.bytes, buffer)
    }

    fn write_data(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.bytes.extend(bytes.iter().map(|byte| (self.convert)(*byte)));
        Ok(bytes.len())
    }
}

/// Extends a generic device.
#[derive(QObject)]
struct Wrapped<F: Fn(u8) -> u8 + 'static> {
    #[qobject(base: QIODevice)]
    converted: Converted<F>,
}

#[test]
fn a_generic_class_is_a_device() {
    use std::io::{Read, Write};

    let mut rt = runtime();
    let converted = Converted {
        device: Device::default(),
        convert: |byte: u8| byte.to_ascii_uppercase(),
        bytes: VecDeque::new(),
    };
    let wrapped = rt.add(Wrapped { converted });
    rt[wrapped].open(OpenMode::READ_WRITE).unwrap();
    rt[wrapped].write_all(b"loud").unwrap();
    let mut bytes = [0; 4];
    rt[wrapped].read_exact(&mut bytes).unwrap();
    assert_eq!(&bytes, b"LOUD");
    let any: Obj<dyn QIODevice> = wrapped.upcast();
    assert!(rt.get(any).is_some());
    assert!(rt[wrapped].meta_object().signal("ready_read").is_some());
}

/// Has a child of a class that its parameter names.
#[derive(QObject)]
struct Owner<C: QObject + Default> {
    #[child]
    child: Obj<C>,
    #[child]
    channel: Obj<Channel<C>>,
}

#[test]
fn a_parameter_may_be_the_class_of_a_child() {
    let mut rt = runtime();
    let owner = rt.add_with(Owner::<QBuffer>::declared);
    let Owner { child, channel } = rt[owner];
    assert_eq!(rt.parent(child), Some(owner.upcast()));
    assert_eq!(rt[channel].capacity, 2);
}

/// Has a constant as its only parameter.
#[derive(QObject, Default)]
struct Ring<const N: usize> {
    sum: usize,
    #[signal]
    turned: Signal<usize>,
}

#[slots]
impl<const N: usize> Ring<N> {
    #[slot(self.turned)]
    fn turn(&mut self, by: usize) {
        self.sum = (self.sum + by) % N;
    }
}

#[test]
fn a_constant_may_be_the_only_parameter() {
    let mut rt = runtime();
    let ring = rt.add(Ring::<5>::default());
    for by in [3, 4] {
        rt.emit(ring, Ring::turned, by);
    }
    assert_eq!(rt[ring].sum, 2);
    assert_eq!(Ring::<5>::static_meta_object().slots().len(), 1);
    assert_eq!(rt.downcast::<Ring<6>>(ring), None);
}

/// Refers to an object of any type that a handle can have, also of a trait.
#[derive(QObject)]
struct Watcher<C: ?Sized + Target> {
    watched: Obj<C>,
    ended: bool,
}

#[slots]
impl<C: ?Sized + Target> Watcher<C> {
    #[slot(watched.destroyed)]
    fn end(&mut self) {
        self.ended = true;
    }
}

#[test]
fn a_parameter_may_be_unsized() {
    let mut rt = runtime();
    let watched: Obj<dyn QIODevice> = rt.add(QBuffer::new()).upcast();
    let watcher = rt.add(Watcher { watched, ended: false });
    rt.destroy(watched);
    assert!(rt[watcher].ended);
    let name = Watcher::<dyn QIODevice>::static_meta_object().full_name();
    assert!(name.contains("Watcher<dyn "), "{name}");
}
