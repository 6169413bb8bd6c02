"""The ways to the tracking server: to its experiments, and to the run that a version comes from."""

from typing import TYPE_CHECKING

from tui_registry.terminal.sanitize import one_line

if TYPE_CHECKING:
    from tui_registry.app import ConsoleApp


def browse(app: "ConsoleApp", for_model: str | None = None) -> None:
    """Look for a run, to register its model: as a version of ``for_model``, if that is settled."""
    from tui_registry.screens.tracking.experiments import Experiments

    if _has_tracking(app):
        app.push_screen(Experiments(for_model))


def open_run(app: "ConsoleApp", run_id: str) -> None:
    """Open a run's page."""
    from tui_registry.screens.tracking.run import RunPlace

    if _has_tracking(app):
        app.push_screen(RunPlace(run_id, "Run", run_id[:8]))


def _has_tracking(app: "ConsoleApp") -> bool:
    """Whether there is a tracking server to ask; if not, says how to name one."""
    connection = app.connection
    if connection is None:
        return False
    if not connection.tracking_uri:
        login = f"tui-registry login {one_line(connection.url)} --tracking-uri https://mlflow.example.com. Or set "
        app.notify(
            "Name the MLflow server that knows the runs: "
            f"{'set ' if connection.embedded else login}TUI_REGISTRY_TRACKING_URI.",
            title="No tracking server is named",
            severity="warning",
            timeout=30,
            markup=False,
        )
    return bool(connection.tracking_uri)
