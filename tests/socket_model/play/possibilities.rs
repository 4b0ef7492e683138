//! Possibilities: everything that may be so, as far as anybody can tell.
//!
//! Some things only the network knows when they happen: whether an address that is tried fails at
//! once, whether a read past the buffers has found the end. The model then goes both ways. What a
//! socket does next fits one of them, and the other is dropped; when none is left, the socket has done
//! what it must not.

use slotwire::SocketState;

use super::calls::Call;
use super::model::{Look, Model};
use super::sayings::Said;

/// How many possibilities there may be. More would mean that the model hardly decides anything.
const MOST: usize = 64;

/// What the model holds possible.
#[derive(Debug)]
pub(crate) struct Possibilities {
    /// Never empty, and no two alike.
    models: Vec<Model>,
}

/// Which way a model goes where it cannot know.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Choices {
    /// What was decided before it went this way.
    given: Vec<bool>,
    /// What it has decided so far.
    taken: Vec<bool>,
}

impl Choices {
    fn begin(given: Vec<bool>) -> Self {
        Self { given, taken: Vec::new() }
    }

    /// Decides, in one of the possibilities for this and in another against it.
    pub(super) fn choose(&mut self) -> bool {
        let choice = self.given.get(self.taken.len()).copied().unwrap_or(true);
        self.taken.push(choice);
        choice
    }

    /// The ways that were not taken, and that nobody else takes.
    fn others(&self) -> impl Iterator<Item = Vec<bool>> {
        let places = self.given.len()..self.taken.len();
        places.map(|place| {
            let mut other = self.taken[..=place].to_vec();
            other[place] = !other[place];
            other
        })
    }
}

impl Default for Possibilities {
    fn default() -> Self {
        Self { models: vec![Model::default()] }
    }
}

impl Possibilities {
    /// Lets every model go every way that it can. Those that refute what has happened are dropped; if
    /// all do, the objection of the first is what is wrong.
    fn consider(&mut self, f: impl Fn(&mut Model) -> Result<(), String>) -> Result<(), String> {
        let mut objection = None;
        let mut left: Vec<Model> = Vec::with_capacity(self.models.len());
        for model in &self.models {
            let mut ways = vec![Vec::new()];
            while let Some(way) = ways.pop() {
                let mut model = model.clone();
                model.choices = Choices::begin(way);
                let considered = f(&mut model);
                let choices = std::mem::take(&mut model.choices);
                ways.extend(choices.others());
                match considered {
                    Ok(()) if !left.contains(&model) => left.push(model),
                    Ok(()) => {}
                    Err(fault) => drop(objection.get_or_insert(fault)),
                }
            }
        }
        match objection {
            Some(fault) if left.is_empty() => return Err(fault),
            _ if left.len() > MOST => return Err(format!("{} things are possible", left.len())),
            _ => {}
        }
        self.models = left;
        Ok(())
    }

    /// One of the possibilities. What everybody can see is the same in all.
    fn any(&self) -> &Model {
        &self.models[0]
    }

    fn each(&mut self, f: impl Fn(&mut Model)) {
        self.models.iter_mut().for_each(f);
    }

    pub(crate) fn add(&mut self, is_datagrams: bool, look: Look) -> usize {
        self.each(|model| model.add(is_datagrams, look));
        self.any().sockets.len() - 1
    }

    pub(crate) fn state(&self, who: usize) -> SocketState {
        self.any().sockets[who].state
    }

    pub(crate) fn is_open(&self, who: usize) -> bool {
        self.any().sockets[who].is_open
    }

    /// What was written, not said to have gone out, and not dropped.
    pub(crate) fn unsent(&self, who: usize) -> usize {
        self.any().sockets[who].unsent
    }

    pub(crate) fn has_finished_writing(&self, who: usize) -> bool {
        self.any().sockets[who].write_finished
    }

    /// Says whether both ends have finished for certain, so that the connection has to end.
    pub(crate) fn has_finished(&self, who: usize) -> bool {
        self.models.iter().all(|model| model.sockets[who].has_finished())
    }

    pub(crate) fn set_half_open(&mut self, who: usize, allow: bool) {
        self.each(|model| model.sockets[who].allows_half_open = allow);
    }

    /// Who is waited for.
    pub(crate) fn set_waited_for(&mut self, who: Option<usize>) {
        self.each(|model| model.waited_for = who);
    }

    /// How much of this kind has still to be said that belongs to the time before the socket last
    /// began to connect, or was bound.
    pub(crate) fn outdated(&self, who: usize, is_meant: impl Fn(Said) -> bool) -> usize {
        self.any().outdated(who, is_meant)
    }

    /// A slot begins, or the program goes on outside of all.
    pub(crate) fn enter(&mut self) {
        self.each(Model::enter);
    }

    /// Says whether nothing that was called remains to be carried out.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.any().is_at_rest()
    }

    /// A socket says something, and looks like this meanwhile.
    pub(crate) fn hear(&mut self, who: usize, said: Said, look: Look) -> Result<(), String> {
        self.consider(|model| model.hear(who, said, look))
    }

    /// A socket tells of its traffic. What was found along with it is said next.
    pub(crate) fn hear_traffic(&mut self, who: usize, look: Look) -> Result<(), String> {
        self.consider(|model| model.hear_traffic(who, look))
    }

    /// Something was called, after which the socket looks like this.
    pub(crate) fn called(&mut self, who: usize, call: Call, look: Look) -> Result<(), String> {
        self.consider(|model| model.called(who, call, look))
    }

    /// Everything that was called for has been said.
    pub(crate) fn rest(&mut self) -> Result<(), String> {
        self.consider(Model::rest)
    }
}
