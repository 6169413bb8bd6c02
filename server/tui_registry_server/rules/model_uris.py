"""Sources of the form ``models:/...``, parsed as MLflow does (``mlflow/store/artifact/utils/models.py``).

Names are not percent-encoded: ``models:/a@b/1`` is version 1 of ``a@b``, ``models:/a@b`` is the version of ``a`` with
the alias ``b``.
"""

import re
from typing import NamedTuple

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.names import LATEST, check_alias
from tui_registry_server.rules.stages import parse_stage
from tui_registry_server.wire.stage import Stage

_SCHEME = "models:"
_LOGGED_MODEL = re.compile(r"m-[0-9a-f]{32}")
_NUMBER = re.compile("[0-9]+")


class ModelUri(NamedTuple):
    """A model's name, and one of its versions: by number, alias or stage; without any of them, the latest."""

    name: str
    version: int | None = None
    alias: str | None = None
    stage: Stage | None = None


def read_model_uri(source: str) -> ModelUri | None:
    """The version that a source refers to, or None if it is not in this registry: a URI of artifacts, or of a logged
    model, ``models:/m-<id>``. Raises InvalidParameterValue for an invalid ``models:`` URI."""
    if source[: len(_SCHEME)].lower() != _SCHEME:
        return None
    path = source[len(_SCHEME) :]
    of_another_registry = path.startswith("//") and not path.startswith("///")
    name, slash, which = path.strip("/").partition("/")
    if not path.startswith("/") or of_another_registry or not name.strip() or "/" in which:
        raise _invalid(source)
    if slash:
        return _by_suffix(name, which)
    if _LOGGED_MODEL.fullmatch(name):
        return None
    name, _, alias = name.rpartition("@")
    if not name.strip() or not alias:
        raise _invalid(source)
    return ModelUri(name) if alias.lower() == LATEST else ModelUri(name, alias=check_alias(alias))


def logged_model_id(source: str) -> str | None:
    """The id in ``models:/m-<id>``, or None for any other source."""
    if source[: len(_SCHEME)].lower() != _SCHEME:
        return None
    name = source[len(_SCHEME) :].strip("/")
    return name if _LOGGED_MODEL.fullmatch(name) else None


def _by_suffix(name: str, which: str) -> ModelUri:
    if _NUMBER.fullmatch(which):
        return ModelUri(name, version=int(which))
    return ModelUri(name) if which.lower() == LATEST else ModelUri(name, stage=parse_stage(which))


def _invalid(source: str) -> InvalidParameterValue:
    return InvalidParameterValue(
        f"Invalid model version source: '{source}'. Give models:/<name>/<version number, stage or latest> or "
        "models:/<name>@<alias> of this registry, models:/m-<id> of a logged model, or the URI of the artifacts."
    )
