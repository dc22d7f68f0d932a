"""The channel between a program and its tests: a line of JSON at a time."""

import json
import socket
from typing import Any

CHUNK_BYTES = 1 << 16
MAX_LINE = 1 << 24


class Channel:
    """One end of the channel. Neither end trusts what it reads."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._buffer = b""

    def send(self, message: Any) -> None:
        """Raises OSError, or json's exceptions if the message can't be written as JSON."""
        self._connection.sendall(json.dumps(message).encode() + b"\n")

    def receive(self) -> Any:
        """The next message. Raises EOFError if there is none, ValueError if it is not JSON."""
        chunks = [self._buffer]
        left = MAX_LINE
        while b"\n" not in chunks[-1]:
            chunk = self._connection.recv(CHUNK_BYTES)
            left -= len(chunk)
            if not chunk:
                raise EOFError
            if left < 0:
                raise ValueError("a value too large")
            chunks.append(chunk)
        line, _, self._buffer = b"".join(chunks).partition(b"\n")
        return json.loads(line)
