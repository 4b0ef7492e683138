//! Declared objects: the constructor that the attributes of a struct describe.

use std::time::Duration;

use slotwire::QBuffer;
use slotwire::message::{LineCodec, Messages};
use slotwire::prelude::*;

#[derive(QObject)]
struct FortuneClient {
    host: String,
    #[child]
    socket: Obj<QTcpSocket>,
    #[child(every(Duration::from_secs(3)))]
    timer: Obj<QTimer>,
    #[init(1024)]
    limit: usize,
    heard: Vec<String>,
    #[signal]
    fortune: Signal<String>,
    #[property]
    shown: Property<bool>,
    #[property]
    #[init("anonymous".to_owned())]
    name: Property<String>,
}

#[slots]
impl FortuneClient {
    fn new(cx: &mut Context<Self>, host: &str) -> Self {
        Self { host: host.to_owned(), ..Self::declared(cx) }
    }

    #[slot(self.fortune)]
    fn hear(&mut self, fortune: &str) {
        self.heard.push(fortune.to_owned());
    }
}

/// Returns a timer with this interval.
fn every(interval: Duration) -> QTimer {
    let mut timer = QTimer::new();
    timer.set_interval(interval);
    timer
}

fn runtime() -> Runtime {
    Runtime::new().expect("a runtime needs no more than a poller")
}

#[test]
fn children_are_added_in_the_order_of_their_fields_and_all_else_starts_with_its_value() {
    let mut rt = runtime();
    let client = rt.add_with(FortuneClient::declared);
    let FortuneClient { socket, timer, .. } = rt[client];
    let children: Vec<_> = rt.children(client).collect();
    assert_eq!(children, [socket.upcast::<dyn QObject>(), timer.upcast()]);
    assert_eq!(rt[timer].interval(), Duration::from_secs(3));
    assert_eq!((rt[client].limit, &*rt[client].host, &rt[client].heard[..]), (1024, "", &[][..]));
    assert_eq!((*rt[client].shown(), &**rt[client].name()), (false, "anonymous"));
}

#[test]
fn the_slots_of_a_declared_object_are_connected() {
    let mut rt = runtime();
    let client = rt.add_with(FortuneClient::declared);
    rt.emit(client, FortuneClient::fortune, "later".to_owned());
    assert_eq!(rt[client].heard, ["later"]);
}

#[test]
fn a_constructor_with_parameters_takes_the_rest_from_the_declaration() {
    let mut rt = runtime();
    let client = rt.add_with(|cx| FortuneClient::new(cx, "localhost"));
    assert_eq!((&*rt[client].host, rt[client].limit), ("localhost", 1024));
    assert_eq!(rt.children(client).count(), 2);
}

/// Reads lines, with children that need each other.
#[derive(QObject)]
struct Chat {
    #[child]
    socket: Obj<QTcpSocket>,
    #[child(Messages::new(socket, LineCodec::new()))]
    lines: Obj<Messages<LineCodec>>,
    #[init((0..3).map(|_| cx.add_child(QTimer::new())).collect())]
    timers: Vec<Obj<QTimer>>,
    #[init(timers.len() + 1)]
    count: usize,
    heard: Vec<String>,
}

#[slots]
impl Chat {
    #[slot(lines.received)]
    fn hear(&mut self, line: &str) {
        self.heard.push(line.to_owned());
    }
}

#[test]
fn an_expression_sees_the_context_and_the_fields_above_its_own() {
    let mut rt = runtime();
    let chat = rt.add_with(Chat::declared);
    assert_eq!((rt[chat].timers.len(), rt[chat].count), (3, 4));
    assert_eq!(rt.children(chat).count(), 5);
    let lines = rt[chat].lines;
    rt.emit(lines, Messages::received, "a line".to_owned());
    assert_eq!(rt[chat].heard, ["a line"]);
    assert_eq!(rt.parent(rt[chat].socket), Some(chat.upcast()));
}

/// Has a child whose class is declared itself, and one behind a trait.
#[derive(QObject)]
struct Room {
    #[child]
    chat: Obj<Chat>,
    #[child(QBuffer::new())]
    log: Obj<dyn QIODevice>,
}

#[test]
fn a_child_of_a_declared_class_starts_as_that_class_declares_it() {
    let mut rt = runtime();
    let room = rt.add_with(Room::declared);
    let Room { chat, log } = rt[room];
    assert_eq!(rt[chat].timers.len(), 3);
    assert_eq!(rt.parent(chat), Some(room.upcast()));
    assert!(rt.downcast::<QBuffer>(log).is_some());
    rt.destroy(room);
    assert!(rt.is_empty());
}

/// Extends a declared class.
#[derive(QObject)]
struct NamedChat {
    #[qobject(base)]
    chat: Chat,
    #[init("general")]
    name: &'static str,
}

#[test]
fn a_declared_class_extends_another_one_with_its_children() {
    let mut rt = runtime();
    let named = rt.add_with(NamedChat::declared);
    assert_eq!((rt[named].name, rt[named].chat.count), ("general", 4));
    let chat: Obj<Chat> = named.upcast();
    let timer = rt[chat].timers[0];
    assert_eq!(rt.parent(timer), Some(named.upcast()));
    let lines = rt[chat].lines;
    rt.emit(lines, Messages::received, "to the base".to_owned());
    assert_eq!(rt[chat].heard, ["to the base"]);
}

/// Is a socket, with a start value of its own.
#[derive(QObject)]
struct LimitedSocket {
    #[qobject(base: QAbstractSocket)]
    #[init(limited(10))]
    socket: QTcpSocket,
    #[qobject(skip)]
    #[init(Property::new(7))]
    hidden: Property<u8>,
}

fn limited(bytes: usize) -> QTcpSocket {
    let mut socket = QTcpSocket::new();
    socket.set_read_buffer_size(Some(bytes));
    socket
}

#[test]
fn a_class_without_children_is_declared_by_its_start_values() {
    let mut rt = runtime();
    let socket = rt.add_with(LimitedSocket::declared);
    assert_eq!(rt[socket].read_buffer_size(), Some(10));
    assert_eq!(*rt[socket].hidden.value(), 7);
}

/// Has fields of the names that the code of the derive could use itself.
#[derive(QObject)]
struct OddNames {
    #[child]
    cx: Obj<QTimer>,
    #[init(cx.this().upcast())]
    this: Obj<dyn QObject>,
    #[child]
    child: Obj<QTimer>,
    #[child(QTimer::new())]
    r#type: Obj<QTimer>,
    #[init(self::limited(1).read_buffer_size())]
    context: Option<usize>,
}

#[test]
fn a_field_may_have_any_name() {
    let mut rt = runtime();
    let odd = rt.add_with(OddNames::declared);
    let OddNames { cx, this, child, r#type, context } = rt[odd];
    assert_eq!(this, odd);
    assert_eq!(context, Some(1));
    let children: Vec<_> = rt.children(odd).collect();
    assert_eq!(children, [cx, child, r#type].map(Obj::upcast::<dyn QObject>));
}

mod library {
    //! A class that others use.

    use slotwire::prelude::*;

    #[derive(QObject)]
    pub(super) struct Door {
        #[child]
        pub(super) bell: Obj<QTimer>,
    }
}

#[test]
fn declared_is_as_visible_as_its_struct() {
    let mut rt = runtime();
    let door = rt.add_with(library::Door::declared);
    assert!(rt.contains(rt[door].bell));
}

/// Is declared in a macro, with the names of the macro.
macro_rules! class_of_macro {
    ($name:ident, $class:ty) => {
        #[derive(QObject)]
        struct $name {
            #[child]
            first: Obj<$class>,
            #[init(cx.children(cx.this()).count())]
            count: usize,
        }
    };
}

class_of_macro!(OfMacro, QTimer);

#[test]
fn a_macro_can_write_a_declared_class() {
    let mut rt = runtime();
    let object = rt.add_with(OfMacro::declared);
    assert_eq!(rt[object].count, 1);
    assert!(rt.contains(rt[object].first));
}
