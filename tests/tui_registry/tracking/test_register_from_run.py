"""From a run of a real tracking server to a version that MLflow loads, by key presses."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.compat.mlflow_client import THEIR_WARNINGS, MlflowClient, mlflow
from tests.tui_registry.console import LARGE, SIZES, SMALL, Console, console
from tests.tui_registry.proxy import proxied
from tests.tui_registry.samples import Samples
from tests.tui_registry.screens.test_hostile_text import assert_sound
from tests.tui_registry.tracking_server import EXPERIMENT, TrackingServer, tracking
from tests.variants import variant
from tui_registry.screens.tracking.run import RunPlace

pytestmark = [*THEIR_WARNINGS, pytest.mark.mlflow_server]


@pytest.fixture(scope="session")
def tracked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TrackingServer]:
    with tracking(tmp_path_factory.mktemp("tracking")) as tracked:
        yield tracked


@pytest.fixture
def mlflow_client(tracked: TrackingServer, samples: Samples, monkeypatch: pytest.MonkeyPatch) -> MlflowClient:
    """MLflow with its runs on the tracking server and its models here."""
    for variable in ("MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", tracked.url)
    monkeypatch.setenv("MLFLOW_REGISTRY_URI", samples.url)
    monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", samples.token)
    return MlflowClient()


async def open_run(shown: Console, name: str) -> None:
    """From anywhere: the experiments, the runs, the run."""
    await shown.press("2")
    await shown.shows("Models (")
    await shown.press("N")
    await shown.shows("Experiments (3)", EXPERIMENT)
    await shown.press("slash")
    await shown.type(EXPERIMENT)
    await shown.shows("matching", "(1)")
    await shown.press("enter", "enter")
    await shown.shows(f"Experiments › {EXPERIMENT} (5)", "slope-2", "slope-5", "old-7")
    await shown.press("slash")
    await shown.type(name)
    await shown.shows(f"{EXPERIMENT} matching “{name}” (1)", name)
    await shown.press("enter", "enter")
    await shown.shows(f"{EXPERIMENT} › {name}", "finished")


def prediction(model: str, version: str = "1") -> float:
    loaded = mlflow.pyfunc.load_model(f"models:/{model}/{version}")
    return float(loaded.predict([[10.0]])[0])


@SIZES
async def test_a_logged_model_as_a_new_one(
    samples: Samples, tracked: TrackingServer, mlflow_client: MlflowClient, size: tuple[int, int]
) -> None:
    name = f"line-{samples.id}"
    async with console(samples.url, samples.token, size, tracking_uri=tracked.url) as shown:
        await open_run(shown, "slope-3")
        await shown.shows("models:/m-", "rmse", "0.333333", "https://example.com/curves.git", "Parameters", "ready")
        await shown.press("n")
        await shown.shows("Register a model of this run")
        await shown.type(name)
        await shown.press("enter")
        await shown.type("of slope 3")
        await shown.press("enter")
        await shown.shows("Register this model?", f"Creates the registered model {name}", "version 1", "of slope 3")
        await shown.press("y")
        await shown.notifies(f"{name}: Model created.", f"{name}: its first version: Registered from the run.")
        await shown.shows(f"Models › {name}", "1 version", tracked.runs["slope-3"], "of slope 3")
    version = mlflow_client.get_model_version(name, "1")
    assert version.run_id == tracked.runs["slope-3"]
    assert version.run_link.startswith(f"{tracked.url}/#/experiments/")
    assert version.run_link.endswith(f"/runs/{version.run_id}")
    assert prediction(name) == pytest.approx(30.0)


async def test_a_model_in_a_folder_as_a_version_of_one_that_there_is(
    samples: Samples, tracked: TrackingServer, mlflow_client: MlflowClient
) -> None:
    model = samples.model("line")
    samples.version(model)
    async with console(samples.url, samples.token, tracking_uri=tracked.url) as shown:
        await shown.press("2")
        await shown.shows(model)
        await shown.press("enter")
        await shown.shows(f"Models › {model}")
        await shown.press("N")
        await shown.shows(EXPERIMENT)
        await shown.press("slash")
        await shown.type(EXPERIMENT)
        await shown.press("enter", "enter")
        await shown.shows("old-7")
        await shown.press("slash")
        await shown.type("old")
        await shown.shows("“old” (1)")
        await shown.press("enter", "enter")
        await shown.shows("deep/line", "mlflow-artifacts:/")
        await shown.press("enter")
        await shown.shows("Register a model of this run", model)
        await shown.press("enter", "enter")
        await shown.shows("Adds a version to", model, "after version 1")
        await shown.press("y")
        await shown.notifies(f"{model}: a new version: Registered")
        await shown.shows(f"Models › {model}", "2 versions")
    assert mlflow_client.get_model_version(model, "2").run_id == tracked.runs["old-7"]
    assert prediction(model, "2") == pytest.approx(70.0)


@pytest.mark.parametrize(("run", "path"), [("slope-5", "line"), ("old-7", "deep/line")])
async def test_it_is_what_the_real_client_registers(
    samples: Samples, tracked: TrackingServer, mlflow_client: MlflowClient, run: str, path: str
) -> None:
    theirs, ours = f"theirs-{samples.id}", f"ours-{samples.id}"
    mlflow.register_model(f"runs:/{tracked.runs[run]}/{path}", theirs)
    async with console(samples.url, samples.token, tracking_uri=tracked.url) as shown:
        await open_run(shown, run)
        await shown.shows("ready")
        await shown.press("n")
        await shown.type(ours)
        await shown.press("ctrl+s")
        await shown.shows("Register this model?")
        await shown.press("y")
        await shown.notifies("Registered from the run.")
    one, other = (
        samples.call("GET", "/mlflow/model-versions/get", name=name, version="1")["model_version"]
        for name in (theirs, ours)
    )
    different = {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}
    assert different <= {"name", "creation_timestamp", "last_updated_timestamp", "run_link"}
    assert one["run_link"] == ""


@SIZES
async def test_names_that_differ_at_their_end_look_different(
    samples: Samples, tracked: TrackingServer, size: tuple[int, int]
) -> None:
    async with console(samples.url, samples.token, size, tracking_uri=tracked.url) as shown:
        await open_run(shown, "slope-3")
        if size == SMALL:
            await shown.press("tab", "tab", "tab")
        await shown.shows("mlflow.source.name", "mlflow.source.type", "mlflow.source.git.repoURL")


async def test_names_are_completed(samples: Samples, tracked: TrackingServer) -> None:
    model = samples.model("a-long-name")
    async with console(samples.url, samples.token, tracking_uri=tracked.url) as shown:
        await open_run(shown, "slope-2")
        await shown.shows("ready")
        await shown.press("n")
        await shown.type("LONG")
        await shown.shows(model)
        await shown.press("down", "enter", "enter")
        await shown.shows("Adds the first version to", model)
        await shown.press("n")
        await shown.hides("Register this model?")
    assert samples.call("GET", "/mlflow/model-versions/search", filter=f"name = '{model}'") == {}


async def test_runs_are_sorted_filtered_and_shown_with_what_one_chooses(
    samples: Samples, tracked: TrackingServer
) -> None:
    def names(shown: Console) -> list[str]:
        words = [line[2:].split() for line in shown.text.split("\n")]
        return [line[0] for line in words if line and line[0] in tracked.runs]

    async with console(samples.url, samples.token, LARGE, tracking_uri=tracked.url) as shown:
        await shown.press("2", "N")
        await shown.shows(EXPERIMENT)
        await shown.press("slash")
        await shown.type(EXPERIMENT)
        await shown.press("enter", "enter")
        await shown.shows(f"{EXPERIMENT} (5)", "AGE ▲", "rmse", "slope", "nan")
        assert names(shown)[0] == "no-model"
        assert "solver" not in shown.text  # it is the same for all
        await shown.press("s")
        await shown.shows("Sort by", "rmse", "highest first")
        await shown.press("5")
        await shown.shows("rmse ▼")
        await shown.until(lambda: names(shown)[:2] == ["no-model", "slope-2"], "sorted rows, which the next sort needs")
        await shown.press("s")
        await shown.shows("▼ highest first; again: lowest first")
        await shown.press("enter")
        await shown.shows("rmse ▲")
        await shown.until(lambda: names(shown)[:4] == ["slope-5", "slope-3", "slope-2", "no-model"], "by rmse")
        await shown.press("C")
        await shown.shows("[x]  rmse", "[ ]  solver")
        await shown.press("G", "space", *"KKK", "j", "space", "enter")
        await shown.shows("solver", "exact")
        await shown.hides("rmse  ", "rmse ▲  ")
        await shown.shows("slopes (5, by metrics.rmse ▲)")
        for typed, found in (
            ("= params.slope = '3'", ["slope-3"]),
            ("rmse<0.4 team", []),
            ("rmse<0.4 tag:team=curves status:fin", ["slope-5", "slope-3"]),
        ):
            await shown.press("slash", "ctrl+u")
            await shown.type(typed)
            await shown.shows(f"“{typed[:20]}", f" ({len(found)}, by metrics.rmse ▲)")
            assert names(shown) == found
            await shown.press("enter")
        await shown.press("slash", "ctrl+u")
        await shown.type("= what")
        await shown.shows("Cannot load from the tracking server.", "Invalid clause(s) in filter string")


async def test_a_version_leads_back_to_its_run(samples: Samples, tracked: TrackingServer) -> None:
    model = samples.model()
    samples.version(model, run_id=tracked.runs["no-model"])
    async with console(samples.url, samples.token, tracking_uri=tracked.url) as shown:
        await shown.press("2")
        await shown.shows(model)
        await shown.press("enter")
        await shown.shows(tracked.runs["no-model"])
        await shown.press("o")
        await shown.shows("Run › no-model", "finished", "This run has no models.")
        assert "register" not in shown.bar
        await shown.press("n", "tab", "tab", "escape")
        await shown.shows(f"Models › {model}")
        await shown.press("enter")
        await shown.shows(f"Models › {model} › 1", "run  ")
        await shown.press("j", "j", "j", "j", "enter")
        await shown.shows("Run › no-model")
        await shown.press("escape", "o")
        await shown.shows("Run › no-model")


async def test_a_run_of_another_server_is_said_to_be_unknown(samples: Samples, tracked: TrackingServer) -> None:
    model = samples.model()
    samples.version(model, run_id="0" * 32)
    async with console(samples.url, samples.token, tracking_uri=tracked.url) as shown:
        await shown.press("2")
        await shown.shows(model)
        await shown.press("enter")
        await shown.shows("0" * 32)
        await shown.press("o")
        await shown.shows("Cannot load from the tracking server.", f"Run with id={'0' * 32} not found")
        await shown.press("n", "y", "tab", "escape")
        await shown.shows(f"Models › {model}")


@pytest.mark.parametrize(
    "size",
    [(60, 20), *(variant(size) for size in (SMALL, LARGE))],
    ids=["60x20", "80x24", "120x40"],
)
async def test_what_means_no_good_is_shown_harmlessly(
    samples: Samples, tracked: TrackingServer, size: tuple[int, int]
) -> None:
    async with console(samples.url, samples.token, size, tracking_uri=tracked.url) as shown:
        await shown.press("2", "N")
        await shown.shows("Experiments (3)", "[/x] [@click=app")  # where it is narrow, cut in the middle
        assert_sound(shown)
        await shown.press("enter")
        await shown.shows("[@click=app.qu", "finished")
        assert_sound(shown)
        await shown.press("enter")
        await shown.shows("This run has no models.", "[@click=app.quit]")
        for _ in range(4):
            await shown.press("tab")
            await shown.pilot.pause()
            assert_sound(shown)
        assert isinstance(shown.app.screen, RunPlace)


async def test_nothing_waits_for_a_tracking_server_that_is_slow_or_gone(
    samples: Samples, tracked: TrackingServer
) -> None:
    async with (
        proxied(tracked.url) as proxy,
        console(samples.url, samples.token, tracking_uri=proxy.url) as shown,
    ):
        proxy.hold("experiments/search")
        await shown.press("2", "N")
        await shown.shows("Loading…", "◌ waiting")
        await shown.press("escape")
        await shown.shows("Models (")
        proxy.release()
        await shown.press("N")
        await shown.shows("Experiments (3)")
        await proxy.cut()
        await shown.press("enter")
        await shown.shows("Cannot load from the tracking server.", "cannot be reached: connection refused")
        await shown.press("escape")
        await shown.shows("Experiments (3)")
        await proxy.open()
        await shown.press("enter")
        await shown.shows("finished")


async def test_a_read_only_profile_may_look_only(samples: Samples, tracked: TrackingServer) -> None:
    async with console(samples.url, samples.token, tracking_uri=tracked.url) as shown:
        await shown.until(shown.app.connection.ready.is_set, "connected")
        connection = shown.app.connection
        assert connection.opened is not None
        connection.opened = replace(connection.opened, read_only=True)
        await open_run(shown, "slope-2")
        await shown.shows("ready")
        assert "register" not in shown.bar
        await shown.press("n", "enter")
        await shown.pilot.pause()
        assert isinstance(shown.app.screen, RunPlace)


async def test_a_request_shows_the_metrics_of_its_run_beside_those_it_would_displace(
    samples: Samples, tracked: TrackingServer
) -> None:
    other = samples.pending("other", "Production")
    samples.version(other, "Production")
    model = samples.model("slopes")
    samples.version(model, "Production", run_id=tracked.runs["slope-2"])
    samples.ask(model, samples.version(model, run_id=tracked.runs["slope-3"]), "Production")
    async with console(samples.url, samples.token, tracking_uri=tracked.url) as shown:
        await shown.shows("compared with version 1", "rmse 0.5 → 0.333333")
        assert "mae" not in shown.text, "what is NaN in both does not differ"
    async with console(samples.url, samples.token, LARGE, tracking_uri="http://127.0.0.1:1") as shown:
        await shown.shows("compared with version 1", "! metrics cannot be read: ")
        await shown.press("a")
        await shown.shows(
            "Approve this request?", "  displaces version 1, now in Production", "  ! metrics cannot be read"
        )
        await shown.press("n", "asterisk")
        await shown.shows("2 marked, decided together:", "  ! metrics cannot be read")
        await shown.shows("1 not compared yet with what it displaces")
        samples.move(model, "1", "Archived")
        await shown.hides("  ! metrics cannot be read")
        await shown.shows("2 marked, decided together:", "1 not compared yet with what it displaces")


@pytest.mark.parametrize(
    ("runs", "said"),
    [
        (("slope-2", "gone"), "version 2: run not on tracking server"),
        (("gone", "slope-3"), "version 1: run not on tracking server"),
        (("gone", "lost"), "run not on tracking server"),
    ],
)
async def test_it_is_said_of_which_runs_metrics_cannot_be_read_and_tags_are_not_taken_for_them(
    samples: Samples, tracked: TrackingServer, runs: tuple[str, str], said: str
) -> None:
    model = samples.model("slopes")
    before, after = (tracked.runs.get(each, each) for each in runs)
    samples.version(model, "Production", run_id=before, tags=[{"key": "rmse", "value": "0.5"}])
    tags = [{"key": "rmse", "value": "0.4"}]
    samples.ask(model, samples.version(model, run_id=after, tags=tags), "Production")
    async with console(samples.url, samples.token, LARGE, tracking_uri=tracked.url) as shown:
        await shown.shows("compared with version 1   ! metrics cannot be read: " + said, "tag rmse 0.5 → 0.4")
        await shown.press("enter")
        await shown.shows(f"Models › {model}")
        await shown.press("equals_sign")
        await shown.shows("Compare › ", "! no metrics", "  run not on tracking server", "~ tag rmse", "source")
        rows = [line.strip("▎ ") for line in shown.text.split("\n")]
        compared = next(row for row in rows if row.startswith(("!", "~", "=", "+", "-")))
        assert compared.startswith("! no metrics"), "what is below is read knowing it"
        assert ("~ metric rmse" in shown.text, "not read" in shown.text) == (said.startswith("version"),) * 2
