//! What the tests of the object floor share: people who talk and listen, and a log of it.
#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use slotwire::MetaObject;
use slotwire::prelude::*;

/// What happened, in order.
#[derive(Clone, Default)]
pub(crate) struct Log(Rc<RefCell<Vec<String>>>);

impl Log {
    pub(crate) fn add(&self, what: impl Into<String>) {
        self.0.borrow_mut().push(what.into());
    }

    /// What happened since the last time.
    pub(crate) fn take(&self) -> Vec<String> {
        self.0.take()
    }
}

type Reaction = Rc<dyn Fn(&mut Person, &mut Context<'_, Person>, u32)>;

/// Somebody who says numbers and hears them, and reacts as the test wants.
pub(crate) struct Person {
    pub(crate) name: &'static str,
    pub(crate) log: Log,
    /// Emitted with what the person says.
    pub(crate) said: Signal<u32>,
    /// A second signal, which a person has for what is written.
    pub(crate) wrote: Signal<String>,
    reactions: HashMap<&'static str, Reaction>,
    last_words: Option<u32>,
    mourned: bool,
}

impl Person {
    pub(crate) fn new(name: &'static str, log: &Log) -> Self {
        Self {
            name,
            log: log.clone(),
            said: Signal::new(),
            wrote: Signal::new(),
            reactions: HashMap::new(),
            last_words: None,
            mourned: false,
        }
    }

    /// Has the person do this after having heard something.
    pub(crate) fn on_hearing(
        self,
        reaction: impl Fn(&mut Self, &mut Context<'_, Self>, u32) + 'static,
    ) -> Self {
        self.on("hears", reaction)
    }

    /// Has the person do this after having noted something.
    pub(crate) fn on_noting(
        self,
        reaction: impl Fn(&mut Self, &mut Context<'_, Self>, u32) + 'static,
    ) -> Self {
        self.on("notes", reaction)
    }

    fn on(
        mut self,
        verb: &'static str,
        reaction: impl Fn(&mut Self, &mut Context<'_, Self>, u32) + 'static,
    ) -> Self {
        self.reactions.insert(verb, Rc::new(reaction));
        self
    }

    /// Has the person say this as the last step of life.
    pub(crate) fn with_last_words(mut self, words: u32) -> Self {
        self.last_words = Some(words);
        self
    }

    /// Has the log tell when the person is dropped.
    pub(crate) fn mourned(mut self) -> Self {
        self.mourned = true;
        self
    }

    pub(crate) fn said(&self) -> &Signal<u32> {
        &self.said
    }

    pub(crate) fn wrote(&self) -> &Signal<String> {
        &self.wrote
    }

    /// A slot.
    pub(crate) fn hear(&mut self, cx: &mut Context<'_, Self>, what: u32) {
        self.react("hears", cx, what);
    }

    /// Another slot.
    pub(crate) fn note(&mut self, cx: &mut Context<'_, Self>, what: u32) {
        self.react("notes", cx, what);
    }

    /// The slot for the end of somebody.
    pub(crate) fn mourn(&mut self, cx: &mut Context<'_, Self>, who: Obj<dyn QObject>) {
        let who = cx.downcast::<Self>(who).map_or("somebody", |who| cx[who].name);
        self.log.add(format!("{} mourns {who}", self.name));
        if let Some(reaction) = self.reactions.get("notes").cloned() {
            reaction(self, cx, 0);
        }
    }

    fn react(&mut self, verb: &'static str, cx: &mut Context<'_, Self>, what: u32) {
        self.log.add(format!("{} {verb} {what}", self.name));
        if let Some(reaction) = self.reactions.get(verb).cloned() {
            reaction(self, cx, what);
        }
    }
}

static PERSON: MetaObject = MetaObject::new("Person");

impl QObject for Person {
    fn static_meta_object() -> &'static MetaObject {
        &PERSON
    }

    fn meta_object(&self) -> &'static MetaObject {
        &PERSON
    }

    fn leave_runtime(&mut self) {
        if let Some(words) = self.last_words {
            self.said.emit(words);
        }
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        if self.mourned {
            self.log.add(format!("{} is gone", self.name));
        }
    }
}

/// A class with nothing to it.
#[derive(Default)]
pub(crate) struct Stone;

static STONE: MetaObject = MetaObject::new("Stone");

impl QObject for Stone {
    fn static_meta_object() -> &'static MetaObject {
        &STONE
    }

    fn meta_object(&self) -> &'static MetaObject {
        &STONE
    }
}

/// Speaks, and notes what it is told.
#[derive(QObject, Default)]
pub(crate) struct Parrot {
    #[signal]
    pub(crate) said: Signal<u32>,
    pub(crate) heard: Vec<u32>,
}

#[slots]
impl Parrot {
    #[slot]
    pub(crate) fn hear(&mut self, word: u32) {
        self.heard.push(word);
    }
}

/// Two parrots, the second of which hears the first.
pub(crate) fn parrots(world: &mut World) -> [Obj<Parrot>; 2] {
    let pair = [world.add(Parrot::default()), world.add(Parrot::default())];
    world.connect(pair[0], Parrot::said, pair[1], Parrot::hear);
    pair
}

pub(crate) fn runtime() -> Runtime {
    Runtime::new().expect("the system gives a poller")
}

/// Delivers what is posted now, as one pass of the event loop does.
pub(crate) fn run_posted(rt: &mut Runtime) {
    rt.process_events(Some(std::time::Duration::ZERO)).expect("the loop makes a pass");
}

/// Delivers until nothing is left.
pub(crate) fn deliver_all(rt: &mut Runtime) {
    while !rt.deliver() {}
}

/// Runs `f`, which is to panic, and returns the message.
pub(crate) fn panic_message<O>(f: impl FnOnce() -> O) -> String {
    let payload = match catch_unwind(AssertUnwindSafe(f)) {
        Ok(_) => panic!("it should have panicked"),
        Err(payload) => payload,
    };
    match payload.downcast::<String>() {
        Ok(message) => *message,
        Err(payload) => payload.downcast::<&str>().map_or(String::new(), |text| text.to_string()),
    }
}
