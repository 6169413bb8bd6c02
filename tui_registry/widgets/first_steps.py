"""What to do first in an empty registry: create a token, and register a model from Python."""

import json

from textual.content import Content
from textual.screen import Screen
from textual.widgets import Static

from tui_registry.keys.keymap import Keymap
from tui_registry.keys.names import display_name, legend
from tui_registry.terminal.sanitize import one_line

_PYTHON = """\
import mlflow, os
os.environ["MLFLOW_TRACKING_TOKEN"] = "tr_..."
mlflow.set_registry_uri({url})
{workspace}mlflow.register_model("s3://bucket/model", "churn")
"""
"""As MLflow 1 to 3 run it; a run's model is registered by ``runs:/RUN_ID/model``."""


class FirstSteps(Static):
    """A panel below an empty list, mounted when it is first shown. ``code``: what the copy key copies meanwhile."""

    def __init__(self) -> None:
        super().__init__(id="first-steps", markup=False)
        self._code = ""

    @property
    def code(self) -> str:
        """Empty while the panel is hidden."""
        return self._code if self.is_attached and self.screen.has_class("-empty", "-tall") else ""

    def show_if(self, is_empty: bool, screen: Screen[None], url: str, workspace: str | None, keymap: Keymap) -> None:
        """Show the steps for the registry at a URL, or a workspace of it, if it is empty; in a terminal of few lines
        there is no room."""
        screen.set_class(is_empty, "-empty")
        if not is_empty:
            return
        if not self.is_attached:
            screen.mount(self, before="#filter")
        chosen = f"mlflow.set_workspace({json.dumps(workspace)})\n" if workspace else ""
        self._code = _PYTHON.format(url=json.dumps(url), workspace=chosen)

        def key(action: str) -> str:
            return display_name(keymap.keys[action][0]) if keymap.keys[action] else "?"

        token = legend(f"1. Create a token: {key('go_access')}, Tokens, {key('make_token')}; or in a shell:")
        register = legend(f"2. Register a model with MLflow ({key('copy')} copies this):")
        self.update(
            Content("\n").join(
                [
                    Content.styled(f"First steps at {one_line(url, 200)}", "bold"),
                    Content(token),
                    Content.styled("   tui-registry tokens create --days 90", "$text-accent"),
                    Content(register),
                    *(Content.styled(f"   {one_line(line, 300)}", "$text-accent") for line in self._code.splitlines()),
                    Content("Sample models to try it on: tui-registry demo"),
                ]
            )
        )
