"""A fortune client.

    fortune_client.py PORT

It reads the string of a data stream in a transaction, and says it when all of it has come.
"""

import sys

from PySide6.QtCore import QDataStream
from PySide6.QtNetwork import QTcpSocket

from line import run, say

socket = QTcpSocket()
stream = QDataStream(socket)
stream.setVersion(QDataStream.Version.Qt_6_5)


def read():
    stream.startTransaction()
    fortune = stream.readQString()
    if stream.commitTransaction():
        say(fortune=fortune)


socket.readyRead.connect(read)
socket.disconnected.connect(lambda: say(left=socket.bytesAvailable()))
socket.connectToHost("127.0.0.1", int(sys.argv[1]))
run({})
