"""A client that exchanges values by data streams on its socket.

    streams.py PORT

Told a format, it expects the record below, and answers with its own. Told to read variants, it
reads as many, and says what they are.
"""

import struct
import sys

from PySide6.QtCore import QByteArray, QDataStream, QIODevice
from PySide6.QtNetwork import QTcpSocket

from line import run, say

# What is written, and by which pair of functions.
RECORD = [
    ("Int8", -5),
    ("UInt8", 200),
    ("Int16", -30_000),
    ("UInt16", 60_000),
    ("Int32", -2_000_000_000),
    ("UInt32", 4_000_000_000),
    ("Int64", -(2**62) - 1),
    ("UInt64", 2**64 - 2),
    ("Bool", True),
    ("Bool", False),
    ("QChar", "x"),
    ("Float", 0.5),
    ("Double", -0.1),
    ("Double", float("inf")),
    ("QString", None),
    ("QString", ""),
    ("QString", "Zürich, τρία, 😀"),
    ("QByteArray", QByteArray()),
    ("QByteArray", QByteArray(b"")),
    ("QByteArray", QByteArray(b"\0\xff bytes")),
    ("QStringList", []),
    ("QStringList", ["one", "", "😀"]),
    ("Numbers", [1, -2, 2**31 - 1]),
    ("Map", {"a": 1, "b": 60_000}),
    ("QVariant", None),
    ("QVariant", True),
    ("QVariant", -7),
    ("QVariant", 2**40),
    ("QVariant", -0.1),
    ("QVariant", "text 😀"),
    ("QVariant", QByteArray(b"ab")),
    ("QVariant", ["a", "b"]),
    ("QVariant", {"list": [1, "x", [], True], "map": {"none": None}}),
]

# PySide6 drops a reference to None with each call of a function that writes. Before Python 3.12 the
# interpreter ends when the last one is dropped.
references = [None] * 1_000_000

socket = QTcpSocket()
stream = QDataStream(socket)
reading = None
# The record in the format of the stream.
record = QByteArray()


def write(stream, kind, value):
    if kind == "QByteArray":
        stream << value
    elif kind == "Numbers":
        stream.writeUInt32(len(value))
        for number in value:
            stream.writeInt32(number)
    elif kind == "Map":
        stream.writeUInt32(len(value))
        for key, number in value.items():
            stream.writeQString(key)
            stream.writeUInt16(number)
    else:
        getattr(stream, "write" + kind)(value)


def read(kind):
    if kind == "QByteArray":
        value = QByteArray()
        stream >> value
        return value
    if kind == "Numbers":
        return [stream.readInt32() for _ in range(stream.readUInt32())]
    if kind == "Map":
        return {stream.readQString(): stream.readUInt16() for _ in range(stream.readUInt32())}
    return getattr(stream, "read" + kind)()


def expected(kind, value):
    """What is read: PySide6 has no null string, and a stream may have numbers of four bytes."""
    if kind == "QString":
        return value or ""
    if isinstance(value, float) and has_single_floats():
        return struct.unpack("f", struct.pack("f", value))[0]
    return value


def has_single_floats():
    single = QDataStream.FloatingPointPrecision.SinglePrecision
    since = QDataStream.Version.Qt_4_6.value
    return stream.floatingPointPrecision() == single and stream.version() >= since


def set_format(stream, version, order, precision):
    stream.setVersion(QDataStream.Version[version])
    stream.setByteOrder(QDataStream.ByteOrder[order])
    stream.setFloatingPointPrecision(QDataStream.FloatingPointPrecision[precision])


def format(version, order, precision, in_pieces=False):
    global reading
    set_format(stream, version, order, precision)
    record.clear()
    in_memory = QDataStream(record, QIODevice.OpenModeFlag.WriteOnly)
    set_format(in_memory, version, order, precision)
    for kind, value in RECORD:
        write(in_memory, kind, value)

    def read_record():
        stream.startTransaction()
        values = [read(kind) for kind, _ in RECORD]
        if not stream.commitTransaction():
            assert stream.status() == QDataStream.Status.ReadPastEnd, stream.status()
            return say(has_come=False)
        for (kind, value), came in zip(RECORD, values, strict=True):
            assert came == expected(kind, value), f"{kind}: {came!r} instead of {value!r}"
            if kind == "QByteArray":
                assert came.isNull() == value.isNull(), f"{came!r} instead of {value!r}"
        say(has_come=True, bytes=record.data().hex())
        if in_pieces:
            socket.write(record.first(record.size() // 2))
        else:
            for kind, value in RECORD:
                write(stream, kind, value)

    reading = read_record
    say(ready=True)


def write_rest():
    socket.write(record.sliced(record.size() // 2))


def read_variants(version, order, precision, count):
    global reading
    set_format(stream, version, order, precision)

    def read_them():
        stream.startTransaction()
        values = [stream.readQVariant() for _ in range(count)]
        if stream.commitTransaction():
            say(values=values)

    reading = read_them
    say(ready=True)


socket.readyRead.connect(lambda: reading())
socket.connectToHost("127.0.0.1", int(sys.argv[1]))
run(
    {
        "newest_version": lambda: say(newest=QDataStream().version()),
        "format": format,
        "write_rest": write_rest,
        "read_variants": read_variants,
    }
)
