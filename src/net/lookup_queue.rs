//! Which names are to be looked up, which are being looked up, and who wants to know.
//!
//! Keeps two promises: a name is looked up once at a time, however many ask for it, and one that
//! nobody asks for any more before its turn has come is not looked up at all. Plain data; the
//! threads that work it off are in `resolver_pool.rs`.

use std::collections::{BTreeMap, HashMap};

use super::host_name::HostName;

/// The names that were asked for and not answered yet, with those who asked.
#[derive(Debug)]
pub(super) struct LookupQueue<A> {
    names: HashMap<HostName, Asked<A>>,
    /// The names whose turn has not come, in the order in which they were first asked for.
    waiting: BTreeMap<u64, HostName>,
    /// How many names are being looked up though nobody wants to know any more.
    abandoned: usize,
    next_number: u64,
}

#[derive(Debug)]
struct Asked<A> {
    /// By the numbers of their tickets.
    askers: BTreeMap<u64, A>,
    /// Its place among the waiting; none once it is being looked up.
    place: Option<u64>,
}

/// By what an asker calls off what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    name: HostName,
    number: u64,
}

impl<A> LookupQueue<A> {
    pub(super) fn new() -> Self {
        Self { names: HashMap::new(), waiting: BTreeMap::new(), abandoned: 0, next_number: 0 }
    }

    /// Adds somebody who wants to know a name's addresses.
    pub(super) fn ask(&mut self, name: &HostName, asker: A) -> Ticket {
        let number = self.next_number;
        self.next_number += 1;
        let name = name.clone();
        let asked = self.names.entry(name.clone()).or_insert_with(|| {
            self.waiting.insert(number, name.clone());
            Asked { askers: BTreeMap::new(), place: Some(number) }
        });
        if asked.place.is_none() && asked.askers.is_empty() {
            self.abandoned -= 1;
        }
        asked.askers.insert(number, asker);
        Ticket { name, number }
    }

    /// Forgets one who asked, unless the answer was given already.
    pub(super) fn cancel(&mut self, ticket: &Ticket) -> Option<A> {
        let asked = self.names.get_mut(&ticket.name)?;
        let asker = asked.askers.remove(&ticket.number)?;
        if asked.askers.is_empty() {
            match asked.place {
                Some(place) => {
                    self.waiting.remove(&place);
                    self.names.remove(&ticket.name);
                }
                None => self.abandoned += 1,
            }
        }
        Some(asker)
    }

    /// Takes the name whose turn it is.
    pub(super) fn begin(&mut self) -> Option<HostName> {
        let (_, name) = self.waiting.pop_first()?;
        if let Some(asked) = self.names.get_mut(&name) {
            asked.place = None;
        }
        Some(name)
    }

    /// Takes those who wait for this name, in the order in which they asked. It has been looked up.
    pub(super) fn answer(&mut self, name: &HostName) -> Vec<A> {
        let Some(asked) = self.names.remove(name) else { return Vec::new() };
        if asked.askers.is_empty() {
            self.abandoned -= 1;
        }
        asked.askers.into_values().collect()
    }

    /// How many names wait for their turn.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// How many names are being looked up though nobody wants to know any more.
    pub(super) fn abandoned(&self) -> usize {
        self.abandoned
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::net::host_name::tests::named;

    /// The same rules, naively: three lists, in order. A name keeps its place for as long as
    /// anybody asks for it.
    #[derive(Default)]
    struct Model {
        asked: Vec<(u32, String)>,
        waiting: Vec<String>,
        begun: Vec<String>,
    }

    impl Model {
        fn ask(&mut self, name: String, asker: u32) {
            if !self.waiting.contains(&name) && !self.begun.contains(&name) {
                self.waiting.push(name.clone());
            }
            self.asked.push((asker, name));
        }

        fn cancel(&mut self, asker: u32) -> Option<u32> {
            let at = self.asked.iter().position(|(other, _)| *other == asker)?;
            self.asked.remove(at);
            let Self { asked, waiting, .. } = self;
            waiting.retain(|name| asked.iter().any(|(_, wanted)| wanted == name));
            Some(asker)
        }

        fn begin(&mut self) -> Option<String> {
            let name = (!self.waiting.is_empty()).then(|| self.waiting.remove(0))?;
            self.begun.push(name.clone());
            Some(name)
        }

        fn abandoned(&self) -> usize {
            let is_wanted = |name: &&String| self.asked.iter().any(|(_, asked)| asked == *name);
            self.begun.iter().filter(|name| !is_wanted(name)).count()
        }

        fn answer(&mut self, name: &str) -> Vec<u32> {
            self.begun.retain(|begun| begun != name);
            let all = std::mem::take(&mut self.asked);
            let (answered, left) = all.into_iter().partition(|(_, asked)| asked == name);
            self.asked = left;
            let answered: Vec<(u32, String)> = answered;
            answered.into_iter().map(|(asker, _)| asker).collect()
        }
    }

    #[derive(Clone, Debug)]
    enum Act {
        Ask(u8),
        Cancel(usize),
        Begin,
        Answer(usize),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            4 => (0..4_u8).prop_map(Act::Ask),
            2 => (0..40_usize).prop_map(Act::Cancel),
            2 => Just(Act::Begin),
            2 => (0..4_usize).prop_map(Act::Answer),
        ]
    }

    proptest! {
        #[test]
        fn names_are_begun_once_in_order_and_every_asker_is_answered_or_called_off(
            acts in prop::collection::vec(act(), 0..60)
        ) {
            let mut queue = LookupQueue::new();
            let mut model = Model::default();
            let mut tickets = Vec::new();
            for act in acts {
                match act {
                    Act::Ask(which) => {
                        let (asker, name) = (tickets.len() as u32, format!("host-{which}"));
                        tickets.push(queue.ask(&named(&name), asker));
                        model.ask(name, asker);
                    }
                    Act::Cancel(which) => {
                        let Some(ticket) = tickets.get(which) else { continue };
                        prop_assert_eq!(queue.cancel(ticket), model.cancel(which as u32));
                    }
                    Act::Begin => {
                        let begun = queue.begin().map(|name| name.as_str().to_owned());
                        prop_assert_eq!(begun, model.begin());
                    }
                    Act::Answer(which) => {
                        let Some(name) = model.begun.get(which).cloned() else { continue };
                        prop_assert_eq!(queue.answer(&named(&name)), model.answer(&name));
                    }
                }
                prop_assert_eq!(queue.waiting(), model.waiting.len());
                prop_assert_eq!(queue.abandoned(), model.abandoned());
            }
        }
    }
}
