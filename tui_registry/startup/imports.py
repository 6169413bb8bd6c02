"""What makes the imports of a program's start faster."""

import os
import sys


def skip_unneeded() -> None:
    """Keep httpx and pydantic from importing what is not used here. To be called before they are imported."""
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # to look for plugins reads every package's metadata
    sys.modules["httpx._main"] = None  # type: ignore[assignment]  # httpx's command line, slower to import than the rest of httpx, which works without it
