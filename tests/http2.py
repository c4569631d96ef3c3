"""A client of HTTP/2 in clear text, frame by frame."""

import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress

import h2.config
import h2.connection
import h2.events

WAIT_S = 20.0


class Http2Client:
    """One connection; its window is HTTP/2's usual 65,535 bytes, so that longer answers take several turns."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self._connection = h2.connection.H2Connection(h2.config.H2Configuration(header_encoding=None))
        self._connection.initiate_connection()
        self.status: dict[int, int] = {}
        self.bodies: dict[int, bytes] = {}
        self.ended: set[int] = set()
        self._send()

    def ask(self, path: str, headers: Mapping[str, str], body: bytes = b"", method: str = "POST") -> int:
        """Send a request: the number of its stream."""
        stream = self._connection.get_next_available_stream_id()
        pseudo = [(":method", method), (":path", path), (":scheme", "http"), (":authority", "localhost")]
        self._connection.send_headers(stream, [*pseudo, *headers.items()], end_stream=not body)
        if body:
            self._connection.send_data(stream, body, end_stream=True)
        self.bodies[stream] = b""
        self._send()
        return stream

    def leave(self) -> None:
        """Say that no more streams will be begun: a GOAWAY with NO_ERROR, as Node sends it (RFC 9113, 6.8)."""
        goaway = b"\x00\x00\x08" + b"\x07" + b"\x00" + bytes(4) + bytes(4) + bytes(4)
        self._socket.sendall(goaway)

    def listen(self, until: Callable[[], bool]) -> bool:
        """Take what comes until that holds; False where the server closes before."""
        while not until():
            data = self._socket.recv(65536)
            if not data:
                return until()
            for event in self._connection.receive_data(data):
                self._take(event)
            self._send()
        return True

    def closed(self) -> bool:
        """Take all that comes, until the server has closed."""
        self.listen(lambda: False)
        return True

    def _take(self, event: h2.events.Event) -> None:
        if isinstance(event, h2.events.ResponseReceived):
            self.status[event.stream_id] = int(dict(event.headers)[b":status"])
        elif isinstance(event, h2.events.DataReceived):
            self.bodies[event.stream_id] += event.data
            self._connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
        elif isinstance(event, h2.events.StreamEnded):
            self.ended.add(event.stream_id)

    def _send(self) -> None:
        # A server that has answered all may have closed by now; what it has sent is still to be read.
        with suppress(BrokenPipeError):
            self._socket.sendall(self._connection.data_to_send())


@contextmanager
def http2(port: int) -> Iterator[Http2Client]:
    """A connection to a port of this machine."""
    with socket.create_connection(("127.0.0.1", port), timeout=WAIT_S) as connected:
        yield Http2Client(connected)
