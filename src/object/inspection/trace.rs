//! Traces: the emissions of a program as text, in order.
//!
//! Keeps one promise: the same program gives the same text. Whatever differs from one run to the
//! next (addresses, tags of runtimes, the real time unless it was asked for) is not in it.
//! `tracer.rs` writes into a trace.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

/// The number of lines that are shown before the first one that differs.
const CONTEXT: usize = 3;

/// Records every emission of a runtime as text, to be read, kept and compared.
///
/// [`Runtime::record_into`](crate::Runtime::record_into) begins the recording. From then on, each
/// emission becomes an entry when it is made, also if the signal has no connections. As text, an
/// entry is a line: the number of the turn, the sender's class and its name (or its number if it
/// has no name), the signal and its argument. This makes a test of all that a program does: compare
/// the text with one that was kept.
///
/// ```
/// use slotwire::prelude::*;
/// use slotwire::Trace;
///
/// #[derive(QObject, Default)]
/// struct Door {
///     #[signal]
///     opened: Signal<u32>,
///     #[property]
///     locked: Property<bool>,
/// }
///
/// # fn main() -> Result<(), slotwire::Error> {
/// let mut rt = Runtime::new()?;
/// let front = rt.add(Door::default());
/// let back = rt.add(Door::default());
/// rt.set_object_name(back, "back");
///
/// let trace = Trace::new();
/// rt.record_into(&trace);
/// rt.emit(front, Door::opened, 7);
/// rt.with(back, |back, _| {
///     back.opened.emit(8);
///     back.set_locked(true);
/// });
/// assert_eq!(
///     trace.to_string(),
///     "1 Door 1v1 opened(7)\n\
///      2 Door \"back\" opened(8)\n\
///      2 Door \"back\" locked_changed(true)\n"
/// );
/// # Ok(())
/// # }
/// ```
///
/// A clone is the same trace. Several runtimes may record into one trace, which then has all their
/// emissions in order; [`labelled`](Self::labelled) tells the runtimes apart. Recording ends with
/// [`stop`](Self::stop), or when the last clone is dropped.
///
/// # What is in it
///
/// The emissions of all objects that exist when recording begins or are added later. Their signals
/// are those that the class describes, those of the classes that it extends, and `destroyed` and
/// `object_name_changed`, which every object has. While an object's signals are blocked, it emits
/// nothing and nothing is recorded. A signal that its class does not describe is recorded only if
/// somebody has connected to it, with the name `?`.
///
/// An argument is shown by its `Debug` when it is emitted, and is never cloned. An argument without
/// `Debug`, or whose `Debug` fails or panics, is shown as `..`. In a class that is written by hand,
/// [`MetaSignal::with_debug`](crate::MetaSignal::with_debug) shows the argument.
///
/// # What it changes
///
/// It changes nothing that a program can notice: connections, deliveries and their order are the
/// same with a trace and without. While a signal without connections is traced, and until its
/// object is destroyed, it takes memory.
#[must_use = "a trace records nothing after its last clone is dropped"]
#[derive(Clone)]
pub struct Trace {
    book: Rc<Book>,
    label: Option<Rc<str>>,
}

impl Trace {
    /// Creates an empty trace without times.
    pub fn new() -> Self {
        Self::with_book(Book::default())
    }

    /// Creates an empty trace in which every entry has a time: how long its runtime has been
    /// recording, by the clock of that runtime.
    ///
    /// With a [`VirtualClock`](crate::VirtualClock) the times are the same in every run; with the
    /// system's clock no two traces are equal.
    ///
    /// ```
    /// use std::time::Duration;
    /// use slotwire::prelude::*;
    /// use slotwire::{Trace, VirtualClock};
    ///
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let mut rt = Runtime::with_clock(VirtualClock::new())?;
    /// let timer = rt.add(QTimer::new());
    /// let trace = Trace::timed();
    /// rt.record_into(&trace);
    /// rt[timer].start_with(Duration::from_millis(1500));
    /// rt.single_shot_fn(Duration::from_secs(4), |world| world.quit());
    /// rt.exec()?;
    /// assert_eq!(trace.to_string(), "1 @1.5s QTimer 1v1 timeout()\n2 @3s QTimer 1v1 timeout()\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn timed() -> Self {
        Self::with_book(Book { is_timed: true, ..Book::default() })
    }

    fn with_book(book: Book) -> Self {
        Self { book: Rc::new(book), label: None }
    }

    /// Returns the same trace with a label for the entries of a runtime, such as the name of a
    /// host.
    ///
    /// ```
    /// # use slotwire::prelude::*;
    /// # use slotwire::Trace;
    /// # #[derive(QObject, Default)]
    /// # struct Door { #[signal] opened: Signal<u32> }
    /// # fn main() -> Result<(), slotwire::Error> {
    /// let [mut here, mut there] = [Runtime::new()?, Runtime::new()?];
    /// let trace = Trace::new();
    /// here.record_into(&trace.labelled("here"));
    /// there.record_into(&trace.labelled("there"));
    /// let [ours, theirs] = [here.add(Door::default()), there.add(Door::default())];
    /// there.emit(theirs, Door::opened, 1);
    /// here.emit(ours, Door::opened, 2);
    /// assert_eq!(trace.to_string(), "there 1 Door 1v1 opened(1)\nhere 1 Door 1v1 opened(2)\n");
    /// # Ok(())
    /// # }
    /// ```
    pub fn labelled(&self, label: &str) -> Self {
        Self { book: self.book.clone(), label: Some(in_one_line(label.to_owned()).into()) }
    }

    /// Returns the emissions so far, in order.
    pub fn entries(&self) -> Vec<TraceEntry> {
        self.book.entries.borrow().clone()
    }

    /// Returns the number of emissions so far.
    pub fn len(&self) -> usize {
        self.book.entries.borrow().len()
    }

    /// Returns true if there was no emission so far.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends the recording, in every runtime and for good. The entries stay.
    pub fn stop(&self) {
        self.book.is_full.set(true);
    }

    /// Describes the first line in which this trace differs from `other`, which may be a trace or
    /// the text of one. Returns `None` if they are equal.
    ///
    /// A line with `-` is only in this trace, one with `+` only in the other. The lines before them
    /// are in both.
    ///
    /// ```
    /// # use slotwire::prelude::*;
    /// # use slotwire::Trace;
    /// # #[derive(QObject, Default)]
    /// # struct Door { #[signal] opened: Signal<u32> }
    /// # fn main() -> Result<(), slotwire::Error> {
    /// # let mut rt = Runtime::new()?;
    /// # let trace = Trace::new();
    /// # rt.record_into(&trace);
    /// # let door = rt.add(Door::default());
    /// rt.emit(door, Door::opened, 7);
    /// rt.emit(door, Door::opened, 8);
    /// assert_eq!(trace.difference("1 Door 1v1 opened(7)\n2 Door 1v1 opened(8)\n"), None);
    /// assert_eq!(
    ///     trace.difference("1 Door 1v1 opened(7)\n2 Door 1v1 opened(9)\n").unwrap(),
    ///     "the traces differ from line 2 on\n  \
    ///      1 Door 1v1 opened(7)\n\
    ///      - 2 Door 1v1 opened(8)\n\
    ///      + 2 Door 1v1 opened(9)\n"
    /// );
    /// # Ok(())
    /// # }
    /// ```
    pub fn difference<T: fmt::Display + ?Sized>(&self, other: &T) -> Option<String> {
        let (here, there) = (self.to_string(), other.to_string());
        let [here, there]: [Vec<_>; 2] = [here.lines().collect(), there.lines().collect()];
        let same = here.iter().zip(&there).take_while(|(here, there)| here == there).count();
        if same == here.len().max(there.len()) {
            return None;
        }
        let mut text = format!("the traces differ from line {} on\n", same + 1);
        let mut show = |sign, line: &str| text.extend([sign, " ", line, "\n"]);
        for line in &here[same.saturating_sub(CONTEXT)..same] {
            show(" ", line);
        }
        show("-", here.get(same).unwrap_or(&"(the end)"));
        show("+", there.get(same).unwrap_or(&"(the end)"));
        Some(text)
    }

    /// Returns what a runtime needs to write into the trace.
    pub(super) fn writer(&self) -> Writer {
        Writer { book: Rc::downgrade(&self.book), label: self.label.clone() }
    }
}

impl Default for Trace {
    fn default() -> Self {
        Self::new()
    }
}

/// Compares the entries: two traces are equal if their entries are.
impl PartialEq for Trace {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.book, &other.book)
            || *self.book.entries.borrow() == *other.book.entries.borrow()
    }
}

impl Eq for Trace {}

/// Writes one line for each emission.
impl fmt::Display for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.book.entries.borrow().iter().try_for_each(|entry| writeln!(f, "{entry}"))
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.book.entries.borrow().iter()).finish()
    }
}

/// One emission in a [`Trace`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TraceEntry {
    /// The label of the runtime, if it has one.
    pub label: Option<Rc<str>>,
    /// The number of the turn in which the signal was emitted, beginning with 1.
    ///
    /// A turn is all that follows from one cause: a timer that is due, a readiness, a posted call,
    /// an emission from outside. Turns without an emission are not counted. An emission outside any
    /// turn belongs to the next turn.
    pub turn: u64,
    /// The time since the runtime began to record, if the trace is [timed](Trace::timed).
    pub time: Option<Duration>,
    /// The name of the sender's class.
    pub class: &'static str,
    /// The sender's name in quotes, or its number if it has none: `"desk"` or `3v1`.
    pub object: String,
    /// The name of the signal.
    pub signal: &'static str,
    /// The argument, as `Debug` shows it in one line, or `..`.
    pub argument: String,
}

/// Writes one line: `3 Lamp "desk" switched(true)`, with the label before it, and the time as
/// `@1.5s` after the turn.
impl fmt::Display for TraceEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { label, turn, time, class, object, signal, argument } = self;
        if let Some(label) = label {
            write!(f, "{label} ")?;
        }
        write!(f, "{turn} ")?;
        if let Some(time) = time {
            let time = format!("{}.{:09}", time.as_secs(), time.subsec_nanos());
            write!(f, "@{}s ", time.trim_end_matches('0').trim_end_matches('.'))?;
        }
        let argument = if argument == "()" { "" } else { argument };
        write!(f, "{class} {object} {signal}({argument})")
    }
}

/// What all clones of a trace share.
#[derive(Default)]
pub(super) struct Book {
    entries: RefCell<Vec<TraceEntry>>,
    is_timed: bool,
    /// True after [`Trace::stop`].
    is_full: Cell<bool>,
}

impl Book {
    /// Adds an entry and returns its number.
    pub(super) fn write(&self, mut entry: TraceEntry) -> usize {
        entry.argument = in_one_line(entry.argument);
        let mut entries = self.entries.borrow_mut();
        entries.push(entry);
        entries.len() - 1
    }

    /// Sets the name of the signal of an entry.
    pub(super) fn name(&self, number: usize, signal: &'static str) {
        if let Some(entry) = self.entries.borrow_mut().get_mut(number) {
            entry.signal = signal;
        }
    }

    pub(super) fn is_timed(&self) -> bool {
        self.is_timed
    }
}

/// A runtime's weak reference to a trace.
pub(super) struct Writer {
    book: Weak<Book>,
    label: Option<Rc<str>>,
}

impl Writer {
    /// Returns the book, if it still has a reader and recording was not stopped.
    pub(super) fn open_book(&self) -> Option<Rc<Book>> {
        self.book.upgrade().filter(|book| !book.is_full.get())
    }

    pub(super) fn label(&self) -> Option<&Rc<str>> {
        self.label.as_ref()
    }
}

/// Returns the text with its line breaks escaped as in source code.
fn in_one_line(text: String) -> String {
    if text.contains(['\n', '\r']) { text.replace('\n', "\\n").replace('\r', "\\r") } else { text }
}
