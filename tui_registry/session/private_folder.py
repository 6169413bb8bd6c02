"""A folder that no other user may use, and Unix sockets in it: whoever listens on one is a process of the same user.

The folder is held open, and its sockets are reached through its descriptor: if another user changes a parent folder,
the sockets are still the same.
"""

import os
import pwd
import shlex
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

BACKLOG = 128  # connections that wait while a server starts
MAX_SOCKET_PATH = 103  # bytes, on the systems with the lowest limit


class FolderError(Exception):
    """The folder cannot be used. Its text says why and what to do."""


class PrivateFolder:
    """Created if it does not exist. To be closed after use. Raises FolderError, OSError."""

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
                f"Other users can write to {self.path}, and could have put a registry of their own there: check what "
                f"is in it, and then run: chmod go-w {shlex.quote(str(self.path))}"
            )
        if about.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            try:
                os.fchmod(self._descriptor, stat.S_IRWXU)  # a file that can be read can be locked
            except OSError as error:
                raise FolderError(
                    f"{self.path} cannot be made private: {error.strerror}. Set XDG_DATA_HOME to a folder on another "
                    "disk."
                ) from None

    def check_owner(self, name: str) -> None:
        """Check that a file in it, if it exists, belongs to this user. Raises FolderError."""
        with suppress(FileNotFoundError):
            about = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
            if about.st_uid != os.geteuid():
                raise FolderError(
                    f"{self.path / name} belongs to {_name(about.st_uid)}: move it away, if it does not belong there."
                )

    def open_file(self, name: str) -> IO[bytes]:
        """A file in it, created if it does not exist. Links are not followed, and pipes do not block. Raises
        FolderError."""
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
        """The path for connecting to a socket in it, at most MAX_SOCKET_PATH long. Raises FolderError."""
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
        """A listening socket in it, replacing one that nobody listens on. Raises FolderError."""
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
                f"A socket cannot be created in {self.path}: {error.strerror}. Set XDG_DATA_HOME to a folder on a "
                "local disk."
            ) from None
        return listener


def _name(user_id: int) -> str:
    try:
        return pwd.getpwuid(user_id).pw_name
    except KeyError:
        return f"user {user_id}"
