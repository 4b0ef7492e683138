//! The lookups of a runtime whose answers are still to come.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use super::host_info::HostInfo;
use super::host_lookup::HostLookup;
use super::lookup::Lookup;
use crate::object::World;

/// The lookups of a runtime whose answers are still to come.
#[derive(Default)]
pub(in crate::net) struct HostLookups {
    asked: RefCell<BTreeMap<HostLookup, Asked>>,
}

/// Takes the answer to whoever asked.
pub(super) type OnAnswer = Box<dyn FnOnce(&mut World, HostInfo)>;

/// A lookup whose answer is still to come.
pub(in crate::net) struct Asked {
    pub(in crate::net) answer: OnAnswer,
    /// Called off when this goes.
    lookup: Option<Lookup>,
}

impl HostLookups {
    /// Adds a lookup and whom its answer goes to.
    pub(in crate::net) fn begin(&self, id: HostLookup, answer: OnAnswer) {
        self.asked.borrow_mut().insert(id, Asked { answer, lookup: None });
    }

    /// Keeps what calls a lookup off, unless its answer has come already.
    pub(in crate::net) fn keep(&self, id: HostLookup, lookup: Lookup) {
        if let Some(asked) = self.asked.borrow_mut().get_mut(&id) {
            asked.lookup = Some(lookup);
        }
    }

    /// Takes a lookup out, because its answer has come or is not wanted any more.
    pub(in crate::net) fn end(&self, id: HostLookup) -> Option<Asked> {
        self.asked.borrow_mut().remove(&id)
    }
}

impl fmt::Debug for HostLookups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostLookups").field("asked", &self.asked.borrow().len()).finish()
    }
}
