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

from end import End
from line import run, say

end = End()
ignores = False


def load(path, make):
    with open(path, "rb") as file:
        return make(file.read())


def kinds(errors):
    return [error.error().name for error in errors]


def watch(socket):
    end.watch(socket)
    socket.encrypted.connect(lambda: say(signal="encrypted"))
    socket.modeChanged.connect(
        lambda mode: say(signal=f"mode_changed {mode.name.removeprefix('Ssl').removesuffix('Mode')}")
    )
    socket.peerVerifyError.connect(
        lambda error: say(signal=f"peer_verify_error {error.error().name}")
    )
    socket.sslErrors.connect(doubt)


def doubt(errors):
    say(signal=f"ssl_errors [{', '.join(kinds(errors))}]")
    if ignores:
        end.socket.ignoreSslErrors()


def ignore(all):
    global ignores
    ignores = all


def pause():
    end.socket.setPauseMode(QAbstractSocket.PauseMode.PauseOnSslErrors)


def resume(ignoring):
    if ignoring:
        end.socket.ignoreSslErrors()
    end.socket.resume()


def configure(version=None, alpn=(), chain=None, key=None, roots=None, demands=False):
    """Changes the configuration, which is used from the next connection on."""
    if version:
        configuration.setProtocol(getattr(QSsl.SslProtocol, version))
    if alpn:
        configuration.setAllowedNextProtocols([name.encode() for name in alpn])
    if chain:
        prove(chain, key)
    if roots:
        configuration.setCaCertificates(load(roots, QSslCertificate.fromData))
    if demands:
        configuration.setPeerVerifyMode(QSslSocket.PeerVerifyMode.VerifyPeer)
    if end.socket:
        end.socket.setSslConfiguration(configuration)
    say(configured=True)


def agreed():
    socket = end.socket
    names = socket.peerCertificate().subjectInfo(QSslCertificate.SubjectInfo.CommonName)
    say(
        agreed=True,
        version=socket.sessionProtocol().name,
        alpn=socket.sslConfiguration().nextNegotiatedProtocol().data().decode(),
        peer=list(names),
    )


def prove(chain, key):
    configuration.setLocalCertificateChain(load(chain, QSslCertificate.fromData))
    algorithm = QSsl.KeyAlgorithm.Ec
    configuration.setPrivateKey(load(key, lambda text: QSslKey(text, algorithm)))


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
    prove(sys.argv[2], sys.argv[3])
    server = Server()
    assert server.listen(QHostAddress.SpecialAddress.LocalHost), server.errorString()
    say(port=server.serverPort())
else:
    configuration.setCaCertificates(load(sys.argv[3], QSslCertificate.fromData))
    watch(QSslSocket())
    end.socket.setSslConfiguration(configuration)
    end.socket.setPeerVerifyName("localhost")

run(
    {
        "connect": lambda: end.socket.connectToHostEncrypted("127.0.0.1", int(sys.argv[2])),
        "write": lambda text, times: end.socket.write(text.encode() * times),
        "expect": lambda text, times: end.expect(text.encode() * times),
        "configure": configure,
        "agreed": agreed,
        "ignore": ignore,
        "pause": pause,
        "resume": resume,
        "disconnect_from_host": lambda: end.socket.disconnectFromHost(),
        "abort": lambda: end.socket.abort(),
    }
)
