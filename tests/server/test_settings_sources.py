"""The settings of ``serve``: from the command line, the environment, a file, in this order; shown by --print-config."""

import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from tui_registry_server.commands import main, settings_sources
from tui_registry_server.commands.settings_sources import ConfiguredCommand, name_of

SERVE = main.commands["serve"]


def run(*arguments: str, **variables: str) -> Result:
    named = {f"TUI_REGISTRY_SERVER_{name.upper()}": value for name, value in variables.items()}
    return CliRunner().invoke(main, ["serve", *arguments], env=named)


def settings(*arguments: str, **variables: str) -> dict[str, str]:
    """What --print-config prints, by name: value and source."""
    result = run("--print-config", *arguments, **variables)
    assert result.exit_code == 0, result.output
    return dict(line.removeprefix("# ").split(" =", 1) for line in result.stdout.splitlines())


def refused(*arguments: str, **variables: str) -> str:
    result = run("--print-config", *arguments, **variables)
    assert result.exit_code == 2, result.output
    return " ".join(result.stderr.split())


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "server.toml"
    file.write_text(
        'port = 5001\nhost = "10.0.0.1"\nlog-format = "json"\ninsecure-http = true\ntrusted-proxy = ["10.0.0.7"]\n'
        "[limit]\nconnections = 100\nstreams = 7\n"
    )
    return file


def test_the_nearest_wins(file: Path) -> None:
    found = settings(
        "--config", str(file), "--port", "5003", port="5002", host="10.0.0.2", limit="streams=9 pipelined=3"
    )
    assert found["port"] == " 5003  # the command line"
    assert found["host"] == ' "10.0.0.2"  # the environment, TUI_REGISTRY_SERVER_HOST'
    assert found["log-format"] == f' "json"  # {file}'
    assert found["trusted-proxy"] == f' ["10.0.0.7"]  # {file}'
    assert found["limit"].startswith(' ["streams=9", "pipelined=3"]')
    assert found["drain"] == " 1.0  # the default"
    assert found["tls-cert"] == "  # the default"
    assert settings(config=str(file))["limit"] == f' ["connections=100", "streams=7"]  # {file}'


def test_what_is_printed_is_a_file(file: Path, tmp_path: Path) -> None:
    """Every setting that the help names is in it, and nothing else."""
    printed = run("--print-config", "--config", str(file)).stdout
    (again := tmp_path / "again.toml").write_text(printed)
    assert tomllib.loads(printed)["port"] == 5001
    once, twice = settings("--config", str(file)), settings("--config", str(again))
    assert [each.partition("  #")[0] for each in once.values()] == [each.partition("  #")[0] for each in twice.values()]
    assert isinstance(SERVE, ConfiguredCommand)
    shown = {name_of(option) for option in SERVE.settings}
    assert once.keys() == shown
    assert {"database", "port", "webhook-allow", "metrics-port", "drain"} <= shown
    assert not {"state-file", "end-with", "throwaway"} & shown


def test_the_file_that_is_there_by_default(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings_sources, "DEFAULT_FILE", file)
    assert settings()["port"] == f" 5001  # {file}"
    assert settings(port="5002")["port"].startswith(" 5002")
    embedded = settings("--end-with", "lock", port="5002")  # the console's own server
    assert embedded["port"] == " 5055  # the default"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("prot = 1", "no setting 'prot', which is in {file}. Did you mean port?"),
        ("state-file = 'x'", "no setting 'state-file'"),
        ("port = true", "'port' in {file} must be a text or a number"),
        ("access-log = 'yes'", "'access-log' in {file} must be true or false"),
        ("trusted-proxy = [1]", "'trusted-proxy' in {file} must be a list"),
        ("port = 99999", "This is from {file}."),
        ("port = ", "{file} is not a TOML file"),
    ],
)
def test_mistakes_in_a_file(text: str, message: str, file: Path) -> None:
    file.write_text(text)
    assert message.format(file=file) in refused("--config", str(file))


def test_mistakes_elsewhere(tmp_path: Path) -> None:
    assert "Did you mean TUI_REGISTRY_SERVER_PORT?" in refused(prot="1")
    assert "TUI_REGISTRY_SERVER_PORT" in refused(port="many")
    assert "could not be read" in refused("--config", str(tmp_path / "missing.toml"))


def test_secrets_are_masked(tmp_path: Path) -> None:
    found = settings(
        *("--database", "postgresql://registry:s3cret@db/registry", "--tracking-uri", "https://bob:s3cret@mlflow"),
        *("--webhook-key-file", "webhook.key"),
    )
    assert not [value for value in found.values() if "s3cret" in value]
    assert "registry" in found["database"]
    assert found["tracking-uri"].startswith(' "https://***@mlflow"')
    assert found["webhook-key-file"].startswith(' "webhook.key"')
