//! The names that wait for their lookup or are being looked up, with the askers of each.
//!
//! Keeps four promises. A name is looked up once at a time, however many askers it has. A name
//! whose askers all cancel before it begins is not looked up. A name that hangs holds up the next
//! names for the [patience](Rules::patience) only, and not at all once its askers have cancelled.
//! No other name holds up `localhost`.
//!
//! Plain data: the caller passes the time in. The threads are in `resolver_pool.rs`.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use super::host_name::HostName;

/// How many names may be looked up at the same time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    /// How many fresh names: names that have just begun and have askers.
    pub(super) at_once: usize,
    /// For how long a name counts as fresh.
    pub(super) patience: Duration,
    /// How many names in all, besides `localhost`.
    pub(super) most: usize,
}

/// The names without an answer yet, with their askers.
#[derive(Debug)]
pub(super) struct LookupQueue<A> {
    rules: Rules,
    names: HashMap<HostName, Asked<A>>,
    /// The names that have not begun, in the order in which they were first asked for.
    waiting: BTreeMap<u64, HostName>,
    /// `localhost`, if it was asked for and has not begun.
    localhost: Option<HostName>,
    /// The fresh names, in the order in which they began, with the time when they are fresh no
    /// longer.
    fresh: BTreeMap<u64, (Instant, HostName)>,
    /// How many names are being looked up, besides `localhost`.
    under_way: usize,
    /// `localhost` is being looked up.
    localhost_is_under_way: bool,
    /// How many of the names that are being looked up have no asker left.
    abandoned: usize,
    next_number: u64,
}

#[derive(Debug)]
struct Asked<A> {
    /// The askers, by the numbers of their tickets.
    askers: BTreeMap<u64, A>,
    stage: Stage,
}

/// How far the lookup of a name has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The name has not begun. Has its place among the waiting names, which `localhost` does not
    /// need.
    Waiting(u64),
    /// The name has just begun. Has its place among the fresh names.
    Fresh(u64),
    /// The name takes long, or has lost all its askers once, or is `localhost`: it holds up no
    /// other name.
    Apart,
}

/// With this an asker cancels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ticket {
    name: HostName,
    number: u64,
}

impl<A> LookupQueue<A> {
    pub(super) fn new(rules: Rules) -> Self {
        Self {
            rules,
            names: HashMap::new(),
            waiting: BTreeMap::new(),
            localhost: None,
            fresh: BTreeMap::new(),
            under_way: 0,
            localhost_is_under_way: false,
            abandoned: 0,
            next_number: 0,
        }
    }

    /// Adds an asker for a name's addresses.
    pub(super) fn ask(&mut self, name: &HostName, asker: A) -> Ticket {
        let number = self.number();
        let asked = self.names.entry(name.clone()).or_insert_with(|| {
            match name.is_localhost() {
                true => self.localhost = Some(name.clone()),
                false => drop(self.waiting.insert(number, name.clone())),
            }
            Asked { askers: BTreeMap::new(), stage: Stage::Waiting(number) }
        });
        if asked.askers.is_empty() && !matches!(asked.stage, Stage::Waiting(_)) {
            self.abandoned -= 1;
        }
        asked.askers.insert(number, asker);
        Ticket { name: name.clone(), number }
    }

    /// Removes an asker, unless the answer was given already.
    pub(super) fn cancel(&mut self, ticket: &Ticket) -> Option<A> {
        let asked = self.names.get_mut(&ticket.name)?;
        let asker = asked.askers.remove(&ticket.number)?;
        if asked.askers.is_empty() {
            match asked.stage {
                Stage::Waiting(place) => {
                    match ticket.name.is_localhost() {
                        true => self.localhost = None,
                        false => drop(self.waiting.remove(&place)),
                    }
                    self.names.remove(&ticket.name);
                    return Some(asker);
                }
                Stage::Fresh(place) => {
                    self.fresh.remove(&place);
                    asked.stage = Stage::Apart;
                }
                Stage::Apart => {}
            }
            self.abandoned += 1;
        }
        Some(asker)
    }

    /// Takes the next name to look up, if one more may begin.
    pub(super) fn begin(&mut self, now: Instant) -> Option<HostName> {
        if let Some(name) = self.localhost.take() {
            self.set_stage(&name, Stage::Apart);
            self.localhost_is_under_way = true;
            return Some(name);
        }
        if self.startable(now) == 0 {
            return None;
        }
        let place = self.number();
        let (_, name) = self.waiting.pop_first()?;
        self.set_stage(&name, Stage::Fresh(place));
        self.fresh.insert(place, (now + self.rules.patience, name.clone()));
        self.under_way += 1;
        Some(name)
    }

    /// Takes the askers of a name whose lookup has ended, in the order in which they asked.
    pub(super) fn answer(&mut self, name: &HostName) -> Vec<A> {
        let Some(asked) = self.names.remove(name) else { return Vec::new() };
        if let Stage::Fresh(place) = asked.stage {
            self.fresh.remove(&place);
        }
        match name.is_localhost() {
            true => self.localhost_is_under_way = false,
            false => self.under_way -= 1,
        }
        if asked.askers.is_empty() {
            self.abandoned -= 1;
        }
        asked.askers.into_values().collect()
    }

    /// Returns how many of the waiting names may begin now.
    pub(super) fn startable(&mut self, now: Instant) -> usize {
        self.lose_patience(now);
        let rules = self.rules;
        let room = rules.at_once.saturating_sub(self.fresh.len());
        let others = self.waiting.len().min(room).min(rules.most.saturating_sub(self.under_way));
        others + usize::from(self.localhost.is_some())
    }

    /// Returns when the next name may begin if nothing else happens until then. `None` if a name
    /// may begin now, if no name waits, or if the limit of names in all is reached.
    pub(super) fn next_start(&mut self, now: Instant) -> Option<Instant> {
        let is_held_up = !self.waiting.is_empty() && self.startable(now) == 0;
        let (end, _) = self.fresh.first_key_value().map(|(_, fresh)| fresh)?;
        (is_held_up && self.under_way < self.rules.most).then_some(*end)
    }

    /// Returns how many names are being looked up.
    pub(super) fn under_way(&self) -> usize {
        self.under_way + usize::from(self.localhost_is_under_way)
    }

    /// Returns how many names have not begun.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len() + usize::from(self.localhost.is_some())
    }

    /// Returns how many of the names that are being looked up have no asker left.
    pub(super) fn abandoned(&self) -> usize {
        self.abandoned
    }

    fn number(&mut self) -> u64 {
        let number = self.next_number;
        self.next_number += 1;
        number
    }

    fn set_stage(&mut self, name: &HostName, stage: Stage) {
        if let Some(asked) = self.names.get_mut(name) {
            asked.stage = stage;
        }
    }

    /// Moves names that take too long out of the fresh ones.
    fn lose_patience(&mut self, now: Instant) {
        while let Some(oldest) = self.fresh.first_entry() {
            if oldest.get().0 > now {
                break;
            }
            let (_, name) = oldest.remove();
            self.set_stage(&name, Stage::Apart);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::net::names::host_name::tests::named;

    const RULES: Rules = Rules { at_once: 2, patience: Duration::from_secs(3), most: 4 };

    /// The same rules in a naive form: ordered lists. A name keeps its place while it has askers.
    #[derive(Default)]
    struct Model {
        asked: Vec<(u32, String)>,
        waiting: Vec<String>,
        begun: Vec<Begun>,
        /// In seconds.
        now: u64,
    }

    struct Begun {
        name: String,
        at: u64,
        was_abandoned: bool,
    }

    impl Model {
        fn ask(&mut self, name: String, asker: u32) {
            if !self.waiting.contains(&name) && self.begun.iter().all(|begun| begun.name != name) {
                self.waiting.push(name.clone());
            }
            self.asked.push((asker, name));
        }

        fn is_wanted(&self, name: &str) -> bool {
            self.asked.iter().any(|(_, asked)| asked == name)
        }

        fn cancel(&mut self, asker: u32) -> Option<u32> {
            let at = self.asked.iter().position(|(other, _)| *other == asker)?;
            let (_, name) = self.asked.remove(at);
            if !self.is_wanted(&name) {
                self.waiting.retain(|waiting| *waiting != name);
                for begun in self.begun.iter_mut().filter(|begun| begun.name == name) {
                    begun.was_abandoned = true;
                }
            }
            Some(asker)
        }

        fn counted(&self) -> impl Iterator<Item = &Begun> {
            let patience = RULES.patience.as_secs();
            self.others()
                .filter(move |begun| !begun.was_abandoned && begun.at + patience > self.now)
        }

        fn others(&self) -> impl Iterator<Item = &Begun> {
            self.begun.iter().filter(|begun| begun.name != "localhost")
        }

        /// Returns the place of `localhost` among the waiting names.
        fn localhost(&self) -> Option<usize> {
            self.waiting.iter().position(|waiting| waiting == "localhost")
        }

        fn startable(&self) -> usize {
            let localhost = usize::from(self.localhost().is_some());
            let room = RULES.at_once - self.counted().count().min(RULES.at_once);
            let others = self.waiting.len() - localhost;
            localhost + others.min(room).min(RULES.most - self.others().count())
        }

        fn begin(&mut self) -> Option<String> {
            let place = self.localhost().or((self.startable() > 0).then_some(0))?;
            let name = self.waiting.remove(place);
            self.begun.push(Begun { name: name.clone(), at: self.now, was_abandoned: false });
            Some(name)
        }

        /// Returns in how many seconds the first name may begin if nothing else happens.
        fn next_start(&self) -> Option<u64> {
            let patience = RULES.patience.as_secs();
            let ends = self.counted().map(|begun| begun.at + patience - self.now);
            let is_held_up = !self.waiting.is_empty() && self.startable() == 0;
            ends.min().filter(|_| is_held_up && self.others().count() < RULES.most)
        }

        fn abandoned(&self) -> usize {
            self.begun.iter().filter(|begun| !self.is_wanted(&begun.name)).count()
        }

        fn answer(&mut self, name: &str) -> Vec<u32> {
            self.begun.retain(|begun| begun.name != name);
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
        Wait(u64),
    }

    fn act() -> impl Strategy<Value = Act> {
        prop_oneof![
            6 => (0..8_u8).prop_map(Act::Ask),
            3 => (0..40_usize).prop_map(Act::Cancel),
            5 => Just(Act::Begin),
            2 => (0..4_usize).prop_map(Act::Answer),
            2 => (1..4_u64).prop_map(Act::Wait),
        ]
    }

    proptest! {
        #[test]
        fn names_are_begun_once_in_order_and_every_asker_is_answered_or_called_off(
            acts in prop::collection::vec(act(), 0..80)
        ) {
            let mut queue = LookupQueue::new(RULES);
            let mut model = Model::default();
            let mut tickets = Vec::new();
            let start = Instant::now();
            for act in acts {
                let now = start + Duration::from_secs(model.now);
                match act {
                    Act::Ask(which) => {
                        let name = match which {
                            0 => "localhost".to_owned(),
                            _ => format!("host-{which}"),
                        };
                        let asker = tickets.len() as u32;
                        tickets.push(queue.ask(&named(&name), asker));
                        model.ask(name, asker);
                    }
                    Act::Cancel(which) => {
                        let Some(ticket) = tickets.get(which) else { continue };
                        prop_assert_eq!(queue.cancel(ticket), model.cancel(which as u32));
                    }
                    Act::Begin => {
                        let begun = queue.begin(now).map(|name| name.as_str().to_owned());
                        prop_assert_eq!(begun, model.begin());
                    }
                    Act::Answer(which) => {
                        let Some(name) = model.begun.get(which).map(|begun| begun.name.clone())
                        else {
                            continue;
                        };
                        prop_assert_eq!(queue.answer(&named(&name)), model.answer(&name));
                    }
                    Act::Wait(seconds) => model.now += seconds,
                }
                let now = start + Duration::from_secs(model.now);
                prop_assert_eq!(queue.startable(now), model.startable());
                let next_start = model.next_start().map(|left| now + Duration::from_secs(left));
                prop_assert_eq!(queue.next_start(now), next_start);
                prop_assert_eq!(queue.under_way(), model.begun.len());
                prop_assert_eq!(queue.waiting(), model.waiting.len());
                prop_assert_eq!(queue.abandoned(), model.abandoned());
            }
        }
    }
}
