"""The console starts without the server's libraries: its start is what people wait for."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["tui_registry.app", "tui_registry.cli", "tui_registry.session.demo"])
def test_nothing_of_the_server_but_its_wire_is_loaded(module: str) -> None:
    program = f"import {module}, sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"starlette", "sqlalchemy", "uvicorn", "alembic", "sse_starlette"}
    assert {name for name in loaded if name.startswith("server.")} <= {
        name for name in loaded if name.startswith("server.wire")
    }


def test_commands_are_found_without_textual() -> None:
    program = "import tui_registry.cli, sys; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"textual", "httpx", "keyring", "pydantic"}
