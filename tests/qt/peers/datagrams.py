"""A UDP socket.

    datagrams.py [GROUP]    is bound to a port of 127.0.0.1; of every address, if it joins a group

It says its port, the port that it is connected to, and each datagram that comes.
"""

import sys

from PySide6.QtNetwork import QHostAddress, QNetworkDatagram, QNetworkInterface, QUdpSocket

from line import run, say

socket = QUdpSocket()


def receive():
    while socket.hasPendingDatagrams():
        datagram = socket.receiveDatagram()
        say(
            data=datagram.data().data().hex(),
            sender=f"{datagram.senderAddress().toString()}:{datagram.senderPort()}",
            destination=f"{datagram.destinationAddress().toString()}:{datagram.destinationPort()}",
            hop_limit=datagram.hopLimit(),
        )


def send(data, to, port):
    datagram = QNetworkDatagram(bytes.fromhex(data), QHostAddress(to), port)
    assert socket.writeDatagram(datagram) == len(data) // 2, socket.errorString()


def write(data):
    assert socket.write(bytes.fromhex(data)) == len(data) // 2, socket.errorString()


def reply(data):
    """Answers the next datagram by `makeReply`."""
    socket.readyRead.disconnect(receive)

    def answer():
        datagram = socket.receiveDatagram().makeReply(bytes.fromhex(data))
        assert socket.writeDatagram(datagram) == len(data) // 2, socket.errorString()
        socket.readyRead.disconnect(answer)
        socket.readyRead.connect(receive)

    socket.readyRead.connect(answer)
    say(ready=True)


loopback = QNetworkInterface.interfaceFromName("lo")
one, all = QHostAddress.SpecialAddress.LocalHost, QHostAddress.SpecialAddress.AnyIPv4
assert socket.bind(all if sys.argv[1:] else one, 0), socket.errorString()
for group in sys.argv[1:]:
    assert socket.joinMulticastGroup(QHostAddress(group), loopback), socket.errorString()
    socket.setMulticastInterface(loopback)
socket.readyRead.connect(receive)
socket.connected.connect(lambda: say(connected=socket.peerPort()))
say(port=socket.localPort())

run(
    {
        "send": send,
        "write": write,
        "reply": reply,
        "connect": lambda port: socket.connectToHost("127.0.0.1", port),
    }
)
