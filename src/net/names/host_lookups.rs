//! The lookups of a runtime that wait for their answers.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use super::host_info::HostInfo;
use super::host_lookup::HostLookup;
use super::lookup::Lookup;
use crate::object::World;

/// The lookups of a runtime that wait for their answers.
#[derive(Default)]
pub(in crate::net) struct HostLookups {
    asked: RefCell<BTreeMap<HostLookup, Asked>>,
}

/// Receives the answer.
pub(super) type OnAnswer = Box<dyn FnOnce(&mut World, HostInfo)>;

/// A lookup that waits for its answer.
pub(in crate::net) struct Asked {
    pub(in crate::net) answer: OnAnswer,
    /// Cancelled when this is dropped.
    lookup: Option<Lookup>,
}

impl HostLookups {
    /// Adds a lookup and the closure that receives its answer.
    pub(in crate::net) fn begin(&self, id: HostLookup, answer: OnAnswer) {
        self.asked.borrow_mut().insert(id, Asked { answer, lookup: None });
    }

    /// Keeps the [`Lookup`], which cancels on drop, unless the answer has come already.
    pub(in crate::net) fn keep(&self, id: HostLookup, lookup: Lookup) {
        if let Some(asked) = self.asked.borrow_mut().get_mut(&id) {
            asked.lookup = Some(lookup);
        }
    }

    /// Takes a lookup out, because its answer has come or the lookup was aborted.
    pub(in crate::net) fn end(&self, id: HostLookup) -> Option<Asked> {
        self.asked.borrow_mut().remove(&id)
    }
}

impl fmt::Debug for HostLookups {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostLookups").field("asked", &self.asked.borrow().len()).finish()
    }
}
