"""One end of a connection that Python's `ssl` encrypts.

    tls.py listen                says its port, and `accepted` when a connection has come
    tls.py connect PORT          connects

The test writes orders to standard input, a JSON object on a line each, and gets an answer to each:
what `Peer` returns, or `failed` with the name and the text of an error.
"""

import json
import socket
import ssl
import sys

TLS_VERSIONS = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}


class Peer:
    def __init__(self, reach, is_server):
        self.reach = reach
        self.stream = reach()
        self.is_server = is_server
        self.contexts = {}
        self.session = None

    def context(self, **settings):
        """Returns the context with these settings, which is always the same one: it has the sessions."""
        key = json.dumps(settings)
        if key not in self.contexts:
            self.contexts[key] = self.new_context(**settings)
        return self.contexts[key]

    def new_context(self, version, root, chain, key, alpn, demands):
        context = ssl.SSLContext(
            ssl.PROTOCOL_TLS_SERVER if self.is_server else ssl.PROTOCOL_TLS_CLIENT
        )
        context.minimum_version = context.maximum_version = TLS_VERSIONS[version]
        if root:
            context.load_verify_locations(root)
        if chain:
            context.load_cert_chain(chain, key)
        if alpn:
            context.set_alpn_protocols(alpn)
        if demands:
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def encrypt(self, version, root=None, chain=None, key=None, alpn=None, demands=False, name=None):
        """Shakes hands. A client resumes the session of the connection before, if there is one."""
        context = self.context(
            version=version, root=root, chain=chain, key=key, alpn=alpn, demands=demands
        )
        self.stream = context.wrap_socket(
            self.stream,
            server_side=self.is_server,
            server_hostname=name,
            suppress_ragged_eofs=False,
            session=self.session,
        )
        return {
            "resumed": self.stream.session_reused,
            "version": self.stream.version(),
            "alpn": self.stream.selected_alpn_protocol(),
            "peer": self.stream.getpeercert(),
        }

    def take(self):
        """Takes what has come, without decrypting it."""
        return {"taken": len(self.stream.recv(65536))}

    def read(self, count):
        """Reads `count` bytes, or fewer at the end."""
        received = b""
        while len(received) < count:
            piece = self.stream.recv(count - len(received))
            if not piece:
                break
            received += piece
        return {"read": received.decode()}

    def write(self, text):
        self.stream.sendall(text.encode())
        return {"written": len(text)}

    def echo(self, count):
        """Sends back as many bytes, as they come."""
        left = count
        while left:
            piece = self.stream.recv(min(left, 65536))
            self.stream.sendall(piece)
            left -= len(piece)
        return {"echoed": count}

    def end(self):
        """Ends the session, and waits until the other end has done the same. The connection stays."""
        if not self.is_server:
            self.session = self.stream.session
        self.stream = self.stream.unwrap()
        return {"ended": True}

    def again(self):
        """Takes the next connection."""
        self.stream.close()
        self.stream = self.reach()
        return {"again": True}

    def close(self):
        self.stream.close()
        return {"closed": True}


def say(**answer):
    print(json.dumps(answer), flush=True)


if sys.argv[1] == "listen":
    listener = socket.create_server(("127.0.0.1", 0))
    say(port=listener.getsockname()[1])
    peer = Peer(lambda: listener.accept()[0], is_server=True)
    say(accepted=True)
else:
    port = int(sys.argv[2])
    peer = Peer(lambda: socket.create_connection(("127.0.0.1", port)), is_server=False)

for line in sys.stdin:
    order = json.loads(line)
    try:
        say(**getattr(peer, order.pop("do"))(**order))
    except OSError as error:  # such as ssl.SSLError
        say(failed=f"{type(error).__name__}: {error}")
