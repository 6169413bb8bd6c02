"""Writes ``screenshots/``: every place of the console, from the demo's registry, as SVG and PNG.

    python -m tests.screenshots [NAME ...] [--size 200x50 ...] [--folder FOLDER]

Needs rsvg-convert (Debian's librsvg2-bin) and fonts with arrows and with Japanese, such as DejaVu Sans Mono (Debian's
fonts-dejavu-core) and WenQuanYi Zen Hei (fonts-wqy-zenhei). Without rsvg-convert only the SVG are written.
"""

import argparse
import asyncio
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from sklearn.linear_model import LinearRegression
from textual.pilot import Pilot

from tests.compat.mlflow_client import mlflow
from tests.mlflow_server import serving_mlflow
from tests.tui_registry.console import screen_text
from tui_registry.app import ConsoleApp
from tui_registry.session import profiles
from tui_registry.session.connection import Connection
from tui_registry.session.demo import DemoRegistry
from tui_registry.session.profiles import Profile, Profiles

FOLDER = Path(__file__).parents[1] / "screenshots"
FONTS = "DejaVu Sans Mono, WenQuanYi Zen Hei Mono"
TRACKING = "https://mlflow.example"  # in place of the tracking server's URL: as long as that, and always the same
WIDTH = 1400  # pixels of a PNG
SIZES = ((80, 24), (120, 40))
STILL = 0.4  # seconds without a change after which a screen counts as complete
TIMEOUT = 20  # seconds

MODEL = ("colon", *"fraud-card-realtime", "enter")
SCENES: dict[str, Sequence[str]] = {
    "inbox": (),
    "approve": ("a",),
    "marked": ("space", "down", "space"),
    "filter": ("slash", *"staging"),
    "models": ("2",),
    "columns": ("2", "C"),
    "row": ("2", "V"),
    "search": ("2", "slash", *"risk"),
    "model": MODEL,
    "about": (*MODEL, "i"),
    "version": (*MODEL, "enter"),
    "move": (*MODEL, "t"),
    "compare": (*MODEL, "equals_sign"),
    "board": ("3",),
    "activity": ("4",),
    "timeline": ("4", "v"),
    "access": (*MODEL, "p"),
    "access-everywhere": ("5",),
    "access-grant": (*MODEL, "p", "n", *"data-science", "tab", "j", "enter"),
    "access-why": (*MODEL, "p", "down", "down", "w", "enter"),
    "users": ("5", "tab"),
    "person": ("colon", *"nadia.haddad", "enter"),
    "offboard": ("colon", *"nadia.haddad", "enter", "O"),
    "groups": ("5", "tab", "tab"),
    "tokens": ("5", *["tab"] * 4),
    "webhooks": ("colon", *":webhooks", "enter"),
    "webhook-new": ("colon", *":webhooks", "enter", "n"),
    "deliveries": ("colon", *":webhooks", "enter", "enter"),
    "follow": (*MODEL, "f"),
    "follows": ("F",),
    "workspaces": ("colon", *":workspaces", "enter"),
    "workspace-new": ("colon", *":workspaces", "enter", "n"),
    "workspace-delete": ("colon", *":workspaces", "enter", "g", "D"),
    "experiments": ("2", "N"),
    "runs": ("2", "N", "enter"),
    "run": ("2", "N", "enter", "down", "enter"),
    "describe": ("2", "e"),
    "copy": ("2", "y"),
    "overview": ("6",),
    "prompts": ("7",),
    "prompt": ("7", "G", "enter"),
    "prompt-compare": ("7", "G", "enter", "equals_sign"),
    "journal": (*MODEL, "c", *"Reviewed.", "ctrl+s", "at"),
    "profiles": ("P",),
    "finder": ("colon", *"fraud"),
    "help": ("question_mark",),
}
"""The keys to press, from the inbox, for each screenshot."""


def train(url: str) -> None:
    """Typical runs, some with a model."""
    mlflow.set_tracking_uri(url)
    for team, metric in (("churn-retail", "auc"), ("demand-forecast-eu", "wmape"), ("fraud-card-realtime", "recall")):
        experiment = mlflow.create_experiment(team, tags={"mlflow.note.content": f"What is tried for {team}."})
        for number, person in enumerate(("tomasz.wilk", "ines.carvalho", "jun.takeda", "lena.hoffmann"), start=1):
            source = {
                "mlflow.source.name": "train.py",
                "mlflow.source.git.repoURL": f"https://git.example.com/{team}.git",
            }
            commit = {"mlflow.source.git.commit": f"{number}7c1e9d", "mlflow.user": person}
            with mlflow.start_run(experiment_id=experiment, run_name=f"depth-{2 * number}"):
                mlflow.set_tags(source | commit)
                mlflow.log_params({"max_depth": 2 * number, "learning_rate": 0.1 / number})
                mlflow.log_metrics({metric: 0.8 + 0.02 * number, "rows": 100_000 * number})
                if number > 1:
                    mlflow.sklearn.log_model(LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0]), name="model")


def add_webhooks(connection: Connection) -> None:
    """One that is sent changes, to a receiver that does not exist, and one that is paused; and what ada follows."""
    assert connection.endpoint is not None
    headers = {"Authorization": f"Bearer {connection.token}"}
    with connection.endpoint.client(timeout=TIMEOUT, headers=headers) as client:
        for url, fields in (
            ("https://jenkins.example.com/models", {"events": ["REGISTERED_MODEL_CREATED"], "status": "DISABLED"}),
            ("https://hooks.example.com/registry", {"events": ["MODEL_VERSION_TRANSITIONED_STAGE", "COMMENT_CREATED"]}),
        ):
            body = {"http_url_spec": {"url": url}, "description": "Deployment", **fields}
            client.post("/api/2.0/mlflow/registry-webhooks/create", json=body).raise_for_status()
        slack = "https://hooks.slack.com/services/T0/B{}/secret"
        follows = ({"digest": "HOURLY"}, {"model_name": "churn-retail"}, {"model_name": "sme-loan-scoring"})
        for number, follow in enumerate(follows):
            body = {"digest": "DAILY", "slack_url": slack.format(number), **follow}
            client.post("/api/2.0/mlflow/follows/set", json=body).raise_for_status()
        body = {"name": "churn-retail", "version": "1", "comment": "Seen in the weekly review."}
        client.post("/api/2.0/mlflow/comments/create", json=body).raise_for_status()


def add_workspaces(connection: Connection) -> None:
    """Two besides the default one, one of them with models."""
    assert connection.endpoint is not None
    headers = {"Authorization": f"Bearer {connection.token}"}
    with connection.endpoint.client(timeout=TIMEOUT, headers=headers) as client:
        for name, description, count in (
            ("credit-risk", "Scorecards and limits. Regulated: changes need two pairs of eyes", 3),
            ("research", "Experiments of the research group, which nothing depends on", 0),
        ):
            body = {"name": name, "description": description}
            client.post("/api/3.0/mlflow/workspaces", json=body).raise_for_status()
            for number in range(count):
                model = {"name": f"scorecard-{number}"}
                inside = {"X-MLFLOW-WORKSPACE": name}
                client.post("/api/2.0/mlflow/registered-models/create", json=model, headers=inside).raise_for_status()


async def take(connection: Connection, name: str, keys: Sequence[str], size: tuple[int, int]) -> str:
    app = ConsoleApp(connection)
    async with app.run_test(size=size) as pilot:
        await _settle(app, pilot)
        for key in keys:
            await pilot.press(key)
            if len(key) > 1 or not key.islower():
                await _settle(app, pilot)
        await _settle(app, pilot)
        return app.export_screenshot(title=f"tui-registry: {name}")


def draw(picture: str, file: Path) -> None:
    """Write the SVG, and a PNG next to it."""
    file.write_text(picture)
    if converter := shutil.which("rsvg-convert"):
        drawn = picture.replace("Fira Code", FONTS).replace("<svg ", '<svg xml:space="preserve" ', 1)
        arguments = [converter, "--width", str(WIDTH), "--output", str(file.with_suffix(".png"))]
        subprocess.run(arguments, input=drawn.encode(), check=True)
    print(file.name)


async def _settle(app: ConsoleApp, pilot: Pilot[str | Connection]) -> None:
    """Wait until the answers of a loopback server are drawn."""
    deadline, before, since = time.monotonic() + TIMEOUT, "", time.monotonic()
    while time.monotonic() < min(deadline, since + STILL):
        await pilot.pause(0.05)
        now = screen_text(app)
        if now != before:
            before, since = now, time.monotonic()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", type=_name, metavar="NAME")
    parser.add_argument("--size", action="append", type=_size, help="columns x lines; more than once for several")
    parser.add_argument("--folder", type=Path, default=FOLDER)
    options = parser.parse_args()
    options.folder.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, serving_mlflow(Path(folder)) as tracking:
        train(tracking)
        _keep_profiles(Path(folder))
        registry = DemoRegistry(Path(folder))
        try:
            connection = replace(registry.open(lambda _done, _total: None), tracking_uri=tracking)
            add_webhooks(connection)
            add_workspaces(connection)
            for name in options.names or SCENES:
                for size in options.size or SIZES:
                    picture = asyncio.run(take(connection, name, SCENES[name], size)).replace(tracking, TRACKING)
                    draw(picture, options.folder / f"{name}-{size[0]}x{size[1]}.svg")
        finally:
            registry.close()


def _name(text: str) -> str:
    if text not in SCENES:
        raise argparse.ArgumentTypeError(f"there is no '{text}': use {', '.join(SCENES)}")
    return text


def _size(text: str) -> tuple[int, int]:
    width, _, height = text.partition("x")
    return int(width), int(height)


def _keep_profiles(folder: Path) -> None:
    """Write some profiles into a separate config folder."""
    os.environ["XDG_CONFIG_HOME"] = str(folder)
    known = {
        "production": Profile(url="https://registry.example.com", read_only=True, colour="red"),
        "staging": Profile(url="https://registry.staging.example.com"),
    }
    profiles.change(lambda _: Profiles(default="staging", profiles=known))


if __name__ == "__main__":
    main()
