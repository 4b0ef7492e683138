"""One end of a TCP connection.

    tcp.py listen           says its port, and `accepted` when a connection has come
    tcp.py connect PORT     connects

It says each signal of the socket, with its argument and with the socket's state.
"""

import struct
import sys

from PySide6.QtNetwork import QHostAddress, QTcpServer, QTcpSocket

from line import run, say

server = QTcpServer()
socket = None
received = bytearray()
expected = None


def words(first, count):
    """Numbers of four bytes, so that lost, doubled and swapped bytes are noticed."""
    return struct.pack(f">{count}I", *range(first, first + count))


def state():
    return socket.state().name.removesuffix("State")


def watch(watched):
    global socket
    socket = watched
    socket.hostFound.connect(lambda: say(signal="host_found"))
    socket.connected.connect(lambda: say(signal="connected"))
    socket.disconnected.connect(lambda: say(signal="disconnected"))
    socket.aboutToClose.connect(lambda: say(signal="about_to_close"))
    socket.readChannelFinished.connect(lambda: say(signal="read_channel_finished"))
    socket.bytesWritten.connect(lambda count: say(written=count))
    socket.stateChanged.connect(lambda new: say(signal=new.name.removesuffix("State")))
    socket.errorOccurred.connect(
        lambda error: say(signal=f"{error.name.removesuffix('Error')} while {state()}")
    )
    socket.readyRead.connect(read)


def accept():
    watch(server.nextPendingConnection())
    say(accepted=True)
    read()


def read():
    received.extend(socket.readAll().data())
    check()


def check():
    global expected
    if expected is not None and len(received) >= len(expected):
        say(equal=received[: len(expected)] == expected)
        del received[: len(expected)]
        expected = None


def expect(first, count):
    global expected
    expected = words(first, count)
    check()


if sys.argv[1] == "listen":
    server.newConnection.connect(accept)
    assert server.listen(QHostAddress.SpecialAddress.LocalHost), server.errorString()
    say(port=server.serverPort())
else:
    watch(QTcpSocket())
    socket.connectToHost("127.0.0.1", int(sys.argv[2]))

run(
    {
        "write": lambda first, count: socket.write(words(first, count)),
        "expect": expect,
        "disconnect_from_host": lambda: socket.disconnectFromHost(),
        "close": lambda: socket.close(),
        "abort": lambda: socket.abort(),
    }
)
