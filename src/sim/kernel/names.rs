//! Names: the answers of a simulated name server, and their delays.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use super::host::SimHost;
use super::watcher::WatcherKey;
use super::wire::{Event, Wire};
use crate::net::{HostName, OnResolved};

/// The default delay of an answer.
const USUAL_DELAY: Duration = Duration::from_millis(1);

/// An answer of the simulated name server.
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
    /// The ports are ignored.
    found: Result<Vec<SocketAddr>, io::ErrorKind>,
    /// `None` if no answer ever comes.
    delay: Option<Duration>,
}

impl NameAnswer {
    /// Creates an answer with these addresses, in this order.
    pub fn found(addresses: impl IntoIterator<Item = IpAddr>) -> Self {
        Self::found_at(addresses.into_iter().map(|ip| SocketAddr::new(ip, 0)))
    }

    /// Creates an answer with these addresses and their scope ids, in this order. The ports are
    /// ignored.
    pub fn found_at(addresses: impl IntoIterator<Item = SocketAddr>) -> Self {
        let addresses = addresses.into_iter().collect();
        Self { found: Ok(addresses), delay: Some(USUAL_DELAY) }
    }

    /// Creates a failure: `NotFound` if there is no such name, another kind if the server has
    /// failed.
    pub fn failing(kind: io::ErrorKind) -> Self {
        Self { found: Err(kind), delay: Some(USUAL_DELAY) }
    }

    /// Creates an answer that never comes.
    pub fn never() -> Self {
        Self { delay: None, ..Self::failing(io::ErrorKind::TimedOut) }
    }

    /// Sets the delay of the answer. The default is 1 ms.
    #[must_use]
    pub fn after(mut self, delay: Duration) -> Self {
        self.delay = self.delay.map(|_| delay);
        self
    }
}

/// The known names, and the questions that wait for an answer.
#[derive(Default)]
pub(in crate::sim) struct Names {
    hosts: BTreeMap<String, SimHost>,
    answers: BTreeMap<String, NameAnswer>,
    waiting: BTreeMap<Question, Asker>,
    asked: u64,
}

/// Identifies a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::sim) struct Question(u64);

/// A lookup that waits for its answer, and the answer.
pub(in crate::sim) struct Asker {
    watcher: WatcherKey,
    on_resolved: OnResolved,
    answer: Result<Vec<SocketAddr>, io::ErrorKind>,
    name: String,
}

impl Asker {
    /// Delivers the answer.
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

    /// Adds the name of a host, which must be unique.
    pub(in crate::sim) fn name_host(&mut self, name: &str, host: SimHost) {
        self.hosts.insert(plain(name), host);
    }

    /// Returns the host of this name, in any spelling.
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

/// Returns the form of a name for comparisons: in ASCII if there is such a form, in lower case, and
/// without the dot of the root.
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

    /// Takes the lookup whose answer has come, unless it was cancelled. The caller delivers the
    /// answer.
    pub(in crate::sim) fn take_asker(&mut self, question: Question) -> Option<Asker> {
        let asker = self.names.waiting.remove(&question)?;
        self.call(asker.watcher);
        Some(asker)
    }
}
