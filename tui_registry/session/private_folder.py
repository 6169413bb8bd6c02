"""A folder that nobody else may use, and Unix sockets in it: who connects to one talks to a process of their own.

The folder is held open, and its sockets are reached through that: a name above it that another user changes leads
nowhere else.
"""

import os
import pwd
import shlex
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

BACKLOG = 128  # connections that wait for a server that starts
MAX_SOCKET_PATH = 103  # bytes that a socket's may have, on the systems that allow the least


class FolderError(Exception):
    """The folder cannot be used. Its text says why and what to do."""


class PrivateFolder:
    """Made if it is not there. To be closed, if nothing in it is needed any more. Raises FolderError, OSError."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.path = path
        self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._check()
        except FolderError:
            self.close()
            raise

    def _check(self) -> None:
        about = os.fstat(self._descriptor)
        if about.st_uid != os.geteuid():
            raise FolderError(
                f"{self.path} belongs to {_name(about.st_uid)}: set XDG_DATA_HOME to a folder of your own."
            )
        if about.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise FolderError(
                f"Others may write in {self.path}, and could have put a registry of their own there: look what is in "
                f"it, and then run: chmod go-w {shlex.quote(str(self.path))}"
            )
        if about.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            try:
                os.fchmod(self._descriptor, stat.S_IRWXU)  # what can be read can be locked, too
            except OSError as error:
                raise FolderError(
                    f"{self.path} cannot be closed to others: {error.strerror}. Set XDG_DATA_HOME to a folder on "
                    "another disk."
                ) from None

    def check_owner(self, name: str) -> None:
        """That a file in it, if there is one, is one's own. Raises FolderError."""
        with suppress(FileNotFoundError):
            about = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
            if about.st_uid != os.geteuid():
                raise FolderError(
                    f"{self.path / name} belongs to {_name(about.st_uid)}: move it away, if it does not belong there."
                )

    def open_file(self, name: str) -> IO[bytes]:
        """A file in it, made if it is not there. No link is followed, and no pipe waited for. Raises FolderError."""
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK
        try:
            stream = os.fdopen(os.open(name, flags, 0o600, dir_fd=self._descriptor), "rb")
        except OSError as error:
            raise FolderError(f"{self.path / name} cannot be used: {error.strerror}.") from None
        if not stat.S_ISREG(os.fstat(stream.fileno()).st_mode):
            stream.close()
            raise FolderError(f"{self.path / name} is not a file: move it away.")
        return stream

    def close(self) -> None:
        os.close(self._descriptor)

    def address(self, name: str) -> str:
        """The path to connect to a socket in it, which may be no longer than MAX_SOCKET_PATH. Raises FolderError."""
        held = f"/proc/self/fd/{self._descriptor}"
        if Path(held).is_dir():
            return f"{held}/{name}"
        path = str(self.path / name)
        if len(os.fsencode(path)) > MAX_SOCKET_PATH:
            raise FolderError(f"{path} is too long for a socket: set XDG_DATA_HOME to a folder with a shorter path.")
        return path

    def is_listening(self, name: str) -> bool:
        """Whether a process listens on a socket in it."""
        with socket.socket(socket.AF_UNIX) as asking:
            try:
                asking.connect(self.address(name))
            except OSError:
                return False
            return True

    def listen(self, name: str) -> socket.socket:
        """A socket in it, in the place of one that nobody listens on. Raises FolderError."""
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._descriptor)
        listener = socket.socket(socket.AF_UNIX)
        try:
            listener.bind(self.address(name))
            os.chmod(name, 0o600, dir_fd=self._descriptor)
            listener.listen(BACKLOG)
        except OSError as error:
            listener.close()
            raise FolderError(
                f"A socket cannot be made in {self.path}: {error.strerror}. Set XDG_DATA_HOME to a folder on a disk of "
                "this machine."
            ) from None
        return listener


def _name(user_id: int) -> str:
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"the user {user_id}"
