//! What a method does to its own object and to others, by its context.

use std::time::Duration;

use slotwire::prelude::*;
use slotwire::{PropertyError, VirtualClock};

/// Rings when it is asked to.
#[derive(QObject, Default)]
struct Bell {
    #[signal]
    rung: Signal<u32>,
    #[property]
    pitch: Property<f64>,
}

/// Does everything to itself.
#[derive(QObject, Default)]
struct Ringer {
    bell: Option<Obj<Bell>>,
    heard: Vec<u32>,
    woken: u32,
    #[signal]
    asked: Signal<()>,
}

#[slots]
impl Ringer {
    #[slot(self.asked)]
    fn ring(&mut self, cx: &mut Context<Self>) {
        let bell = *self.bell.get_or_insert_with(|| cx.add_child(Bell::default()));
        cx.on(bell, Bell::rung, Self::hear);
        cx.on_fn(bell, Bell::rung, |ringer, _, times| ringer.heard.push(*times));
        cx.emit(bell, Bell::rung, 3);
        cx.single_shot(Duration::from_secs(2), cx.this(), Self::wake);
    }

    #[slot]
    fn hear(&mut self, cx: &mut Context<Self>, times: u32) {
        assert_eq!(cx.sender_as::<Bell>(), self.bell);
        assert_eq!(cx.sender_as::<Self>(), None);
        assert!(cx.sender_mut::<Bell>().is_some());
        assert!(cx.sender_mut::<Self>().is_none());
        self.heard.push(10 * times);
    }

    #[slot]
    fn wake(&mut self, cx: &mut Context<Self>) {
        self.woken += 1;
        if let Some(bell) = self.bell {
            assert!(cx.disconnect(bell, Bell::rung, cx.this(), Self::hear));
            assert!(cx.disconnect_receiver(bell, cx.this()));
            cx.emit(bell, Bell::rung, 4);
        }
        cx.delete_later(cx.this());
    }
}

#[test]
fn an_object_connects_calls_and_deletes_itself() {
    let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    let ringer = rt.add(Ringer::default());
    rt.emit(ringer, Ringer::asked, ());
    assert_eq!(rt[ringer].heard, [30, 3]);
    assert!(rt.run_until(Duration::from_secs(3), |world| world[ringer].woken == 1).unwrap());
    assert_eq!(rt[ringer].heard, [30, 3]);
    assert!(rt.run_until(Duration::from_secs(3), |world| !world.contains(ringer)).unwrap());
    assert!(rt.is_empty());
}

/// Looks at itself in its own slot.
#[derive(QObject, Default)]
struct Narcissus {
    #[signal]
    looked: Signal<()>,
    seen: u32,
}

#[slots]
impl Narcissus {
    #[slot(self.looked)]
    fn look(&mut self, cx: &mut Context<Self>) {
        let this = cx.this();
        assert_eq!(cx.sender_as::<Self>(), Some(this));
        assert_eq!(cx.downcast::<Self>(this.erase()), Some(this));
        assert_eq!(cx.downcast::<Bell>(this.erase()), None);
        assert!(cx.get(this).is_none());
        assert!(cx.dump_object_tree(this).starts_with("Narcissus "));
        self.seen += 1;
    }

    /// Connects and thinks better of it, before the connection can be made.
    fn waver(&mut self, cx: &mut Context<Self>, bell: Obj<Ringer>) {
        let this = cx.this();
        let connection = cx.connect(this, Self::looked, bell, Ringer::wake);
        assert!(cx.disconnect_receiver(this, bell));
        assert!(!connection.is_connected());
        assert!(!cx.disconnect_all(this) || self.seen == 0);
        self.looked.emit(());
    }
}

#[test]
fn a_busy_object_keeps_its_class() {
    let mut rt = Runtime::new().unwrap();
    let narcissus = rt.add(Narcissus::default());
    rt.emit(narcissus, Narcissus::looked, ());
    assert_eq!(rt[narcissus].seen, 1);
}

#[test]
fn a_connection_that_waits_for_its_busy_sender_can_be_ended() {
    let mut rt = Runtime::new().unwrap();
    let (narcissus, ringer) = (rt.add(Narcissus::default()), rt.add(Ringer::default()));
    rt.with(narcissus, |narcissus, cx| narcissus.waver(cx, ringer));
    rt.emit(narcissus, Narcissus::looked, ());
    assert_eq!(rt[ringer].woken, 0);
}

#[test]
fn emitting_for_another_waits_for_the_method_to_return() {
    let mut rt = Runtime::new().unwrap();
    let (bell, ringer) = (rt.add(Bell::default()), rt.add(Ringer::default()));
    let spy = rt.spy(bell, Bell::rung);
    let heard = rt.with(ringer, |_, cx| {
        cx.emit(bell, Bell::rung, 1);
        spy.len()
    });
    assert_eq!(heard, Some(0));
    assert_eq!(spy.take(), [1]);
}

#[test]
fn a_closure_that_never_returns_is_a_slot() {
    let mut rt = Runtime::new().unwrap();
    let bell = rt.add(Bell::default());
    let connection = rt.connect_fn(bell, Bell::rung, |_, times| panic!("rung {times} times"));
    assert!(connection.is_connected());
}

#[test]
fn a_property_of_another_type_is_refused_and_stays() {
    let mut rt = Runtime::new().unwrap();
    let bell = rt.add(Bell::default());
    assert_eq!(rt.set_property(bell, "pitch", 440.0), Ok(true));
    let refused: PropertyError = rt.set_property(bell, "pitch", 440).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "property `pitch: f64` of Bell cannot be set to a value of type `i32`"
    );
    assert_eq!((refused.class_name(), refused.property_name()), ("Bell", "pitch"));
    assert_eq!((refused.declared_type(), refused.given_type()), ("f64", "i32"));
    assert!(!refused.is_read_only());
    assert_eq!(rt.property(bell, "pitch"), Some(440.0));
}

/// Hears of a bell in all the ways in which a method can ask for it.
#[derive(QObject, Default)]
struct Sexton {
    heard: Vec<u32>,
    mourned: Vec<Obj<dyn QObject>>,
    #[signal]
    passed_on: Signal<u32>,
}

#[slots]
impl Sexton {
    fn listen(&mut self, cx: &mut Context<Self>, bell: Obj<Bell>) -> Vec<Connection> {
        let once = ConnectionType::UNIQUE | ConnectionType::SINGLE_SHOT;
        vec![
            cx.on_with(once, bell, Bell::rung, Self::hear),
            cx.on_with(once, bell, Bell::rung, Self::hear),
            cx.on_fn(bell, Bell::rung, |sexton, _, times| sexton.heard.push(10 * times)),
            cx.forward(bell, Bell::rung, Self::passed_on),
            cx.on_destroyed(bell, Self::mourn),
        ]
    }

    #[slot]
    fn hear(&mut self, times: u32) {
        self.heard.push(times);
    }

    #[slot]
    fn mourn(&mut self, who: Obj<dyn QObject>) {
        self.mourned.push(who);
    }
}

#[test]
fn a_method_connects_its_object_in_every_way_by_a_short_form() {
    let mut rt = Runtime::with_clock(VirtualClock::new()).unwrap();
    let (bell, sexton) = (rt.add(Bell::default()), rt.add(Sexton::default()));
    let made = rt.with(sexton, |sexton, cx| sexton.listen(cx, bell)).unwrap();
    let are_made: Vec<_> = made.iter().map(Connection::is_connected).collect();
    assert_eq!(are_made, [true, false, true, true, true]);
    let passed_on = rt.spy(sexton, Sexton::passed_on);
    rt.emit(bell, Bell::rung, 1);
    rt.emit(bell, Bell::rung, 2);
    assert_eq!((&rt[sexton].heard[..], passed_on.take()), (&[1, 10, 20][..], vec![1, 2]));
    rt.destroy(bell);
    assert_eq!(rt[sexton].mourned, [bell.erase()]);
    assert!(made.iter().all(|connection| !connection.is_connected()));
}
