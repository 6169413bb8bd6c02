"""The frame of a command-line program, the console's or the server's: standard streams that are closed or fail,
arguments that are not text, and uncaught exceptions.

A user gets one sentence and an exit code, never a traceback. The traceback is in a report, see
tui_registry_server.crash, or, with TUI_REGISTRY_DEBUG=1, on stderr.
"""

import codecs
import errno
import io
import os
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Any, NoReturn, TextIO

import click

from tui_registry_server import charset
from tui_registry_server.wire.plain_text import message

FAILED, USAGE, INTERRUPTED = 1, 2, 130
"""Exit codes, as documented in tui_registry.commands.exit_codes."""


class Program(click.Group):
    """A program's commands. Its ``main`` always ends with an exit code."""

    def main(
        self, args: Sequence[str] | None = None, prog_name: str | None = None, *more: Any, **options: Any
    ) -> NoReturn:
        if args is None:
            _open_streams()
            args = sys.argv[1:]
            code = self._run(args, prog_name, *more, **options)
            signal.signal(signal.SIGINT, signal.SIG_IGN)  # it is exiting already
        else:
            code = self._run(args, prog_name, *more, **options)
        sys.exit(_flush(code))

    def _run(self, args: Sequence[str], *more: Any, **options: Any) -> int:
        options["standalone_mode"] = False
        stdout = sys.stdout
        try:
            check_arguments(args)
            code = super().main(args, *more, **options)
        except click.ClickException as error:
            _show_error(error)
            return error.exit_code
        except click.Abort as abort:
            if isinstance(abort.__cause__ or abort.__context__, EOFError):
                return _fail("There is no answer to the question: stdin has ended.")
            return _fail("Interrupted.", INTERRUPTED)
        except KeyboardInterrupt:
            return _fail("Interrupted.", INTERRUPTED)
        except SystemExit as end:
            if sys.stdout is not stdout:
                return 0  # click found that the pipe is closed, and replaced the stream
            return _fail(end.code) if isinstance(end.code, str) else end.code or 0
        except Exception as error:  # the last chance to catch it
            return _unexpected(error)
        return code if isinstance(code, int) else 0


def check_arguments(args: Sequence[str]) -> None:
    """Raises UsageError for an argument that is not UTF-8: no name, path or URL here is."""
    for number, argument in enumerate(args, 1):
        try:
            argument.encode()
        except UnicodeEncodeError:
            escaped = argument.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            raise click.UsageError(f"Argument {number}, '{escaped}', is not text in UTF-8.") from None


def _open_streams() -> None:
    """Reopen standard streams that are closed, before another file gets their descriptor: writing to them fails as it
    should. Characters that the terminal's encoding does not have are replaced instead of failing."""
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        try:
            os.fstat(number)
        except OSError:
            mode = os.O_WRONLY if name == "stderr" else os.O_RDONLY
            os.set_inheritable(os.open(os.devnull, mode), True)
        if getattr(sys, name) is None:
            stream = open(  # noqa: SIM115  # for as long as the program runs
                number, "r" if name == "stdin" else "w", encoding="utf-8", closefd=False
            )
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
    is_not_utf8 = charset.has_locale() and not charset.is_utf8()
    for written in (sys.stdout, sys.stderr):
        if isinstance(written, io.TextIOWrapper):
            plain = is_not_utf8 or (written.isatty() and not charset.is_utf8()) or _is_ascii(written)
            written.reconfigure(encoding=charset.PLAIN if plain else None, errors=charset.ERRORS)


def _is_ascii(stream: TextIO) -> bool:
    return codecs.lookup(stream.encoding).name == "ascii"


def _unexpected(error: Exception) -> int:
    """Report an error that nothing else handles."""
    from tui_registry_server import crash

    if os.environ.get("TUI_REGISTRY_DEBUG"):
        traceback.print_exception(error)
    if isinstance(error, BrokenPipeError):
        return 0  # the reader has closed the pipe
    if isinstance(error, OSError):
        return _fail(_cause(error))
    if isinstance(error, MemoryError):
        return _fail("There is not enough memory.")
    text = crash.report(error)
    file = crash.keep(text)
    what = f"{type(error).__name__}: {error}".splitlines()[0].rstrip(".: ")
    where = f"A report is in {file}" if file else "TUI_REGISTRY_DEBUG=1 shows where"
    return _fail(f"A bug in tui-registry: {what[:200]}. {where}")


def _cause(error: OSError) -> str:
    why = error.strerror or str(error)
    if error.filename is not None:
        return f"{error.filename}: {why}."
    if error.errno == errno.ENOENT and not _has_folder():
        return "The current folder no longer exists. Change to another."
    return f"Reading or writing failed: {why}."


def _has_folder() -> bool:
    try:
        os.getcwd()  # noqa: PTH109  # only whether it exists
    except OSError:
        return False
    return True


def _fail(text: str, code: int = FAILED) -> int:
    _show_error(click.ClickException(text))
    return code


def _show_error(error: click.ClickException) -> None:
    """Print its message as plain text: it may quote what was typed, or what others wrote."""
    text = message(error.format_message())
    error.format_message = lambda: text  # type: ignore[method-assign]  # show() of each class calls it
    try:
        error.show()
    except OSError:
        _discard(sys.stderr)


def _flush(code: int) -> int:
    """Flush stdout and stderr. Returns the exit code, which is FAILED if stdout could not be written."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except OSError as error:
            _discard(stream)
            if stream is sys.stdout and not isinstance(error, BrokenPipeError) and code == 0:
                code = _fail(f"The answer could not be written: {error.strerror}.")
        except ValueError:
            continue  # it is closed
    return code


def _discard(stream: TextIO) -> None:
    """Drop what is still buffered: Python would try to write it at exit, and print an error."""
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, stream.fileno())
    os.close(null)
