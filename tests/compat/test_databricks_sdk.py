"""Databricks' SDK, unmodified: authentication, errors, and that every method is either served or listed."""

import ast
import inspect
import logging
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient, errors

from tests.compat.databricks_client import APIS, NOT_SERVED, Workspace
from tests.live_registry import ADMIN, LiveRegistry


def test_host_and_token_from_the_environment(registry: LiveRegistry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABRICKS_HOST", registry.url)
    monkeypatch.setenv("DATABRICKS_TOKEN", registry.admin_token)
    assert WorkspaceClient().current_user.me().user_name == ADMIN


def test_it_is_made_without_a_warning(
    registry: LiveRegistry, caplog: pytest.LogCaptureFixture, workspace: Workspace
) -> None:
    """The SDK requests the OAuth configuration of every Databricks host; both ways to sign in work."""
    with caplog.at_level(logging.DEBUG, logger="databricks.sdk"):
        client = workspace(registry)
        assert client.current_user.me().user_name == workspace.admin
    assert [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING] == []
    assert client.config.auth_type == workspace.auth_type
    assert client.config.discovery_url.startswith(f"{registry.url}/oidc/")


def test_the_id_of_the_workspace(registry: LiveRegistry, workspace: Workspace) -> None:
    known = {workspace(registry, token).get_workspace_id() for token in (None, registry.token("in the workspace"))}
    assert len(known) == 1
    assert known.pop() > 0


def test_errors_are_of_their_classes(registry: LiveRegistry, workspace: Workspace) -> None:
    model_registry = workspace(registry).model_registry
    with pytest.raises(errors.ResourceDoesNotExist, match="absent"):
        model_registry.get_model("absent")
    with pytest.raises(errors.InvalidParameterValue, match="a/b"):
        model_registry.create_model("a/b")
    name = f"made twice by {workspace.admin}"
    model_registry.create_model(name)
    with pytest.raises(errors.ResourceAlreadyExists, match=name):
        model_registry.create_model(name)
    new_user = workspace(registry, registry.token("new_user"))
    with pytest.raises(errors.PermissionDenied):
        new_user.users.create(user_name="nobody")
    with pytest.raises(errors.Unauthenticated):
        workspace(registry, "wrong").current_user.me()


def test_every_method_is_called_by_these_tests(registry: LiveRegistry, workspace: Workspace) -> None:
    client = workspace(registry)
    methods = {
        (api, name)
        for api in APIS
        for name, _ in inspect.getmembers(getattr(client, api), inspect.ismethod)
        if not name.startswith("_") and name not in NOT_SERVED.get(api, ())
    }
    assert methods == set().union(*(_calls_in(file) for file in Path(__file__).parent.glob("test_databricks_*.py")))


def _calls_in(file: Path) -> set[tuple[str, str]]:
    """Calls written as ``users.create(...)`` or ``client.users.create(...)``."""
    called = [node.func for node in ast.walk(ast.parse(file.read_text())) if isinstance(node, ast.Call)]
    return {
        (api, function.attr)
        for function in called
        if isinstance(function, ast.Attribute)
        for api in [getattr(function.value, "attr", None) or getattr(function.value, "id", None)]
        if api in APIS
    }
