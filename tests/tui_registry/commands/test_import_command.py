"""Moving from one registry to another by commands: over the network, by an archive, and again for what has changed."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from tests.live_registry import LiveRegistry, serving
from tests.server.api import Api
from tests.server.audit_log import exported, verify
from tests.server.permission_case import COMMENTS, MODELS, REQUESTS, VERSIONS
from tui_registry.cli import main

pytestmark = pytest.mark.usefixtures("command_home")

CHURN, STRANGE = "churn", "it's [bold]"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    """With all that a registry has on two models, and one that only ada may see."""
    with serving(tmp_path_factory.mktemp("source")) as live:
        with Api(live.url, live.admin_token) as admin, Api(live.url, live.token("ada")) as ada:
            ada.post(f"{MODELS}/create", name="ada's", description="hers").ok()
            for name in (CHURN, STRANGE):
                ada.post(f"{MODELS}/create", name=name, tags=[{"key": "team", "value": "risk"}]).ok()
                for number in ("1", "2", "3", "4"):
                    ada.post(f"{VERSIONS}/create", name=name, source=f"s3://{number}", run_id=number).ok()
                ada.delete(f"{VERSIONS}/delete", name=name, version="3").ok()
                moved = {"name": name, "version": "1", "stage": "Production", "archive_existing_versions": True}
                ada.post("/mlflow/databricks/model-versions/transition-stage", **moved, comment="Go.").ok()
                ada.post(f"{COMMENTS}/create", name=name, version="2", comment="Look at \x1b[31mthis.").ok()
                ada.post(f"{REQUESTS}/create", name=name, version="2", stage="Production", comment="Better.").ok()
                ada.post(f"{MODELS}/alias", name=name, alias="champion", version="4").ok()
            model = admin.get("/mlflow/databricks/registered-models/get", name=CHURN).ok()[
                "registered_model_databricks"
            ]
            live.token("bob")
            entries = [
                {"user_name": "bob", "permission_level": "CAN_READ"},
                {"group_name": "users", "permission_level": "CAN_EDIT"},
            ]
            admin.patch(f"/permissions/registered-models/{model['id']}", access_control_list=entries).ok()
        yield live


@pytest.fixture
def target(tmp_path: Path) -> Iterator[LiveRegistry]:
    with serving(tmp_path) as live:
        live.token("ada")
        yield live


def run(at: LiveRegistry, *arguments: str, source: LiveRegistry | None = None, **more: str) -> Result:
    environment = {"TUI_REGISTRY_URL": at.url, "TUI_REGISTRY_TOKEN": at.admin_token}
    if source is not None:
        environment["TUI_REGISTRY_SOURCE_TOKEN"] = source.admin_token
    environment |= more
    return CliRunner().invoke(main, arguments, env=environment)


def report(result: Result, *, exit_code: int = 1) -> dict[str, Any]:
    assert result.exit_code == exit_code, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


UNKNOWN_BOB = {"name": CHURN, "item": "permission user:bob", "reason": "UNKNOWN_PRINCIPAL", "source": "CAN_READ"}


def test_by_an_archive(source: LiveRegistry, target: LiveRegistry, tmp_path: Path) -> None:
    file = tmp_path / "registry.zip"
    exported_to = run(source, "export", str(file), "--models", "it*", "--models", CHURN, "--json")
    assert report(exported_to, exit_code=0)["models"] == 2
    assert file.stat().st_mode & 0o777 == 0o600
    assert "exists already" in run(source, "export", str(file)).output
    with zipfile.ZipFile(file) as archive:
        manifest = json.loads(archive.read("manifest.json"))
        lines = archive.read("models.jsonl").decode().splitlines()
    assert (manifest["format"], manifest["version"], manifest["source"]) == ("tui-registry archive", 1, source.url)
    assert [json.loads(line)["name"] for line in lines] == [CHURN, STRANGE]
    assert source.admin_token not in "".join(lines)

    done = report(run(target, "import", str(file), "--yes", "--json"))
    assert (done["counts"]["created_models"], done["verified"], done["differences"]) == (2, 1, [UNKNOWN_BOB])
    again = report(run(target, "import", source.url, "--models", "it*", "--yes", "--json", source=source), exit_code=0)
    assert not any(again["counts"].values()), "it is recognized"

    def written(manifest: dict[str, Any], models: str) -> Result:
        with zipfile.ZipFile(tmp_path / "bad.zip", "w") as bad:
            bad.writestr("manifest.json", json.dumps(manifest))
            bad.writestr("models.jsonl", models)
        return run(target, "import", str(tmp_path / "bad.zip"), "--yes")

    for result in (
        written(manifest | {"version": 2}, ""),
        written(manifest, lines[0]),
        written(manifest, "\n".join([lines[0], '{"name": 3}'])),
        written({"format": "another"}, ""),
        run(target, "import", str(tmp_path / "none.zip"), "--yes"),
    ):
        assert result.exit_code == 1
        assert "Traceback" not in result.output
        assert "report" not in result.output


def test_who_may(source: LiveRegistry, target: LiveRegistry) -> None:
    refused = run(target, "import", source.url, "--yes", TUI_REGISTRY_SOURCE_TOKEN="tr_wrong")
    assert (refused.exit_code, "access token" in refused.output) == (4, True), refused.output
    by_ada = run(target, "import", source.url, "--yes", source=source, TUI_REGISTRY_TOKEN=target.token("ada"))
    assert (by_ada.exit_code, "group 'admins'" in by_ada.output) == (4, True)
    secret = source.url.replace("//", f"//token:{source.admin_token}@")
    stored = report(run(target, "import", secret, "--models", "it*", "--yes", "--json"), exit_code=0)
    assert stored["source"] == source.url
    assert source.admin_token not in json.dumps(exported(target.database))
    plain = run(target, "import", "http://registry.example.com", "--yes", source=source)
    assert (plain.exit_code, "is plain http" in plain.output) == (1, True)


def test_from_a_workspace_again_and_again(
    source: LiveRegistry, target: LiveRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "databricks.cfg").write_text(f"[work]\nhost = {source.url}\ntoken = {source.admin_token}\n")
    monkeypatch.setenv("DATABRICKS_CONFIG_FILE", str(tmp_path / "databricks.cfg"))
    unasked = run(target, "import", "databricks://work")
    assert (unasked.exit_code, "Confirm with --yes" in unasked.output) == (1, True)
    dry = report(run(target, "import", "databricks://work", "--dry-run", "--json"))
    assert dry["counts"]["created_versions"] == 6
    assert dry["differences"] == [UNKNOWN_BOB]
    missing = report(run(target, "import", source.url, "--verify", "--json", source=source))
    assert [each["name"] for each in missing["differences"]] == ["ada's", CHURN, STRANGE]

    done = report(run(target, "import", "databricks://work", "--yes", "--json"))
    assert (done["counts"], done["differences"], done["not_at_source"]) == (dry["counts"], [UNKNOWN_BOB], [])
    assert done["verified"] == 2
    with Api(source.url, source.admin_token) as there, Api(target.url, target.admin_token) as here:
        for path, fields in (
            (f"{MODELS}/get", {"name": STRANGE}),
            (f"{VERSIONS}/search", {"filter": f"name = '{CHURN}'"}),
        ):
            assert here.get(path, **fields).ok() == there.get(path, **fields).ok()
        (theirs,) = there.get(f"{COMMENTS}/list", name=CHURN, version="2").ok()["comments"]
        (ours,) = here.get(f"{COMMENTS}/list", name=CHURN, version="2").ok()["comments"]
        assert ours | {"id": theirs["id"]} == theirs
        (request,) = here.get(f"{REQUESTS}/list", name=CHURN, version="2").ok()["requests"]
        assert (request["user_id"], request["comment"], request["displaces"]) == ("ada", "Better.", ["1"])
        moves = [
            each
            for each in exported(target.database)
            if each["activity_type"] == "IMPORTED_ACTIVITY"
            and each["detail"]["activity"]["activity_type"] == "APPLIED_TRANSITION"
        ]
        assert [(each["version"], each["to_stage"], each["comment"]) for each in moves] == 2 * [
            (1, "Production", "Go.")
        ]
        assert not any(
            report(run(target, "import", source.url, "--follow", "--json", source=source))["counts"].values()
        )

        there.post(
            f"{REQUESTS}/approve", name=CHURN, version="2", stage="Production", archive_existing_versions=True
        ).ok()
        here.patch(f"{MODELS}/update", name=CHURN, description="ours").ok()
        there.patch(f"{MODELS}/update", name=CHURN, description="theirs").ok()
        followed = report(run(target, "import", source.url, "--follow", "--json", source=source))
        assert (followed["counts"]["changes"] > 0, followed["counts"]["activities"]) == (True, 3)
        both = {"reason": "CHANGED_ON_BOTH_SIDES", "here": "ours", "source": "theirs"}
        assert followed["differences"] == [UNKNOWN_BOB, {"name": CHURN, "item": "description"} | both]
        stages = {
            each["version"]: each["current_stage"]
            for each in here.get(f"{VERSIONS}/search").ok()["model_versions"]
            if each["name"] == CHURN
        }
        assert stages == {"1": "Archived", "2": "Production", "4": "None"}
        assert here.get(f"{REQUESTS}/list", name=CHURN).ok() == {}
        here.post("/preview/scim/v2/Users", userName="bob").ok()
        plain = run(target, "import", source.url, "--yes", source=source)
        assert plain.stdout.splitlines() == [
            f"{CHURN}: description CHANGED_ON_BOTH_SIDES (here 'ours', source 'theirs')"
        ]
        assert "2 of 3 models are the same on both sides." in plain.stderr
        there.delete(f"{MODELS}/delete", name=STRANGE).ok()
        there.delete(f"{VERSIONS}/delete", name=CHURN, version="4").ok()
        gone = run(target, "import", source.url, "--follow", source=source).stdout.splitlines()
        assert gone[1:] == [f"{CHURN} 4: DELETED_AT_SOURCE", f"{STRANGE}: DELETED_AT_SOURCE"]
    assert verify(target.database).exit_code == 0
