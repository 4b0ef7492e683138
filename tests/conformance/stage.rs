//! The stage: what the operations of one scenario share.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use slotwire::prelude::*;
use slotwire::stream::DataStreamStatus;
use slotwire::{Authenticator, HostLookup};

use crate::answer::{Missing, missing};
use crate::dut::Dut;
use crate::log::Log;
use crate::peers::Peers;
use crate::program::{Program, Prompter};
use crate::symbols::Symbols;
use crate::text_stream;
use crate::wiring::ToClosure;

/// What the operations of one scenario share.
pub(crate) struct Stage {
    pub(crate) log: RefCell<Log>,
    pub(crate) symbols: RefCell<Symbols>,
    pub(crate) peers: RefCell<Box<dyn Peers>>,
    /// The connections that have a name.
    pub(crate) connections: RefCell<HashMap<String, Connection>>,
    /// The connections to closures, which cannot be named by their slots.
    pub(crate) to_closures: RefCell<Vec<ToClosure>>,
    /// The lookups that were begun, by their names.
    pub(crate) lookups: RefCell<HashMap<String, HostLookup>>,
    /// The status of each device's stream, by the device's name.
    pub(crate) streams: RefCell<HashMap<String, DataStreamStatus>>,
    /// The text stream of each device, by the device's name.
    pub(crate) text_streams: RefCell<HashMap<String, text_stream::Kept>>,
    /// What slots of probes do, by probe and slot.
    pub(crate) programs: RefCell<HashMap<(String, String), Program>>,
    /// The last question of a proxy for a user and a password.
    pub(crate) asked: RefCell<Option<Authenticator>>,
    /// Set while an `exec` of the scenario runs.
    pub(crate) loop_runs: Cell<bool>,
    /// Runs the operations of reactions one by one.
    pub(crate) prompter: Obj<Prompter>,
    objects: RefCell<Vec<(String, Dut)>>,
    timers: Cell<u64>,
}

impl Stage {
    pub(crate) fn new(rt: &mut Runtime, peers: Box<dyn Peers>, log: Log) -> Rc<Self> {
        Rc::new(Self {
            log: RefCell::new(log),
            symbols: RefCell::default(),
            peers: RefCell::new(peers),
            connections: RefCell::default(),
            to_closures: RefCell::default(),
            lookups: RefCell::default(),
            streams: RefCell::default(),
            text_streams: RefCell::default(),
            programs: RefCell::default(),
            asked: RefCell::default(),
            loop_runs: Cell::new(false),
            prompter: rt.add(Prompter::default()),
            objects: RefCell::default(),
            timers: Cell::new(0),
        })
    }

    /// Calls an object `id` from now on.
    pub(crate) fn name(&self, id: &str, object: Dut) {
        let mut objects = self.objects.borrow_mut();
        objects.retain(|(known, _)| known != id);
        objects.push((id.to_owned(), object));
    }

    /// The object of this name, be it gone by now.
    pub(crate) fn find(&self, id: &str) -> Option<Dut> {
        self.objects.borrow().iter().find(|(known, _)| known == id).map(|(_, object)| *object)
    }

    /// The object of this name, which has to exist.
    pub(crate) fn object(&self, world: &World, id: &str) -> Result<Dut, Missing> {
        match self.find(id) {
            Some(object) if world.contains(object.erase()) => Ok(object),
            Some(_) => missing(format!("{id} is gone")),
            None => missing(format!("there is no {id}")),
        }
    }

    /// The name of an object, if it has one.
    pub(crate) fn name_of(&self, object: Obj<dyn QObject>) -> Option<String> {
        let objects = self.objects.borrow();
        let known = objects.iter().find(|(_, known)| known.erase() == object);
        known.map(|(id, _)| id.clone())
    }

    pub(crate) fn next_timer_number(&self) -> u64 {
        self.timers.set(self.timers.get() + 1);
        self.timers.get()
    }
}
