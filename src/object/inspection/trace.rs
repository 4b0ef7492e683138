//! Traces: what was emitted, in the order in which it was.
//!
//! Keeps one promise: the same program gives the same text. What differs from one run to the next
//! (addresses, tags of runtimes, the real time unless it was asked for) is not in it. How a runtime
//! writes into a trace is in `tracer.rs`.

use std::cell::{Cell, RefCell};
use std::fmt;
use std::rc::{Rc, Weak};
use std::time::Duration;

/// How many lines before the first that differs are shown.
const CONTEXT: usize = 3;

/// Writes down every emission of a runtime, to be read, kept and compared.
///
/// [`Runtime::record_into`](crate::Runtime::record_into) begins it. From then on an emission is an
/// entry, whether anybody listens to the signal or not, at the moment when it is made. As text an
/// entry is a line: the number of the turn, the sender's class and its name, or its number if it
/// has none, the signal and what it carries. That makes a test of everything that a program does:
/// compare the text with one that was kept.
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
/// A copy is the same trace. Several runtimes may write into one, which then has their emissions in
/// one order; [`labelled`](Self::labelled) tells them apart. Recording ends with
/// [`stop`](Self::stop), or when the last copy is dropped.
///
/// # What is in it
///
/// All signals that the class of an object describes, its own and those of the classes that it
/// extends, and `destroyed` and `object_name_changed`, which every object has; of the objects that
/// are there when recording begins and of those that are added later. While an object's signals
/// are blocked it emits nothing, and nothing is written. A signal that its class does not describe
/// is written when somebody has connected to it, as `?`.
///
/// An argument is shown by its `Debug` while it is emitted, and never cloned. One that has none, or
/// one that fails or panics, shows as `..`. For a class that is written by hand see
/// [`MetaSignal::with_debug`](crate::MetaSignal::with_debug).
///
/// # What it changes
///
/// Nothing that a program sees: who is connected, what is delivered and in which order are the same
/// with it and without. A signal with nobody to hear it costs memory while it is traced, and until
/// its object goes.
#[must_use = "a trace records nothing any more when its last copy is dropped"]
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

    /// Creates an empty trace in which every entry has the time since its runtime began to record,
    /// by that runtime's clock.
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

    /// Returns the same trace, as one in which a runtime's entries have this label: the name of a
    /// host, say.
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

    /// Returns what was emitted so far, in order.
    pub fn entries(&self) -> Vec<TraceEntry> {
        self.book.entries.borrow().clone()
    }

    /// Returns how many emissions were recorded so far.
    pub fn len(&self) -> usize {
        self.book.entries.borrow().len()
    }

    /// Returns true if nothing was recorded yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends the recording, in every runtime. What was recorded stays, and a runtime that is told to
    /// record into this trace again writes nothing.
    pub fn stop(&self) {
        self.book.is_full.set(true);
    }

    /// Describes the first line in which this trace differs from `other`, which may be a trace or
    /// the text of one; `None` if they are the same.
    ///
    /// A line with `-` is only here, one with `+` only there. The lines before it are the same.
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

    /// What a runtime writes with.
    pub(super) fn writer(&self) -> Writer {
        Writer { book: Rc::downgrade(&self.book), label: self.label.clone() }
    }
}

impl Default for Trace {
    fn default() -> Self {
        Self::new()
    }
}

/// By the entries: those of two traces may be the same, whoever recorded them.
impl PartialEq for Trace {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.book, &other.book)
            || *self.book.entries.borrow() == *other.book.entries.borrow()
    }
}

impl Eq for Trace {}

/// A line for each emission.
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
    /// A turn is what comes of one cause: a timer that is due, a readiness, a posted call, an
    /// emission from outside. Those in which nothing is emitted are not counted. What is emitted
    /// outside any turn counts to the next.
    pub turn: u64,
    /// How long the runtime had been recording, if the trace is [timed](Trace::timed).
    pub time: Option<Duration>,
    /// The name of the sender's class.
    pub class: &'static str,
    /// The sender's name in quotes, or its number if it has none: `"desk"` or `3v1`.
    pub object: String,
    /// The name of the signal.
    pub signal: &'static str,
    /// What the signal carried, as `Debug` shows it in one line, or `..`.
    pub argument: String,
}

/// In one line: `3 Lamp "desk" switched(true)`, with the label before it, and the time as `@1.5s`
/// after the turn.
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

/// What all copies of a trace share.
#[derive(Default)]
pub(super) struct Book {
    entries: RefCell<Vec<TraceEntry>>,
    is_timed: bool,
    /// Nothing is written any more.
    is_full: Cell<bool>,
}

impl Book {
    /// Adds an entry and gives its number.
    pub(super) fn write(&self, mut entry: TraceEntry) -> usize {
        entry.argument = in_one_line(entry.argument);
        let mut entries = self.entries.borrow_mut();
        entries.push(entry);
        entries.len() - 1
    }

    /// Names the signal of an entry.
    pub(super) fn name(&self, number: usize, signal: &'static str) {
        if let Some(entry) = self.entries.borrow_mut().get_mut(number) {
            entry.signal = signal;
        }
    }

    pub(super) fn is_timed(&self) -> bool {
        self.is_timed
    }
}

/// The way from a runtime to a trace, which does not keep that.
pub(super) struct Writer {
    book: Weak<Book>,
    label: Option<Rc<str>>,
}

impl Writer {
    /// What is to be written into, if there still is somebody to read it.
    pub(super) fn open_book(&self) -> Option<Rc<Book>> {
        self.book.upgrade().filter(|book| !book.is_full.get())
    }

    pub(super) fn label(&self) -> Option<&Rc<str>> {
        self.label.as_ref()
    }
}

/// The text with its line breaks as they are written in the source.
fn in_one_line(text: String) -> String {
    if text.contains(['\n', '\r']) { text.replace('\n', "\\n").replace('\r', "\\r") } else { text }
}
