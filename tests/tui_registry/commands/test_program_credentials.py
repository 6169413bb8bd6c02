"""Secrets and federation rules by commands, as an operator sets up a program."""

import json

import httpx
import pytest
from click.testing import CliRunner, Result

from tests.live_registry import LiveRegistry, trusting
from tui_registry.cli import main


@pytest.mark.usefixtures("command_home")
def test_secrets_and_rules(registry: LiveRegistry) -> None:
    def run(*arguments: str) -> Result:
        environment = {"TUI_REGISTRY_URL": registry.url, "TUI_REGISTRY_TOKEN": registry.admin_token}
        return CliRunner().invoke(main, ["service-principals", *arguments], env=environment)

    name = "robot of commands"
    assert run("create", name).exit_code == 0
    assert "There are no secrets" in run("secrets", "list", name).stderr
    dry = run("secrets", "create", name, "--dry-run")
    assert (dry.exit_code, "trs_" in dry.output) == (0, False)
    created = run("secrets", "create", name, "--days", "30")
    secret = created.stdout.strip()
    assert secret.startswith("trs_"), created.output

    def token(given: str) -> httpx.Response:
        form = {"grant_type": "client_credentials", "client_id": name, "client_secret": given}
        return httpx.post(f"{registry.url}/oidc/v1/token", data=form, verify=trusting(None))

    assert token(secret).status_code == 200
    second = json.loads(run("secrets", "create", name, "--json").stdout)
    assert token(second["secret"]).status_code == 200
    assert "2 secrets already" in run("secrets", "create", name).stderr
    listed = json.loads(run("secrets", "list", name, "--json").stdout)["secrets"]
    first = next(each for each in listed if each["id"] != second["id"])
    assert first["last_used_time"]
    assert secret not in run("secrets", "list", name).stdout
    assert run("secrets", "delete", name, first["id"]).exit_code == 1  # asks first
    assert run("secrets", "delete", name, "absent", "--yes").exit_code == 3
    assert run("secrets", "delete", name, first["id"], "--yes").exit_code == 0
    assert token(secret).json()["error"] == "invalid_client"

    rule = ("--issuer", "https://token.actions.githubusercontent.com", "--audience", "registry", "--subject")
    assert run("federation", "create", name, *rule, "*").exit_code == 1
    made = run("federation", "create", name, *rule, "repo:acme/churn:*")
    assert made.exit_code == 0, made.output
    assert "repo:acme/churn:*" in run("federation", "list").stdout
    deleted = run("federation", "delete", made.stdout.strip(), "--yes")
    assert (deleted.exit_code, "revoked" in deleted.stdout) == (0, True)
    assert made.stdout.strip() not in run("federation", "list").output
