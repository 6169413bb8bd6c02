"""The requests of identity providers, in their order: a journey for each, from its documentation.

scim/*.json are the journeys. ``{name}``, ``{NAME}`` and ``{uuid}`` are the journey's own, others are values that an
earlier step has stored. ``holds`` are expected parts of the answer; ``lacks`` must not be in it.
"""

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from tests.server.api import Api
from tests.server.directory import SCIM, new_name

JOURNEYS = sorted((Path(__file__).parent / "scim").glob("*.json"))


@pytest.mark.parametrize("journey", JOURNEYS, ids=lambda path: path.stem)
def test_an_identity_provider_is_served(journey: Path, admin: Api) -> None:
    recorded = json.loads(journey.read_text())
    name = new_name("journey")
    known = {"name": name, "NAME": name.upper(), "uuid": str(uuid.uuid4())}
    for step in recorded["steps"]:
        path, _, query = _filled(step["path"], known).partition("?")
        body = json.dumps(_filled(step["body"], known)).encode() if "body" in step else None
        asked = f"{SCIM}/{path}{'?' if query else ''}{quote(query, safe='=&')}"
        answer = admin.send(step["method"], asked, body, recorded["headers"])
        about = f"{step['about']}: {answer.status} {answer.content!r}"
        assert answer.status == step["status"], about
        wanted = recorded["headers"].get("Accept", "application/json")
        if answer.content:
            assert answer.headers["content-type"] == wanted, about
            assert_holds(answer.json, _filled(step.get("holds", {}), known), about)
            assert not set(step.get("lacks", ())) & set(answer.json), about
            known |= {name: answer.json[member] for name, member in step.get("keep", {}).items()}


def _filled(template: Any, known: Mapping[str, str]) -> Any:
    if isinstance(template, str):
        for name, value in known.items():
            template = template.replace(f"{{{name}}}", value)
        return template
    if isinstance(template, list):
        return [_filled(each, known) for each in template]
    if isinstance(template, dict):
        return {_filled(name, known): _filled(each, known) for name, each in template.items()}
    return template


def assert_holds(answered: Any, wanted: Any, about: str) -> None:
    """Objects may have more members, lists may not."""
    if isinstance(wanted, dict):
        for name, each in wanted.items():
            assert name in answered, f"{name} is missing: {about}"
            assert_holds(answered[name], each, about)
    elif isinstance(wanted, list):
        assert len(answered) == len(wanted), about
        for one, each in zip(answered, wanted, strict=True):
            assert_holds(one, each, about)
    else:
        assert answered == wanted, about
