//! What an object does as it enters a runtime, is wired, and leaves it.

mod people;

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use slotwire::object::Anchor;
use slotwire::prelude::*;
use slotwire::{MetaObject, QBuffer, SocketState};

use people::{Parrot, parrots};
use support::*;

/// What a class that is written by hand does when it is wired.
type Wiring<T> = Box<dyn FnOnce(&mut T, &mut Context<'_, T>)>;

/// A class that is written by hand.
struct ByHand {
    wiring: Option<Wiring<Self>>,
    left: Rc<RefCell<u32>>,
}

impl ByHand {
    fn new(wiring: impl FnOnce(&mut Self, &mut Context<'_, Self>) + 'static) -> Self {
        Self { wiring: Some(Box::new(wiring)), left: Rc::default() }
    }
}

static BY_HAND: MetaObject = MetaObject::new("ByHand");

impl QObject for ByHand {
    fn static_meta_object() -> &'static MetaObject {
        &BY_HAND
    }
    fn meta_object(&self) -> &'static MetaObject {
        &BY_HAND
    }
    fn wired(&mut self, cx: &mut Context<'_, Self>) {
        if let Some(wiring) = self.wiring.take() {
            wiring(self, cx);
        }
    }
    fn leave_runtime(&mut self) {
        *self.left.borrow_mut() += 1;
    }
}

#[test]
fn what_an_object_emits_while_it_is_wired_waits_until_it_is_in_its_place() {
    let mut rt = people::runtime();
    let pair = parrots(&mut rt);
    let seen = Rc::new(RefCell::new(Vec::new()));
    rt.add(ByHand::new({
        let seen = seen.clone();
        move |_, cx| {
            let this = cx.this();
            cx.connect_fn(pair[0], Parrot::said, {
                let seen = seen.clone();
                move |world, _| seen.borrow_mut().push(world.get(this).is_some())
            });
            cx.emit(pair[0], Parrot::said, 1);
            assert_eq!(cx[pair[1]].heard, [], "a method runs");
        }
    }));
    rt.deliver();
    assert_eq!(*seen.borrow(), [true]);
}

#[test]
fn an_object_that_destroys_itself_while_it_is_wired_does_its_last_steps() {
    let mut rt = people::runtime();
    let by_hand = ByHand::new(|_, cx| {
        let this = cx.this();
        assert!(cx.destroy(this) && cx.contains(this), "a method runs");
    });
    let left = by_hand.left.clone();
    let object = rt.add(by_hand);
    rt.deliver();
    assert!(!rt.contains(object));
    assert_eq!(*left.borrow(), 1);
}

/// A socket of a class that is written by hand.
struct OwnSocket {
    socket: QTcpSocket,
    told: Obj<Parrot>,
}

static OWN_SOCKET: MetaObject =
    MetaObject::new("OwnSocket").with_super_class(QTcpSocket::static_meta_object);

impl QObject for OwnSocket {
    fn static_meta_object() -> &'static MetaObject {
        &OWN_SOCKET
    }
    fn meta_object(&self) -> &'static MetaObject {
        &OWN_SOCKET
    }
    fn base(&self) -> Option<&dyn QObject> {
        Some(&self.socket)
    }
    fn base_mut(&mut self) -> Option<&mut dyn QObject> {
        Some(&mut self.socket)
    }
    fn wired(&mut self, cx: &mut Context<'_, Self>) {
        cx.emit(self.told, Parrot::said, 1);
    }
}

#[test]
fn a_step_that_an_object_recorded_as_it_entered_is_taken_once_it_is_in_its_place() {
    let (listener, port) = std_listener();
    let mut rt = Runtime::new().unwrap();
    let [told, _] = parrots(&mut rt);
    let mut socket = QTcpSocket::new();
    socket.connect_to_host("127.0.0.1", port);
    let socket = rt.add(OwnSocket { socket, told });
    let connected = rt.run_until(Duration::from_secs(2), |world| {
        world[socket].socket.state() == SocketState::Connected
    });
    assert!(connected.unwrap(), "{:?}", rt[socket].socket.state());
    drop(listener);
}

#[test]
fn what_was_recorded_before_is_not_delivered_in_the_middle_of_wiring() {
    let mut rt = people::runtime();
    let pair = parrots(&mut rt);
    rt[pair[0]].said().emit(1);
    rt.add(ByHand::new(move |_, cx| {
        cx.set_object_name(cx.this(), "hand");
        assert_eq!(cx[pair[1]].heard, [], "a method runs");
    }));
}

#[derive(QObject, Default)]
#[qobject(leave = Self::say_goodbye)]
struct Heir {
    #[signal]
    said: Signal<u32>,
}

impl Heir {
    fn say_goodbye(&mut self) {
        self.said.emit(1);
    }
}

#[derive(QObject)]
#[qobject(enter = Self::fail)]
struct Stillborn {
    #[qobject(base: QIODevice)]
    buffer: QBuffer,
}

impl Stillborn {
    fn fail(&mut self, _: &Anchor<'_>) {
        panic_on_purpose();
    }
}

#[test]
fn an_object_that_never_came_to_its_place_is_not_woken_while_its_children_go() {
    let mut rt = people::runtime();
    let echo = rt.add(Parrot::default());
    rt.connect_fn_on(echo, Parrot::said, echo, |echo, _, &word| echo.said.emit(word));
    panic_of(|| {
        rt.add_with(|cx| {
            let heir = cx.add_child(Heir::default());
            cx.connect_fn_on(heir, Heir::said, echo, |echo, _, &word| echo.said.emit(word));
            let mut buffer = QBuffer::new();
            buffer.open(OpenMode::READ_WRITE).unwrap();
            buffer.write_all(b"hello").unwrap();
            Stillborn { buffer }
        })
    });
    turn(&mut rt);
    turn(&mut rt);
}

#[derive(QObject, Default)]
#[qobject(leave = Self::say_goodbye)]
struct Polite {
    #[signal]
    said: Signal<u32>,
}

impl Polite {
    fn say_goodbye(&mut self) {
        self.said.emit(1);
    }
}

#[derive(QObject, Default)]
#[qobject(leave = Self::fail)]
struct Rude {
    #[qobject(base)]
    polite: Polite,
}

impl Rude {
    fn fail(&mut self) {
        panic_on_purpose();
    }
}

#[test]
fn a_panic_in_the_last_steps_of_a_class_costs_its_base_none_of_its_own() {
    let mut rt = people::runtime();
    let rude = rt.add(Rude::default());
    let said = rt.spy(rude.upcast::<Polite>(), Polite::said);
    panic_of(|| rt.destroy(rude));
    rt.deliver();
    assert!(!rt.contains(rude));
    assert_eq!(said.take(), [1]);
}
