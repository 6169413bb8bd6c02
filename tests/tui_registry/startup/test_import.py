"""The console's start loads nothing of the server but the wire's models."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

SERVERS = {"starlette", "sqlalchemy", "uvicorn", "alembic", "sse_starlette"}


def loaded_by(module: str) -> set[str]:
    """The modules that a fresh interpreter has loaded after an import."""
    code = f"import {module}, json, sys; print(json.dumps(list(sys.modules)))"
    root = Path(__file__).parents[3]
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root)
    return set(json.loads(done.stdout))


@pytest.mark.parametrize("module", ["tui_registry.app", "tui_registry.cli", "tui_registry.session.demo"])
def test_the_server_is_not_loaded(module: str) -> None:
    modules = loaded_by(module)
    assert not {name.partition(".")[0] for name in modules} & SERVERS
    of_server = {name.split(".")[1] for name in modules if name.startswith("tui_registry_server.")}
    assert of_server <= {"wire", "program", "charset", "crash"}  # what both programs use


def test_the_commands_do_without_the_screens() -> None:
    """``--help`` and the server's commands start at once."""
    assert not {name.partition(".")[0] for name in loaded_by("tui_registry.cli")} & {
        "textual",
        "httpx",
        "keyring",
        "pydantic",
    }


def test_the_first_row_does_without_the_rest() -> None:
    """The inbox needs one screen: no dialog, no other command."""
    modules = loaded_by("tui_registry.cli, tui_registry.app, tui_registry.screens.inbox")
    screens = {
        name.removeprefix("tui_registry.screens.") for name in modules if name.startswith("tui_registry.screens.")
    }
    of_models = {"models", "models.copy_actions", "models.decision_actions", "models.request_decisions"}
    of_tables = {"base.arranged", "base.marks", "tables", "tables.table_actions"}
    others = {"base", "base.place", "custom_commands", "inbox", "navigation", "places", "type_ahead"}
    assert screens == others | of_models | of_tables
    assert {name for name in modules if name.startswith("tui_registry.commands.")} == {
        "tui_registry.commands.exit_codes"
    }
    assert not modules & {"keyring", "httpx_sse", "numpy", "tui_registry.tracking", "tui_registry.demo"}
    of_wire = {name.rpartition(".")[2] for name in modules if name.startswith("tui_registry_server.wire.")}
    assert not of_wire & {
        "registered_model",
        "model_version",
        "stage_history",
        "comment",
        "transition_review",
        "workspace",
    }
    assert "pydantic.root_model" not in modules
