"""Validation of names: models, aliases, tags, sources, versions. Limits count characters.

The rules are MLflow's (``mlflow/utils/validation.py``), so that a name accepted here is accepted there.
"""

import posixpath
import re
from collections.abc import Iterable
from urllib.parse import unquote_plus

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.wire.tag import Tag

MAX_MODEL_NAME = 256
MAX_ALIAS = 255
MAX_TAG_KEY = 250
MAX_TAGS_SIZE = 4 * 1024 * 1024  # what a request that creates a model can have: answers contain all its tags
MAX_TAG_VALUE = 100_000

LATEST = "latest"
"""Clients' name of the highest version; reserved as an alias."""

_ALIAS = re.compile(r"[\w\-]*")
_RESERVED_ALIAS = re.compile(rf"{LATEST}|v\d+", re.IGNORECASE)
_TAG_KEY = re.compile(r"[/\w.\- :]*")


def check_model_name(name: str, field: str = "name") -> str:
    """Returns the name, if it is valid for a model."""
    if not name.strip():
        raise InvalidParameterValue(f"Missing value for required parameter '{field}'.")
    if "/" in name or ":" in name:
        raise InvalidParameterValue(f"Invalid model name '{name}'. Names cannot contain '/' or ':'.")
    if name == "." or name.startswith(".."):
        raise InvalidParameterValue(f"Invalid model name '{name}'. Names cannot be '.' or start with '..'.")
    _check_length("Model name", name, MAX_MODEL_NAME)
    return name


def check_alias(alias: str) -> str:
    """Returns the alias, if it is well-formed. Reserved ones are only refused when set: see check_new_alias."""
    if not alias:
        raise InvalidParameterValue("Registered model alias name cannot be empty.")
    if not _ALIAS.fullmatch(alias):
        raise InvalidParameterValue(
            f"Invalid alias name: '{alias}'. Names may only contain alphanumerics, underscores (_), and dashes (-)."
        )
    _check_length("Registered model alias name", alias, MAX_ALIAS)
    return alias


def check_new_alias(alias: str) -> str:
    """Returns the alias, if it can be set: ``latest`` and ``v3`` have another meaning to clients."""
    check_alias(alias)
    if _RESERVED_ALIAS.fullmatch(alias):
        raise InvalidParameterValue(
            f"Alias name '{alias}' is reserved: 'latest' and a 'v' with a number cannot be aliases. Choose another."
        )
    return alias


def check_tag_key(key: str) -> str:
    """Returns the key, if it is valid for a tag."""
    if not _TAG_KEY.fullmatch(key):
        raise InvalidParameterValue(
            f"Invalid tag key '{key}'. Keys may only contain alphanumerics, underscores (_), dashes (-), periods (.), "
            "spaces ( ), colons (:) and slashes (/)."
        )
    if not _is_plain_path(key):
        raise InvalidParameterValue(
            f"Invalid tag key '{key}'. Keys are file names on some stores: they cannot be empty, start with '/' or "
            "'..', nor contain '.', '..' or an empty part between slashes."
        )
    _check_length("Tag key", key, MAX_TAG_KEY)
    return key


def check_tags(tags: Iterable[Tag]) -> dict[str, str]:
    """Key to value; of a key given twice, the last value."""
    for tag in tags:
        check_tag_key(tag.key)
        _check_length("Tag value", tag.value, MAX_TAG_VALUE)
    return {tag.key: tag.value for tag in tags}


def check_tags_size(size: int) -> None:
    """``size``: of all tags of one model or version, in characters of their JSON."""
    if size > MAX_TAGS_SIZE:
        raise InvalidParameterValue(
            f"All tags of one model or version together may have {MAX_TAGS_SIZE:,} characters, in JSON; with this one "
            f"they would have {size:,}. Delete some first, or store long values with the artifacts."
        )


def check_source(source: str) -> str:
    """Returns the URI, unless it has a ``..``, which may be percent-encoded any number of times."""
    if not source.strip():
        raise InvalidParameterValue("Missing value for required parameter 'source'.")
    decoded = source
    while (unquoted := unquote_plus(decoded)) != decoded:
        decoded = unquoted
    if "\x00" in decoded or ".." in re.split(r"[/\\?#]", decoded):
        raise InvalidParameterValue(
            f"Invalid model version source: '{source}'. Give an absolute URI without '..' and without NUL characters."
        )
    return source


def version_number(version: str) -> int:
    """The number of a version, which is a string on the wire."""
    return int(version)


def _is_plain_path(text: str) -> bool:
    normal = posixpath.normpath(text)
    return normal == text and normal != "." and not normal.startswith(("..", "/"))


def _check_length(what: str, text: str, limit: int) -> None:
    if len(text) > limit:
        raise InvalidParameterValue(f"{what} is {len(text)} characters long; at most {limit} are allowed.")
