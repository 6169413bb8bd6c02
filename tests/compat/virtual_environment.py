"""Virtual environments of clients, cached for the next run."""

import subprocess
import sys
import venv
from pathlib import Path

import pytest


def python_with(cache: pytest.Cache, name: str, *requirements: str) -> Path:
    """A Python interpreter with these packages, in an environment of this name."""
    folder = cache.mkdir(f"{name}-python-{sys.version_info.major}.{sys.version_info.minor}")
    python, installed = folder / "bin" / "python", folder / "installed"
    if not installed.exists():
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *requirements], check=True)
        installed.touch()
    return python
