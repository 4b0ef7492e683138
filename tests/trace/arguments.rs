//! How the arguments of emissions are shown.

use std::cell::Cell;
use std::fmt;
use std::rc::Rc;

use slotwire::{MetaObject, MetaSignal};

use super::*;

/// Says nothing of itself.
struct Secret;

/// Says that it cannot be shown, by an error or by a panic.
struct Broken {
    panics: bool,
}

impl fmt::Debug for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("half of it")?;
        assert!(!self.panics, "not to be looked at");
        Err(fmt::Error)
    }
}

/// Takes two lines.
struct Verse;

impl fmt::Debug for Verse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("roses\r\nviolets")
    }
}

/// Counts how often it is cloned.
#[derive(Debug, Default)]
struct Original {
    copies: Rc<Cell<u32>>,
}

impl Clone for Original {
    fn clone(&self) -> Self {
        self.copies.set(self.copies.get() + 1);
        Self { copies: self.copies.clone() }
    }
}

impl PartialEq for Original {
    fn eq(&self, _: &Self) -> bool {
        false
    }
}

/// Has signals that carry what is hard to show.
#[derive(QObject)]
struct Archive {
    #[signal]
    hidden: Signal<Secret>,
    #[signal]
    hidden_many: Signal<Vec<Secret>>,
    #[signal]
    damaged: Signal<Broken>,
    #[signal]
    recited: Signal<Verse>,
    #[signal]
    own: Signal<Obj<Self>>,
    #[signal]
    lent: Signal<Original>,
    #[property]
    kept: Property<Original>,
}

impl Archive {
    fn new() -> Self {
        Self {
            hidden: Signal::new(),
            hidden_many: Signal::new(),
            damaged: Signal::new(),
            recited: Signal::new(),
            own: Signal::new(),
            lent: Signal::new(),
            kept: Property::new(Original::default()),
        }
    }
}

#[test]
fn an_argument_without_debug_is_two_dots() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let archive = rt.add(Archive::new());
    rt.emit(archive, Archive::hidden, Secret);
    rt.emit(archive, Archive::hidden_many, vec![Secret]);
    rt.emit(archive, Archive::own, archive);
    assert_eq!(
        lines(&trace),
        [
            "Archive 1v1 hidden(..)",
            "Archive 1v1 hidden_many(..)",
            "Archive 1v1 own(Obj<Archive> 1v1)",
        ]
    );
}

#[test]
fn an_argument_that_cannot_be_shown_spoils_nothing() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let archive = rt.add(Archive::new());
    let heard = Rc::new(Cell::new(0));
    let counter = heard.clone();
    rt.connect_fn(archive, Archive::damaged, move |_, _| counter.set(counter.get() + 1));
    rt.emit(archive, Archive::damaged, Broken { panics: true });
    rt[archive].damaged.emit(Broken { panics: true });
    rt.emit(archive, Archive::damaged, Broken { panics: false });
    assert_eq!(heard.get(), 3);
    assert_eq!(lines(&trace), ["Archive 1v1 damaged(..)"; 3]);
}

#[test]
fn an_emission_is_a_line_whatever_it_carries() {
    let mut rt = runtime();
    let trace = Trace::new();
    rt.record_into(&trace.labelled("two\nlines"));
    let archive = rt.add(Archive::new());
    rt.emit(archive, Archive::recited, Verse);
    assert_eq!(trace.to_string(), "two\\nlines 1 Archive 1v1 recited(roses\\r\\nviolets)\n");
}

#[test]
fn an_argument_is_shown_and_not_cloned() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let archive = rt.add(Archive::new());
    let original = Original::default();
    let copies = original.copies.clone();
    rt.emit(archive, Archive::lent, Original { copies: copies.clone() });
    rt[archive].lent.emit(Original { copies: copies.clone() });
    rt[archive].set_kept(original);
    assert_eq!(trace.len(), 3);
    assert_eq!(copies.get(), 0);

    let _spy = rt.spy(archive, Archive::kept_changed);
    rt[archive].set_kept(Original { copies: copies.clone() });
    assert_eq!(copies.get(), 1, "for the slot");
}

/// A class without the derive, which describes some of its signals.
#[derive(Default)]
struct Bell {
    rung: Signal<u8>,
    muted: Signal<u8>,
    stopped: Signal<()>,
    unknown: Signal<u8>,
}

static BELL: MetaObject = MetaObject::new("Bell").with_signals(&[
    MetaSignal::new("rung", "u8", |bell, see| see(&Bell::cast(bell).rung)).with_debug::<u8>(),
    MetaSignal::new("muted", "u8", |bell, see| see(&Bell::cast(bell).muted)),
    MetaSignal::new("stopped", "()", |bell, see| see(&Bell::cast(bell).stopped))
        .with_debug::<String>(),
]);

impl QObject for Bell {
    fn static_meta_object() -> &'static MetaObject {
        &BELL
    }

    fn meta_object(&self) -> &'static MetaObject {
        &BELL
    }
}

impl Bell {
    fn unknown(&self) -> &Signal<u8> {
        &self.unknown
    }
}

#[test]
fn a_class_by_hand_says_how_its_arguments_are_shown() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let bell = rt.add(Bell::default());
    rt[bell].rung.emit(3);
    rt[bell].muted.emit(4);
    rt[bell].stopped.emit(());
    assert_eq!(lines(&trace), ["Bell 1v1 rung(3)", "Bell 1v1 muted(..)", "Bell 1v1 stopped()"]);
}

#[test]
fn a_signal_that_its_class_does_not_describe_is_recorded_when_it_is_connected() {
    let mut rt = runtime();
    let trace = traced(&mut rt);
    let bell = rt.add(Bell::default());
    rt[bell].unknown.emit(1);
    let _spy = rt.spy(bell, Bell::unknown);
    rt[bell].unknown.emit(2);
    assert_eq!(lines(&trace), ["Bell 1v1 ?(2)"]);
}
