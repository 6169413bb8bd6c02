"""Crash reports: a bug in tui-registry itself, without secrets, for its developers."""

import os
import platform
import re
import tempfile
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

_TOKENS = re.compile(r"\b(?:tr_|dapi)[\w-]{8,}|(?i:(?<=bearer )|(?<=basic ))[^\s'\",]+")
"""Tokens of this registry and of Databricks, and the credentials of an Authorization header."""


def report(error: BaseException, secrets: Sequence[str] = ()) -> str:
    """The traceback and the versions, but no values of variables. ``secrets`` are removed wherever they occur."""
    from importlib.metadata import version

    trace = "".join(traceback.format_exception(error))
    for secret in filter(None, secrets):
        trace = trace.replace(secret, "…")
    environment = {
        "tui-registry": version("tui-registry"),
        "textual": version("textual"),
        "python": platform.python_version(),
        "system": platform.platform(),
        "terminal": " ".join(os.environ.get(name, "-") for name in ("TERM", "COLORTERM", "TERM_PROGRAM")),
        "over SSH": "yes" if os.environ.get("SSH_TTY") else "no",
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
    }
    lines = "".join(f"{name}: {value}\n" for name, value in environment.items())
    return _TOKENS.sub("…", f"{lines}\n{trace}")


def keep(text: str) -> Path | None:
    """Save a report in a file that only its owner may read. None if that is not possible."""
    import platformdirs

    for folder in (Path(platformdirs.user_log_dir("tui-registry", appauthor=False)), Path(tempfile.gettempdir())):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            descriptor, name = tempfile.mkstemp(
                prefix=f"crash-{time.strftime('%Y%m%d-%H%M%S')}-", suffix=".txt", dir=folder
            )
            with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)
        except OSError:
            continue
        return Path(name)
    return None


def message_for(text: str, file: Path | None) -> str:
    """The message for the user: where the report is or, if it could not be saved, the report itself."""
    what = text.rstrip().rpartition("\n")[2]
    if file is None:
        return f"tui-registry crashed because of a bug. Please report this:\n\n{text}"
    return (
        f"tui-registry crashed because of a bug: {what}\n"
        f"Saved changes are kept. A report is in {file}\n"
        "Please review it, and attach it to a bug report."
    )
