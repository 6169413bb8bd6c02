"""The files under the user's config directory: read with errors that name the key, written atomically."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tui_registry.session import file_lock

LOCK_TIMEOUT = 5.0  # seconds; others hold it while they write a file

M = TypeVar("M", bound=BaseModel)


class ConfigError(Exception):
    """A file is invalid. Its text names the file and the invalid keys, which are also in ``keys``."""

    def __init__(self, message: str, keys: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.keys = tuple(keys)


def folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_config_dir("tui-registry", appauthor=False))


def read(file: Path, model: type[M]) -> M:
    """The content of a file, which may begin with a byte order mark; the defaults if there is no file."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        # Without a validator: to build one takes longer than all else here.
        values = {name: each.get_default(call_default_factory=True) for name, each in model.model_fields.items()}
        return model.model_construct(_fields_set=set(), **values)
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from None
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}.") from None
    import tomllib  # most consoles start without a file

    try:
        return model.model_validate(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{file} is not valid TOML: {error}") from None
    except ValidationError as error:
        wrong = problems(error)
        listed = "; ".join(f"{key}: {problem}" for key, problem in wrong.items())
        raise ConfigError(f"{file}: {listed}", list(wrong)) from None


def problems(error: ValidationError) -> dict[str, str]:
    """The problems by key."""
    return {".".join(map(str, each["loc"])): each["msg"].removeprefix("Value error, ") for each in error.errors()}


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other consoles and commands from changing files in a folder, which is created if it does not exist: what is
    read from one of them and written back meanwhile has all that they wrote. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        is_ours = True
        with suppress(OSError):  # without locks, as on some network file systems, it is written all the same
            is_ours = file_lock.acquire(descriptor, fcntl.LOCK_EX, timeout=LOCK_TIMEOUT)
        if not is_ours:
            raise TimeoutError(errno.ETIMEDOUT, "another console or command that writes it is suspended or hangs")
        yield
    finally:
        os.close(descriptor)


def write(file: Path, content: Mapping[str, Any]) -> None:
    """Replace a file, or create it and its folder. Raises OSError."""
    import tomli_w

    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    replace_private(file, tomli_w.dumps(content))


def replace_private(file: Path, text: str) -> None:
    """Replace a file atomically, or create it, readable by its owner only. Raises OSError."""
    draft = file.with_name(f".tui-registry-{secrets.token_hex(16)}")  # nobody can put something there before
    write_private(draft, text)
    try:
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise


def write_private(file: Path, text: str) -> None:
    """Create a file readable by its owner only, whole or not at all. Raises OSError, also if it exists."""
    content = text.encode()
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
    except BaseException:
        file.unlink(missing_ok=True)  # a part of it, on a full disk
        raise
