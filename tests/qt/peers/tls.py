"""One end of a connection that Qt's QSslSocket encrypts.

    tls.py listen CHAIN KEY       says its port, and `accepted` when a connection has come
    tls.py connect PORT ROOT      connects, and demands that the server is `localhost`

It says each signal of the socket, with its argument and with the socket's state.
"""

import sys

from PySide6.QtNetwork import (
    QAbstractSocket,
    QHostAddress,
    QSsl,
    QSslCertificate,
    QSslConfiguration,
    QSslKey,
    QSslSocket,
    QTcpServer,
)

from line import run, say

socket = None
received = bytearray()
expected = None
ignores = False


def load(path, make):
    with open(path, "rb") as file:
        return make(file.read())


def state():
    return socket.state().name.removesuffix("State")


def kinds(errors):
    return [error.error().name for error in errors]


def watch(watched):
    global socket
    socket = watched
    socket.hostFound.connect(lambda: say(signal="host_found"))
    socket.connected.connect(lambda: say(signal="connected"))
    socket.encrypted.connect(lambda: say(signal="encrypted"))
    socket.disconnected.connect(lambda: say(signal="disconnected"))
    socket.aboutToClose.connect(lambda: say(signal="about_to_close"))
    socket.readChannelFinished.connect(lambda: say(signal="read_channel_finished"))
    socket.stateChanged.connect(lambda new: say(signal=new.name.removesuffix("State")))
    socket.modeChanged.connect(
        lambda mode: say(signal=f"mode_changed {mode.name.removeprefix('Ssl').removesuffix('Mode')}")
    )
    socket.peerVerifyError.connect(
        lambda error: say(signal=f"peer_verify_error {error.error().name}")
    )
    socket.sslErrors.connect(doubt)
    socket.errorOccurred.connect(
        lambda error: say(signal=f"{error.name.removesuffix('Error')} while {state()}")
    )
    socket.readyRead.connect(read)


def doubt(errors):
    say(signal=f"ssl_errors [{', '.join(kinds(errors))}]")
    if ignores:
        socket.ignoreSslErrors()


def read():
    received.extend(socket.readAll().data())
    check()


def check():
    global expected
    if expected is not None and len(received) >= len(expected):
        say(equal=received[: len(expected)] == expected)
        del received[: len(expected)]
        expected = None


def expect(text, times):
    global expected
    expected = text.encode() * times
    check()


def ignore(all):
    global ignores
    ignores = all


def pause():
    socket.setPauseMode(QAbstractSocket.PauseMode.PauseOnSslErrors)


def resume(ignoring):
    if ignoring:
        socket.ignoreSslErrors()
    socket.resume()


class Server(QTcpServer):
    def incomingConnection(self, descriptor):
        accepted = QSslSocket()
        accepted.setSocketDescriptor(descriptor)
        accepted.setSslConfiguration(configuration)
        watch(accepted)
        say(accepted=True)
        accepted.startServerEncryption()


configuration = QSslConfiguration.defaultConfiguration()
if sys.argv[1] == "listen":
    certificates = load(sys.argv[2], QSslCertificate.fromData)
    configuration.setLocalCertificateChain(certificates)
    algorithm = QSsl.KeyAlgorithm.Ec
    configuration.setPrivateKey(load(sys.argv[3], lambda text: QSslKey(text, algorithm)))
    server = Server()
    assert server.listen(QHostAddress.SpecialAddress.LocalHost), server.errorString()
    say(port=server.serverPort())
else:
    configuration.setCaCertificates(load(sys.argv[3], QSslCertificate.fromData))
    watch(QSslSocket())
    socket.setSslConfiguration(configuration)
    socket.setPeerVerifyName("localhost")

run(
    {
        "connect": lambda: socket.connectToHostEncrypted("127.0.0.1", int(sys.argv[2])),
        "write": lambda text, times: socket.write(text.encode() * times),
        "expect": expect,
        "ignore": ignore,
        "pause": pause,
        "resume": resume,
        "disconnect_from_host": lambda: socket.disconnectFromHost(),
        "abort": lambda: socket.abort(),
    }
)
