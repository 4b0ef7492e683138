//! Data streams: in every version, byte order and precision, Qt and we write the same bytes, and
//! each reads what the other has written.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};
use slotwire::stream::{
    ByteOrder, DataStreamVersion, FloatingPointPrecision, FromDataStream, QChar, QDataStream,
    QVariant, StreamDevice, ToDataStream,
};

use super::*;

const VERSIONS: [(&str, DataStreamVersion); 18] = [
    ("Qt_4_0", DataStreamVersion::Qt4_0),
    ("Qt_4_2", DataStreamVersion::Qt4_2),
    ("Qt_4_3", DataStreamVersion::Qt4_3),
    ("Qt_4_4", DataStreamVersion::Qt4_4),
    ("Qt_4_5", DataStreamVersion::Qt4_5),
    ("Qt_4_6", DataStreamVersion::Qt4_6),
    ("Qt_5_0", DataStreamVersion::Qt5_0),
    ("Qt_5_1", DataStreamVersion::Qt5_1),
    ("Qt_5_2", DataStreamVersion::Qt5_2),
    ("Qt_5_4", DataStreamVersion::Qt5_4),
    ("Qt_5_6", DataStreamVersion::Qt5_6),
    ("Qt_5_12", DataStreamVersion::Qt5_12),
    ("Qt_5_13", DataStreamVersion::Qt5_13),
    ("Qt_6_0", DataStreamVersion::Qt6_0),
    ("Qt_6_6", DataStreamVersion::Qt6_6),
    ("Qt_6_7", DataStreamVersion::Qt6_7),
    ("Qt_6_10", DataStreamVersion::Qt6_10),
    ("Qt_6_11", DataStreamVersion::Qt6_11),
];

const ORDERS: [(&str, ByteOrder); 2] =
    [("BigEndian", ByteOrder::BigEndian), ("LittleEndian", ByteOrder::LittleEndian)];

const PRECISIONS: [(&str, FloatingPointPrecision); 2] = [
    ("SinglePrecision", FloatingPointPrecision::Single),
    ("DoublePrecision", FloatingPointPrecision::Double),
];

/// The format of a stream, with Qt's names.
#[derive(Clone, Copy, Debug)]
struct Format {
    version: (&'static str, DataStreamVersion),
    order: (&'static str, ByteOrder),
    precision: (&'static str, FloatingPointPrecision),
}

impl Format {
    /// Qt's default in the newest version.
    const DEFAULT: Self =
        Self { version: VERSIONS[17], order: ORDERS[0], precision: PRECISIONS[1] };

    fn all() -> impl Iterator<Item = Self> {
        VERSIONS.into_iter().flat_map(|version| {
            ORDERS.into_iter().flat_map(move |order| {
                PRECISIONS.into_iter().map(move |precision| Self { version, order, precision })
            })
        })
    }

    fn stream<D: StreamDevice>(self, device: D) -> QDataStream<D> {
        let mut stream =
            QDataStream::new(device).with_version(self.version.1).with_byte_order(self.order.1);
        stream.set_floating_point_precision(self.precision.1);
        stream
    }

    /// An order to the peer, in this format.
    fn order(self, order: &str) -> Value {
        json!({
            "do": order,
            "version": self.version.0,
            "order": self.order.0,
            "precision": self.precision.0,
        })
    }
}

/// The values of `streams.py`.
#[derive(Debug, PartialEq, ToDataStream, FromDataStream)]
struct Record {
    numbers: (i8, u8, i16, u16, i32, u32, i64, u64),
    truths: [bool; 2],
    character: QChar,
    floats: (f32, f64, f64),
    strings: [Option<String>; 3],
    byte_arrays: [Option<Vec<u8>>; 3],
    string_lists: [Vec<String>; 2],
    list: Vec<i32>,
    map: BTreeMap<String, u16>,
    variants: [QVariant; 9],
}

/// Returns the record as it is read in this format: -0.1 is another number with four bytes.
fn record(format: Format) -> Record {
    let is_single = format.precision.1 == FloatingPointPrecision::Single
        && format.version.1 >= DataStreamVersion::Qt4_6;
    let tenth = if is_single { f64::from(-0.1_f32) } else { -0.1 };
    let texts = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
    let no_list = QVariant::QVariantList(Vec::new());
    let list = QVariant::QVariantList(vec![1.into(), "x".into(), no_list, true.into()]);
    let none = BTreeMap::from([("none".to_owned(), QVariant::Invalid)]);
    let map = BTreeMap::from([("list".to_owned(), list), ("map".to_owned(), none.into())]);
    Record {
        numbers: (
            -5,
            200,
            -30_000,
            60_000,
            -2_000_000_000,
            4_000_000_000,
            -(1 << 62) - 1,
            u64::MAX - 1,
        ),
        truths: [true, false],
        character: QChar(u16::from(b'x')),
        floats: (0.5, tenth, f64::INFINITY),
        strings: [None, Some(String::new()), Some("Zürich, τρία, 😀".to_owned())],
        byte_arrays: [None, Some(Vec::new()), Some(b"\0\xff bytes".to_vec())],
        string_lists: [Vec::new(), texts(&["one", "", "😀"])],
        list: vec![1, -2, i32::MAX],
        map: BTreeMap::from([("a".to_owned(), 1), ("b".to_owned(), 60_000)]),
        variants: [
            QVariant::Invalid,
            true.into(),
            (-7).into(),
            (1_i64 << 40).into(),
            tenth.into(),
            "text 😀".into(),
            b"ab".to_vec().into(),
            texts(&["a", "b"]).into(),
            map.into(),
        ],
    }
}

fn bytes_of(format: Format, record: &Record) -> Vec<u8> {
    let mut stream = format.stream(Vec::new());
    stream.write(record).unwrap();
    stream.into_device()
}

/// A socket whose peer is the program of Qt, and the records that it reads as they come.
struct Exchange {
    peer: QtPeer,
    socket: Obj<QTcpSocket>,
    format: Rc<Cell<Format>>,
    records: Rc<RefCell<Vec<Record>>>,
}

impl Exchange {
    #[track_caller]
    fn begin(rt: &mut Runtime, qt: Qt) -> Self {
        let listener = rt.add(QTcpServer::new());
        rt[listener].listen(any_port()).unwrap();
        let port = rt[listener].server_port().unwrap().to_string();
        let peer = qt.start(rt, "streams.py", &[&port]);
        wait_until(rt, |world| world[listener].has_pending_connections());
        let socket = rt[listener].next_pending_connection().unwrap();
        let (format, records) = (Rc::new(Cell::new(Format::DEFAULT)), Rc::default());
        let exchange =
            Self { peer, socket, format: Rc::clone(&format), records: Rc::clone(&records) };
        rt.connect_fn(socket, QTcpSocket::ready_read, move |world, _| {
            let mut stream = format.get().stream(&mut world[socket]);
            while let Some(record) = stream.read_whole().unwrap() {
                records.borrow_mut().push(record);
            }
        });
        exchange
    }

    /// Gives an order, and waits until the peer can read in this format.
    #[track_caller]
    fn order(&mut self, rt: &mut Runtime, format: Format, order: &Value) {
        self.format.set(format);
        self.peer.order(order);
        assert_eq!(self.peer.answer(rt), json!({"ready": true}));
    }

    /// Runs the loop until a record has come, and returns it.
    #[track_caller]
    fn record(&mut self, rt: &mut Runtime) -> Record {
        wait_until(rt, |_| !self.records.borrow().is_empty());
        self.records.borrow_mut().remove(0)
    }
}

#[test]
fn the_newest_version_is_that_of_qt() {
    let Some(qt) = Qt::find() else { return };
    let mut rt = Runtime::new().unwrap();
    let mut exchange = Exchange::begin(&mut rt, qt);
    exchange.peer.order(&json!({"do": "newest_version"}));
    let newest: i32 = exchange.peer.told(&mut rt, "newest");
    assert_eq!(DataStreamVersion::from_number(newest), Some(DataStreamVersion::default()));
}

#[test]
fn qt_writes_our_bytes_and_reads_them_in_every_format() {
    let Some(qt) = Qt::find() else { return };
    let mut rt = Runtime::new().unwrap();
    let mut exchange = Exchange::begin(&mut rt, qt);
    for format in Format::all() {
        exchange.order(&mut rt, format, &format.order("format"));
        let record = record(format);
        format.stream(&mut rt[exchange.socket]).write(&record).unwrap();
        let answer = exchange.peer.answer(&mut rt);
        assert_eq!(answer["has_come"], true, "{format:?}");
        assert_eq!(answer["bytes"], hex(&bytes_of(format, &record)), "{format:?}");
        assert_eq!(exchange.record(&mut rt), record, "{format:?}");
    }
}

#[test]
fn a_value_that_comes_in_pieces_is_read_when_all_of_it_has_come() {
    let Some(qt) = Qt::find() else { return };
    let mut rt = Runtime::new().unwrap();
    let mut exchange = Exchange::begin(&mut rt, qt);
    let (format, socket) = (Format::DEFAULT, exchange.socket);
    let mut order = format.order("format");
    order["in_pieces"] = true.into();
    exchange.order(&mut rt, format, &order);

    let record = record(format);
    let bytes = bytes_of(format, &record);
    let half = bytes.len() / 2;
    rt[socket].write_all(&bytes[..half]).unwrap();
    assert_eq!(exchange.peer.answer(&mut rt), json!({"has_come": false}));
    rt[socket].write_all(&bytes[half..]).unwrap();
    assert_eq!(exchange.peer.answer(&mut rt)["has_come"], true);

    wait_until(&mut rt, |world| world[socket].bytes_available() == half);
    settle(&mut rt);
    assert!(exchange.records.borrow().is_empty());
    exchange.peer.order(&json!({"do": "write_rest"}));
    assert_eq!(exchange.record(&mut rt), record);
    assert_eq!(rt[socket].bytes_available(), 0);
}

#[test]
fn qt_reads_variants_of_every_type() {
    let Some(qt) = Qt::find() else { return };
    let mut rt = Runtime::new().unwrap();
    let mut exchange = Exchange::begin(&mut rt, qt);
    let map = BTreeMap::from([("key".to_owned(), 7.into())]);
    // Not those of the record, and in Python's words.
    let variants = [
        (QVariant::UInt(u32::MAX), json!(u32::MAX)),
        (QVariant::LongLong(i64::MIN), json!(i64::MIN)),
        (QVariant::ULongLong(u64::MAX), json!(u64::MAX)),
        (QVariant::QChar(QChar(0x20ac)), json!("€")),
        (QVariant::QString(None), json!("")),
        (QVariant::QVariantHash(map), json!({"key": 7})),
        (QVariant::Long(-8), json!(-8)),
        (QVariant::Short(-9), json!(-9)),
        (QVariant::Char(97), json!("a")),
        (QVariant::ULong(10), json!(10)),
        (QVariant::UShort(u16::MAX), json!(u16::MAX)),
        (QVariant::UChar(u8::MAX), json!(u8::MAX)),
        (QVariant::Float(0.5), json!(0.5)),
        (QVariant::SChar(-1), json!(-1)),
    ];
    for format in Format::all() {
        let mut order = format.order("read_variants");
        order["count"] = variants.len().into();
        exchange.order(&mut rt, format, &order);
        let (ours, theirs): (Vec<_>, Vec<_>) = variants.iter().cloned().unzip();
        let mut stream = format.stream(&mut rt[exchange.socket]);
        ours.iter().for_each(|variant| stream.write(variant).unwrap());
        assert_eq!(exchange.peer.answer(&mut rt)["values"], Value::Array(theirs), "{format:?}");
    }
}
