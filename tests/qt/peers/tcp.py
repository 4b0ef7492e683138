"""One end of a TCP connection.

    tcp.py listen           says its port, and `accepted` when a connection has come
    tcp.py connect PORT     connects

It says each signal of the socket, with its argument and with the socket's state.
"""

import struct
import sys

from PySide6.QtNetwork import QHostAddress, QTcpServer, QTcpSocket

from end import End
from line import run, say

server = QTcpServer()
end = End()


def words(first, count):
    """Numbers of four bytes, so that lost, doubled and swapped bytes are noticed."""
    return struct.pack(f">{count}I", *range(first, first + count))


def watch(socket):
    end.watch(socket)
    socket.bytesWritten.connect(lambda count: say(written=count))


def accept():
    watch(server.nextPendingConnection())
    say(accepted=True)
    end.read()


if sys.argv[1] == "listen":
    server.newConnection.connect(accept)
    assert server.listen(QHostAddress.SpecialAddress.LocalHost), server.errorString()
    say(port=server.serverPort())
else:
    watch(QTcpSocket())
    end.socket.connectToHost("127.0.0.1", int(sys.argv[2]))

run(
    {
        "write": lambda first, count: end.socket.write(words(first, count)),
        "expect": lambda first, count: end.expect(words(first, count)),
        "disconnect_from_host": lambda: end.socket.disconnectFromHost(),
        "close": lambda: end.socket.close(),
        "abort": lambda: end.socket.abort(),
    }
)
