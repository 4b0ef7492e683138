"""A fortune server: it writes the string of a data stream on each connection, and closes it.

It says its port.
"""

from PySide6.QtCore import QDataStream
from PySide6.QtNetwork import QHostAddress, QTcpServer

from line import run, say

FORTUNES = ["You will meet a stranger from C++.", "Zwei Zeilen,\nτρεις λέξεις 😀", ""]

server = QTcpServer()
told = 0


def tell():
    global told
    guest = server.nextPendingConnection()
    guest.disconnected.connect(guest.deleteLater)
    stream = QDataStream(guest)
    stream.setVersion(QDataStream.Version.Qt_6_5)
    stream.writeQString(FORTUNES[told % len(FORTUNES)])
    told += 1
    guest.disconnectFromHost()


server.newConnection.connect(tell)
assert server.listen(QHostAddress.SpecialAddress.LocalHost), server.errorString()
say(port=server.serverPort())
run({})
