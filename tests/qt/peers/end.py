"""One end of a connection: what it says of its socket, and the bytes that it expects."""

from line import say


class End:
    def __init__(self):
        self.socket = None
        self.received = bytearray()
        self.expected = None

    def watch(self, socket):
        """Says each signal that all sockets have, with its argument and with the socket's state."""
        self.socket = socket
        socket.hostFound.connect(lambda: say(signal="host_found"))
        socket.connected.connect(lambda: say(signal="connected"))
        socket.disconnected.connect(lambda: say(signal="disconnected"))
        socket.aboutToClose.connect(lambda: say(signal="about_to_close"))
        socket.readChannelFinished.connect(lambda: say(signal="read_channel_finished"))
        socket.stateChanged.connect(lambda new: say(signal=new.name.removesuffix("State")))
        socket.errorOccurred.connect(
            lambda error: say(signal=f"{error.name.removesuffix('Error')} while {self.state()}")
        )
        socket.readyRead.connect(self.read)

    def state(self):
        return self.socket.state().name.removesuffix("State")

    def read(self):
        self.received.extend(self.socket.readAll().data())
        self.check()

    def check(self):
        if self.expected is not None and len(self.received) >= len(self.expected):
            count = len(self.expected)
            say(equal=self.received[:count] == self.expected)
            del self.received[:count]
            self.expected = None

    def expect(self, data):
        """Says if the next bytes are these, once as many have come."""
        self.expected = data
        self.check()
