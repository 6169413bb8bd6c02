"""Listening sockets, and how to stop listening without cutting off who is just connecting."""

import contextlib
import ctypes
import socket
import sys
from collections.abc import Iterator
from ipaddress import ip_address

from tui_registry_server.output import fail

SEND_BUFFER_BYTES = 256 * 1024  # with a larger one, the system would report late that a client does not read

# Linux's classic BPF for TCP: drop what has the flag SYN, at offset 13 of the header, and let the rest through.
_SO_ATTACH_FILTER = 26  # in the socket module from Python 3.14 on
_LOAD_BYTE, _JUMP_IF_SET, _RETURN = 0x30, 0x45, 0x06
_DROP_NEW = ((_LOAD_BYTE, 0, 0, 13), (_JUMP_IF_SET, 0, 1, 0x02), (_RETURN, 0, 0, 0), (_RETURN, 0, 0, 0xFFFF))


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("jump_true", ctypes.c_uint8),
        ("jump_false", ctypes.c_uint8),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def listen(host: str, port: int, option: str = "--") -> socket.socket:
    """A listening socket. ``option`` is how the options begin that host and port come from, for messages. Exits with a
    message if that is not possible."""
    with reporting(host, port, option):
        family, address = _resolved(host, port)
        listener = socket.create_server(address, family=family, backlog=2048)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)  # its connections inherit it
    return listener


@contextlib.contextmanager
def reporting(host: str, port: int, option: str = "--") -> Iterator[None]:
    """Exit with a message if the block cannot listen there."""
    try:
        yield
    except OSError as error:
        fail(f"Cannot listen on {host} port {port}: {error.strerror}. Choose another with {option}port.")
    except UnicodeError:  # it cannot be encoded for the resolver
        fail(f"'{host}' is not the name of a host, nor an address: {option}host takes one, such as 127.0.0.1.")


def refuse_new_connections(listener: socket.socket) -> None:
    """Let nobody begin to connect. Those who have begun are connected, and wait to be accepted: were the socket simply
    closed, they would be reset, although their request may be on its way. Who is dropped here tries again after a
    second, and is refused as nobody listens: proxies then use another server, and repeat nothing. Elsewhere than on
    Linux nothing is done."""
    if sys.platform != "linux" or listener.family not in (socket.AF_INET, socket.AF_INET6):
        return
    instructions = (_Instruction * len(_DROP_NEW))(*(_Instruction(*each) for each in _DROP_NEW))
    program = _Program(len(instructions), instructions)
    with contextlib.suppress(OSError):  # a sandbox may not have it
        listener.setsockopt(socket.SOL_SOCKET, _SO_ATTACH_FILTER, bytes(program))


def is_loopback(host: str) -> bool:
    return ip_address(_resolved(host, 0)[1][0].partition("%")[0]).is_loopback


def url_of(listener: socket.socket, scheme: str) -> str:
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if listener.family == socket.AF_INET6 else f"{scheme}://{host}:{port}"


def _resolved(host: str, port: int) -> tuple[socket.AddressFamily, tuple[str, int]]:
    family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
    return family, (str(address[0]), int(address[1]))
