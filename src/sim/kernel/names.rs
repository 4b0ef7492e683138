//! Names: what a simulated name server answers, and when.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::host::SimHost;
use super::watcher::WatcherKey;
use super::wire::{Event, Wire};
use crate::net::{HostName, OnResolved};

/// How long an answer takes if nothing else was said.
const USUAL_DELAY: Duration = Duration::from_millis(1);

/// What a simulated name server answers.
///
/// ```
/// use std::io::ErrorKind;
/// use std::time::Duration;
/// use slotwire::sim::{NameAnswer, SimNetwork};
///
/// let network = SimNetwork::new(7);
/// let slow = NameAnswer::found([[10, 0, 0, 9].into()]).after(Duration::from_secs(4));
/// network.set_name("printer", slow);
/// network.set_name("broken", NameAnswer::failing(ErrorKind::Other));
/// ```
#[derive(Clone, Debug)]
pub struct NameAnswer {
    /// The ports mean nothing.
    found: Result<Vec<SocketAddr>, io::ErrorKind>,
    /// `None` is never.
    delay: Option<Duration>,
}

impl NameAnswer {
    /// These addresses, in this order.
    pub fn found(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        Self::found_at(addresses.into_iter().map(|ip| SocketAddr::new(ip, 0)))
    }

    /// These addresses with their scope ids, in this order; their ports mean nothing.
    pub fn found_at(addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        let addresses = addresses.into_iter().collect();
        Self { found: Ok(addresses), delay: Some(USUAL_DELAY) }
    }

    /// A failure: `NotFound` if there is no such name, another kind if the server has failed.
    pub fn failing(kind: io::ErrorKind) -> Self {
        Self { found: Err(kind), delay: Some(USUAL_DELAY) }
    }

    /// None: who asks waits for ever.
    pub fn never() -> Self {
        Self { delay: None, ..Self::failing(io::ErrorKind::TimedOut) }
    }

    /// Sets how long the answer takes. The default is 1 ms.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = self.delay.map(|_| delay);
        self
    }
}

/// What is known of names, and who waits for an answer.
#[derive(Default)]
pub(in crate::sim) struct Names {
    hosts: BTreeMap<String, SimHost>,
    answers: BTreeMap<String, NameAnswer>,
    waiting: BTreeMap<Question, Asker>,
    asked: u64,
}

/// Names a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sim) struct Question(u64);

/// Who waits for an answer, and what it will be.
pub(in crate::sim) struct Asker {
    watcher: WatcherKey,
    on_resolved: OnResolved,
    answer: Result<Vec<SocketAddr>, io::ErrorKind>,
    name: String,
}

impl Asker {
    /// Tells the answer.
    pub(in crate::sim) fn tell(self) {
        let Self { on_resolved, answer, name, .. } = self;
        on_resolved(answer.map_err(|kind| {
            io::Error::new(kind, format!("the simulated name server: no {name:?}"))
        }));
    }
}

impl Names {
    pub(in crate::sim) fn set(&mut self, name: &str, answer: NameAnswer) {
        self.answers.insert(plain(name), answer);
    }

    /// Gives a host its name, which no other host has.
    pub(in crate::sim) fn name_host(&mut self, name: &str, host: SimHost) {
        self.hosts.insert(plain(name), host);
    }

    /// Returns the host of this name, however the name is spelled.
    pub(in crate::sim) fn host(&self, name: &str) -> Option<SimHost> {
        self.hosts.get(&plain(name)).copied()
    }

    fn answer(&self, name: &str) -> NameAnswer {
        match plain(name) {
            name if name == "localhost" => NameAnswer::found([Ipv4Addr::LOCALHOST.into()]),
            name => match self.answers.get(&name) {
                Some(answer) => answer.clone(),
                None => NameAnswer::failing(io::ErrorKind::NotFound),
            },
        }
    }
}

/// Returns a name as it is compared: in ASCII if it can be written so, in lower case, and without
/// the dot of the root.
fn plain(name: &str) -> String {
    let parsed = HostName::parse(name);
    let ascii = parsed.as_ref().map_or(name, HostName::as_str);
    ascii.trim_end_matches('.').to_ascii_lowercase()
}

impl Wire {
    /// Asks for a name's addresses.
    pub(in crate::sim) fn ask(
        &mut self,
        watcher: WatcherKey,
        name: &HostName,
        on_resolved: OnResolved,
    ) -> Question {
        let name = name.as_str();
        let NameAnswer { found, delay } = self.names.answer(name);
        self.names.asked += 1;
        let question = Question(self.names.asked);
        let asker = Asker { watcher, on_resolved, answer: found, name: name.to_owned() };
        self.names.waiting.insert(question, asker);
        if let Some(delay) = delay {
            self.agenda.write(delay, Event::Answer(question));
        }
        question
    }

    /// Who waits for the answer that has come, if somebody does still. It is to be called.
    pub(in crate::sim) fn take_asker(&mut self, question: Question) -> Option<Asker> {
        let asker = self.names.waiting.remove(&question)?;
        self.call(asker.watcher);
        Some(asker)
    }
}
