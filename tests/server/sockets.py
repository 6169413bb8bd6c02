"""Raw connections, for requests that HTTP clients would not send."""

import contextlib
import json
import re
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from tests.server.api import TIMEOUT


@dataclass(frozen=True)
class Received:
    """What a server sent on a connection, and whether it closed the connection; ``reset``: by a TCP reset."""

    content: bytes
    ended: bool
    reset: bool = False

    @property
    def statuses(self) -> list[int]:
        """The statuses of its answers, in their order."""
        return [int(each) for each in re.findall(rb"HTTP/1\.1 (\d{3}) ", self.content)]

    @property
    def error(self) -> Any:
        """The JSON of the last answer."""
        return json.loads(self.content.rpartition(b"\r\n\r\n")[2])


def connect(url: str, *, source: str = "127.0.0.1", receive: int | None = None) -> socket.socket:
    """A connection from a loopback address; ``receive``: the size of its receive buffer in bytes."""
    where = urlsplit(url)
    connection = socket.socket()
    connection.settimeout(TIMEOUT)
    if receive is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    connection.bind((source, 0))
    connection.connect((where.hostname or "", where.port or 80))
    return connection


def exchange(url: str, content: bytes, *, source: str = "127.0.0.1", timeout: float = TIMEOUT) -> Received:
    """What the server sends until it closes the connection, or is silent for ``timeout`` seconds."""
    with connect(url, source=source) as connection:
        connection.settimeout(timeout)
        with contextlib.suppress(ConnectionError):  # the server may close the connection while this is sent
            connection.sendall(content)
        return rest(connection)


def rest(connection: socket.socket) -> Received:
    received = b""
    while True:
        try:
            chunk = connection.recv(65536)
        except TimeoutError:
            return Received(received, ended=False)
        except ConnectionError:
            return Received(received, ended=True, reset=True)
        if not chunk:
            return Received(received, ended=True)
        received += chunk
