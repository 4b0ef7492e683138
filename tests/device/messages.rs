//! A device that gives messages, beside a model of it: two rows of messages, those in its buffer
//! and those below it.

use proptest::prelude::*;

use super::*;

/// A device that gives each message as it was poured in.
#[derive(QObject, Default)]
struct Mailbox {
    #[qobject(device)]
    device: Device,
    below: VecDeque<Vec<u8>>,
}

impl Mailbox {
    fn with(mode: OpenMode, messages: &[&str]) -> Self {
        let mut mailbox = Self::default();
        mailbox.open(mode).unwrap();
        mailbox.below.extend(messages.iter().map(|message| message.as_bytes().to_vec()));
        mailbox
    }
}

impl RawDevice for Mailbox {
    fn read_data(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        assert!(!buffer.is_empty(), "nobody needs to ask for nothing");
        let message = self.below.pop_front().ok_or(ErrorKind::WouldBlock)?;
        message.as_slice().read(buffer)
    }

    fn write_data(&mut self, _: &[u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }

    fn is_message_based(&self) -> bool {
        true
    }

    fn message_available(&self) -> bool {
        !self.below.is_empty()
    }

    fn data_available(&self) -> usize {
        self.below.front().map_or(0, Vec::len)
    }
}

const UNBUFFERED: OpenMode = OpenMode::READ_WRITE.union(OpenMode::UNBUFFERED);

#[test]
fn a_message_is_not_put_together_with_the_rest_of_another() {
    for mode in [UNBUFFERED, OpenMode::READ_WRITE] {
        let mut mailbox = Mailbox::with(mode, &["one", "two", "three"]);
        assert_eq!(mailbox.peek(1), b"o");
        let mut place = [0; 9];
        assert_eq!(mailbox.read(&mut place).unwrap(), 3);
        assert_eq!(mailbox.peek(1), b"t");
        assert_eq!(mailbox.read_all(), b"two");
        assert_eq!(mailbox.peek(9), b"three");
        assert_eq!(mailbox.skip(2), 2);
        assert!(mailbox.unget_char(b'T'));
        assert_eq!(mailbox.read_all(), b"Tree");
        assert!(mailbox.unget_char(b'!') && mailbox.unget_char(b'?'));
        assert_eq!(mailbox.read_all(), b"?!");
        assert!(mailbox.at_end());
    }
}

#[test]
fn a_message_of_carriage_returns_is_an_empty_one_in_text_mode() {
    let mut mailbox = Mailbox::with(
        UNBUFFERED | OpenMode::TEXT,
        &["\r\r", "\rone\r", "", "\rt\rwo", "\r", "three\r\r", "four", "\rfive"],
    );
    let mut place = [0; 9];
    assert_eq!(mailbox.read(&mut place).unwrap(), 0);
    assert_eq!(mailbox.read(&mut place).unwrap(), 3);
    assert_eq!((mailbox.read_all(), mailbox.peek(9)), (vec![], &b"two"[..]));
    assert_eq!(mailbox.fill_buf().unwrap(), b"t");
    mailbox.consume(1);
    assert_eq!(mailbox.fill_buf().unwrap(), b"wo");
    mailbox.consume(2);
    assert_eq!(mailbox.peek(9), b"");
    assert_eq!(mailbox.peek(9), b"three");
    assert_eq!(mailbox.fill_buf().unwrap(), b"");
    assert_eq!(mailbox.fill_buf().unwrap(), b"three");
    mailbox.consume(5);
    assert_eq!(mailbox.peek(9), b"four", "what is left of the one before are carriage returns");
    assert_eq!(mailbox.read(&mut place).unwrap(), 4);
    assert_eq!(mailbox.fill_buf().unwrap(), b"five");
}

#[test]
fn messages_that_a_transaction_gives_back_stay_apart_in_text_mode_too() {
    let mut mailbox = Mailbox::with(UNBUFFERED | OpenMode::TEXT, &["o\rne", "", "two"]);
    mailbox.start_transaction();
    assert_eq!([mailbox.read_all(), mailbox.read_all()], [&b"one"[..], &b""[..]]);
    assert_eq!(mailbox.read_all(), b"two");
    mailbox.rollback_transaction();
    assert_eq!(mailbox.peek(9), b"one");
    assert_eq!(mailbox.skip(1), 1);
    assert_eq!(mailbox.fill_buf().unwrap(), b"ne");
    mailbox.consume(2);
    assert_eq!(mailbox.peek(9), b"two");
    assert_eq!([mailbox.read_all(), mailbox.read_all()], [&b""[..], &b"two"[..]]);
}

#[test]
fn a_read_into_too_small_a_place_loses_the_rest_of_the_message() {
    for mode in [UNBUFFERED, OpenMode::READ_WRITE] {
        for mode in [mode, mode | OpenMode::TEXT] {
            let mut mailbox = Mailbox::with(mode, &["hello", "world", "letter", "x"]);
            assert_eq!(mailbox.read(&mut [0; 2]).unwrap(), 2, "{mode:?}");
            assert_eq!(mailbox.read_bytes(2), b"wo", "{mode:?}");
            assert_eq!(mailbox.get_char(), Some(b'l'), "{mode:?}");
            assert_eq!(mailbox.read_all(), b"x", "{mode:?}");
        }
    }
}

#[test]
fn what_a_read_in_a_transaction_has_no_room_for_comes_back_with_the_rest() {
    let mut mailbox = Mailbox::with(UNBUFFERED, &["hello", "world", "x"]);
    mailbox.start_transaction();
    assert_eq!(mailbox.read(&mut [0; 2]).unwrap(), 2);
    assert_eq!(mailbox.read_bytes(2), b"wo");
    mailbox.rollback_transaction();
    assert_eq!([mailbox.read_all(), mailbox.read_all()], [b"hello", b"world"]);
    mailbox.start_transaction();
    assert_eq!(mailbox.get_char(), Some(b'x'));
    mailbox.commit_transaction();
    assert!(mailbox.at_end());
}

#[test]
fn a_message_of_any_length_comes_whole_if_the_device_tells_its_length() {
    /// A way to take what is next.
    type Taking = fn(&mut Mailbox) -> Vec<u8>;
    let ways: [(&str, Taking); 5] = [
        ("read_all", QIODevice::read_all),
        ("peek", |mailbox| mailbox.peek(usize::MAX).to_vec()),
        ("fill_buf", |mailbox| mailbox.fill_buf().unwrap().to_vec()),
        ("read_line", |mailbox| mailbox.read_line_bytes().unwrap_or_default()),
        ("read", |mailbox| {
            let mut place = vec![0; 200_000];
            mailbox.start_transaction();
            let count = mailbox.read(&mut place).unwrap();
            place.truncate(count);
            place
        }),
    ];
    let long = [vec![b'x'; 100_000], b"\n".to_vec()].concat();
    for (name, take) in ways {
        let mut mailbox = Mailbox::with(UNBUFFERED, &[]);
        mailbox.below.push_back(long.clone());
        assert!(take(&mut mailbox) == long, "{name}");
    }
}

#[test]
fn a_closed_device_has_nothing_to_read() {
    let mut mailbox = Mailbox::with(UNBUFFERED, &["one", "", "two"]);
    assert_eq!(mailbox.peek(9), b"one");
    mailbox.close();
    assert_eq!((mailbox.bytes_available(), mailbox.at_end()), (0, true));
    mailbox.open(OpenMode::WRITE_ONLY).unwrap();
    assert_eq!((mailbox.bytes_available(), mailbox.at_end()), (0, true));
    mailbox.open(UNBUFFERED).unwrap();
    assert_eq!((mailbox.bytes_available(), mailbox.at_end()), (0, false));
}

#[test]
fn a_byte_that_is_put_back_before_an_empty_message_is_peeked_at_alone() {
    let mut mailbox = Mailbox::with(UNBUFFERED | OpenMode::TEXT, &["", "abc"]);
    assert_eq!(mailbox.peek(9), b"");
    assert_eq!(mailbox.peek(9), b"abc");
    assert!(mailbox.unget_char(b'x'));
    assert_eq!(mailbox.peek(9), b"x");
    assert_eq!([mailbox.read_all(), mailbox.read_all()], [&b"x"[..], &b""[..]]);
    assert_eq!(mailbox.peek(9), b"abc");
}

#[test]
fn a_message_of_carriage_returns_that_was_looked_at_before_text_mode_is_an_empty_one() {
    for is_taken_back in [false, true] {
        let mut mailbox = Mailbox::with(UNBUFFERED, &["\r\r", "\ra"]);
        assert_eq!(mailbox.peek(9), b"\r\r");
        mailbox.set_text_mode_enabled(true);
        if is_taken_back {
            mailbox.start_transaction();
            assert_eq!([mailbox.read_all(), mailbox.read_all()], [&b""[..], &b"a"[..]]);
            mailbox.rollback_transaction();
        }
        assert!(!mailbox.at_end());
        assert_eq!([mailbox.read_all(), mailbox.read_all()], [&b""[..], &b"a"[..]]);
        assert!(mailbox.at_end());
    }
}

#[test]
fn carriage_returns_that_text_mode_has_left_of_a_message_are_nothing_to_read() {
    let mut mailbox = Mailbox::with(UNBUFFERED | OpenMode::TEXT, &["ab\r\r", "\rc"]);
    assert_eq!(mailbox.fill_buf().unwrap(), b"ab");
    mailbox.consume(2);
    assert!(!mailbox.at_end(), "there is another");
    assert_eq!(mailbox.fill_buf().unwrap(), b"c");
    mailbox.consume(1);
    assert!(mailbox.at_end());

    mailbox.below.extend([b"ab\r\r".to_vec(), b"\rc".to_vec()]);
    mailbox.start_transaction();
    assert_eq!([mailbox.read_all(), mailbox.read_all()], [&b"ab"[..], &b"c"[..]]);
    mailbox.rollback_transaction();
    assert_eq!(mailbox.fill_buf().unwrap(), b"ab");
    mailbox.consume(2);
    assert_eq!(mailbox.fill_buf().unwrap(), b"c", "what is left of the one before is no empty one");
}

#[test]
fn a_reader_of_lines_takes_an_empty_message_that_is_next() {
    let mut mailbox = Mailbox::with(UNBUFFERED, &["", "one\n", "", "tw", "o\n", "", "three", ""]);
    let mut lines = Vec::new();
    while !mailbox.at_end() {
        lines.push(mailbox.read_line_string());
        assert!(lines.len() < 100, "it stays before an empty one");
    }
    let expected = [None, Some("one"), None, Some("two"), None, Some("three"), None];
    assert_eq!(lines, expected.map(|line| line.map(str::to_owned)));
}

#[test]
fn a_line_can_be_read_if_no_empty_message_is_before_it() {
    let mut mailbox = Mailbox::with(UNBUFFERED, &["", "one\n"]);
    for shown in ["", "one\n"] {
        assert_eq!(mailbox.peek(9), shown.as_bytes());
        assert!(!mailbox.can_read_line());
    }
    assert_eq!((mailbox.read_line_bytes(), mailbox.can_read_line()), (None, true));
    assert_eq!(mailbox.read_line_bytes().as_deref(), Some(&b"one\n"[..]));
    assert_eq!(mailbox.read_line_max(0), b"");
}

#[test]
fn an_empty_message_behind_many_others_is_given_back() {
    let mut mailbox = Mailbox::with(UNBUFFERED, &["a"; 2000]);
    mailbox.below.extend([vec![], b"b".to_vec()]);
    mailbox.start_transaction();
    while !mailbox.at_end() {
        mailbox.read_all();
    }
    mailbox.rollback_transaction();
    for _ in 0..2000 {
        assert_eq!(mailbox.read_all(), b"a");
    }
    assert_eq!([mailbox.read_all(), mailbox.read_all()], [&b""[..], &b"b"[..]]);
}

#[test]
fn empty_messages_that_were_read_make_room_for_others() {
    let mut mailbox = Mailbox::with(UNBUFFERED, &[]);
    for _ in 0..2 {
        mailbox.below.extend(std::iter::repeat_n(Vec::new(), 1024));
        for _ in 0..1024 {
            assert_eq!(mailbox.peek(9), b"");
        }
        mailbox.start_transaction();
        let read = std::iter::from_fn(|| mailbox.read(&mut [0]).ok()).count();
        assert_eq!(read, 1024);
        mailbox.commit_transaction();
    }
}

#[test]
fn a_device_that_is_opened_again_has_no_message_of_before() {
    let mut mailbox = Mailbox::with(UNBUFFERED, &["", "", "one", "two"]);
    for _ in 0..3 {
        mailbox.peek(1);
    }
    mailbox.open(UNBUFFERED).unwrap();
    assert_eq!(mailbox.read_all(), b"two");
}

#[test]
fn empty_messages_without_end_take_no_memory_without_end() {
    let mut mailbox = Mailbox::with(UNBUFFERED, &[]);
    for _ in 0..10_000 {
        mailbox.below.push_back(Vec::new());
        assert_eq!(mailbox.peek(9), b"");
    }
    mailbox.below.push_back(b"one".to_vec());
    assert_eq!(mailbox.peek(9), b"one");
    let mut place = [0; 9];
    let mut empty = 0;
    while mailbox.read(&mut place).unwrap() == 0 {
        empty += 1;
    }
    assert_eq!((empty, &place[..3]), (1024, &b"one"[..]));
}

#[derive(Clone, Debug)]
enum Op {
    Send(Vec<u8>),
    Read(usize),
    ReadBytes(usize),
    Peek(usize),
    Skip(usize),
    Show(usize),
    Line,
    Unget(u8),
    Start,
    Commit,
    RollBack,
    Close,
}

fn op() -> impl Strategy<Value = Op> {
    let byte = prop_oneof![1 => Just(b'\n'), 4 => b'a'..=b'e'].boxed();
    let sent = prop_oneof![1 => Just(b'\r'), 2 => byte.clone()];
    prop_oneof![
        4 => proptest::collection::vec(sent, 0..6).prop_map(Op::Send),
        2 => Just(Op::Send(Vec::new())),
        3 => (0usize..8).prop_map(Op::Read),
        2 => (0usize..8).prop_map(Op::ReadBytes),
        4 => (0usize..8).prop_map(Op::Peek),
        2 => (0usize..8).prop_map(Op::Skip),
        3 => (0usize..8).prop_map(Op::Show),
        2 => Just(Op::Line),
        1 => byte.prop_map(Op::Unget),
        2 => Just(Op::Start),
        1 => Just(Op::Commit),
        1 => Just(Op::RollBack),
        1 => Just(Op::Close),
    ]
}

/// The messages that were not given away yet. In text mode they have no carriage returns.
#[derive(Default)]
struct Model {
    below: VecDeque<Vec<u8>>,
    /// In the buffer, and not read.
    held: VecDeque<Vec<u8>>,
    /// In the buffer when the transaction began, and what came into it since.
    mark: Option<VecDeque<Vec<u8>>>,
}

impl Model {
    /// Takes a message into the buffer; returns it.
    fn take_in(&mut self) -> Option<Vec<u8>> {
        let message = self.below.pop_front()?;
        self.held.push_back(message.clone());
        if let Some(mark) = &mut self.mark {
            mark.push_back(message.clone());
        }
        Some(message)
    }

    /// Takes up to `max` bytes of the next message in the buffer.
    fn take(&mut self, max: usize) -> Vec<u8> {
        let Some(next) = self.held.front_mut() else { return Vec::new() };
        let taken = next.drain(..next.len().min(max)).collect();
        if next.is_empty() {
            self.held.pop_front();
        }
        taken
    }

    fn read(&mut self, max: usize) -> Option<Vec<u8>> {
        if max == 0 {
            return Some(Vec::new());
        }
        if self.held.is_empty() {
            self.take_in()?;
            // What there is no room for is lost.
            let mut message = self.held.pop_back()?;
            message.truncate(max);
            return Some(message);
        }
        Some(self.take(max))
    }

    /// Drops the empty messages before the first bytes.
    fn drop_empty(&mut self) {
        while self.held.front().is_some_and(Vec::is_empty) {
            self.held.pop_front();
        }
    }

    fn peek(&mut self, max: usize) -> Vec<u8> {
        if self.held.iter().all(Vec::is_empty) {
            self.take_in();
        }
        let next = self.held.iter().find(|message| !message.is_empty());
        next.map(|next| next[..next.len().min(max)].to_vec()).unwrap_or_default()
    }

    /// The bytes in the buffer, and how many of them are a line.
    fn held_line(&self) -> (usize, Option<usize>) {
        let bytes: Vec<u8> = self.held.iter().flatten().copied().collect();
        (bytes.len(), bytes.iter().position(|&byte| byte == b'\n').map(|at| at + 1))
    }

    fn is_before_an_empty_one(&self) -> bool {
        self.held.front().is_some_and(Vec::is_empty)
    }

    fn line(&mut self) -> Option<Vec<u8>> {
        let count = loop {
            if self.is_before_an_empty_one() {
                self.take(1);
                return None;
            }
            let (bytes, line) = self.held_line();
            if let Some(count) = line {
                break count;
            }
            if self.take_in()?.is_empty() && bytes > 0 {
                break bytes;
            }
        };
        let mut line = Vec::new();
        while line.len() < count {
            line.append(&mut self.take(count - line.len()));
        }
        Some(line)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn a_device_of_messages_is_two_rows_of_them(
        ops in proptest::collection::vec(op(), 0..60),
        is_text in any::<bool>(),
        mode in prop::sample::select(vec![UNBUFFERED, OpenMode::READ_WRITE]),
    ) {
        let mode = if is_text { mode | OpenMode::TEXT } else { mode };
        let mut mailbox = Mailbox::with(mode, &[]);
        let mut model = Model::default();
        for op in ops {
            match op {
                Op::Send(mut message) => {
                    mailbox.below.push_back(message.clone());
                    message.retain(|&byte| !is_text || byte != b'\r');
                    model.below.push_back(message);
                }
                Op::Close => {
                    mailbox.close();
                    prop_assert_eq!((mailbox.bytes_available(), mailbox.at_end()), (0, true));
                    model = Model { below: model.below, ..Model::default() };
                    mailbox.open(mode).unwrap();
                }
                // Lines keep their carriage returns, and a byte that is put back meets them.
                Op::Line | Op::Unget(_) if is_text => {}
                Op::Read(max) => {
                    let mut place = vec![0; max];
                    let read = mailbox.read(&mut place);
                    match model.read(max) {
                        None => prop_assert_eq!(read.unwrap_err().kind(), ErrorKind::WouldBlock),
                        Some(expected) => {
                            place.truncate(read.unwrap());
                            prop_assert_eq!(place, expected);
                        }
                    }
                }
                Op::ReadBytes(max) => {
                    prop_assert_eq!(mailbox.read_bytes(max), model.read(max).unwrap_or_default());
                }
                Op::Peek(max) => prop_assert_eq!(mailbox.peek(max), model.peek(max)),
                Op::Skip(max) => {
                    let skipped = mailbox.skip(max);
                    if max > 0 {
                        model.drop_empty();
                    }
                    prop_assert_eq!(skipped, model.read(max).map_or(0, |dropped| dropped.len()));
                }
                Op::Show(max) => {
                    let shown = mailbox.fill_buf().map(<[u8]>::to_vec);
                    if model.held.is_empty() {
                        model.take_in();
                    }
                    match model.held.front().cloned() {
                        None => prop_assert_eq!(shown.unwrap_err().kind(), ErrorKind::WouldBlock),
                        Some(next) => {
                            let shown = shown.unwrap();
                            let is_run = is_text && !shown.is_empty() && next.starts_with(&shown);
                            prop_assert!(is_run || shown == next, "{:?} of {:?}", shown, next);
                            let count = shown.len().min(max);
                            mailbox.consume(count);
                            if next.is_empty() || count > 0 {
                                model.take(count);
                            }
                        }
                    }
                }
                Op::Line => prop_assert_eq!(mailbox.read_line_bytes(), model.line()),
                Op::Unget(byte) => {
                    prop_assert_eq!(mailbox.unget_char(byte), model.mark.is_none());
                    if model.mark.is_none() {
                        match model.held.front_mut() {
                            Some(next) if !next.is_empty() => next.insert(0, byte),
                            _ => model.held.push_front(vec![byte]),
                        }
                    }
                }
                Op::Start => {
                    prop_assert_eq!(mailbox.start_transaction(), model.mark.is_none());
                    model.mark.get_or_insert_with(|| model.held.clone());
                }
                Op::Commit => {
                    prop_assert_eq!(mailbox.commit_transaction(), model.mark.take().is_some());
                }
                Op::RollBack => {
                    prop_assert_eq!(mailbox.rollback_transaction(), model.mark.is_some());
                    if let Some(mark) = model.mark.take() {
                        model.held = mark;
                    }
                }
            }
            let (bytes, line) = model.held_line();
            if !is_text {
                let next = model.below.front().map_or(0, Vec::len);
                prop_assert_eq!(mailbox.bytes_available(), bytes + next);
                let can_read = line.is_some() && !model.is_before_an_empty_one();
                prop_assert_eq!(mailbox.can_read_line(), can_read);
            }
            prop_assert_eq!(mailbox.at_end(), model.held.is_empty() && model.below.is_empty());
        }
    }
}
