"""Finding models by parts of their names, which change: the trigram index has the same results as a plain match."""

import re
import uuid
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.server.callers import Callers

MODELS = "/mlflow/registered-models/search"
VERSIONS = "/mlflow/model-versions/search"

NAMES = (
    "churn-eu",
    "Churn-US",
    "fraud_card",
    "fraud-card",
    "需要予測-関東",
    "it's-quoted",
    "50%-rule",
    "ab",
    "naïve-Ärger",
    "質問?回答*[案]",
)
PATTERNS = (
    *("%churn%", "%CHURN%", "%hur_-e%", "%churn%eu%", "%eu%churn%", "churn%", "%-us%"),
    *("%raud_card%", "%raud-card%", "%測-関%", "%予測-%東%", "%t's-q%", "%-rule%", "%ÄRGER%", "%ärger%", "%ïve%"),
    *("%ab%", "_b%", "___%", "%zzz%", "%*ard%", "%[a]%"),
    *("%問?回%", "%回答*%", "%答*[案%", "%*[案]%", "%質問?%*[%"),
)


@pytest.fixture(scope="module")
def named(callers: Callers) -> Iterator[list[str]]:
    """Models with these names, each with a unique suffix."""
    ending = uuid.uuid4().hex[:8]
    names = [f"{name}.{ending}" for name in NAMES]
    for name in names:
        callers.creator.post("/mlflow/registered-models/create", name=name).ok()
        callers.creator.post("/mlflow/model-versions/create", name=name, source="s3://models/1").ok()
    yield names
    for name in names:
        callers.creator.delete("/mlflow/registered-models/delete", name=name).ok()


def matches(pattern: str, name: str, *, any_case: bool) -> bool:
    """The meaning of LIKE: % is any text, _ any character; ILIKE is case-insensitive for A to Z, as in SQLite."""
    if any_case:
        pattern, name = (re.sub("[A-Z]", lambda letter: letter[0].lower(), each) for each in (pattern, name))
    expression = "".join({"%": ".*", "_": "."}.get(character, re.escape(character)) for character in pattern)
    return re.fullmatch(expression, name, re.DOTALL) is not None


@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("comparator", ["LIKE", "ILIKE"])
def test_a_part_of_the_name(callers: Callers, named: list[str], comparator: str, pattern: str) -> None:
    ending = named[0].rpartition(".")[2]
    whole = pattern if pattern.endswith("%") else f"{pattern}%"
    expected = {name for name in named if matches(whole, name, any_case=comparator == "ILIKE")}
    text = f'name {comparator} "{whole}" AND name LIKE "%.{ending}"'
    found = callers.creator.get(MODELS, filter=text).ok().get("registered_models", [])
    assert {each["name"] for each in found} == expected
    found = callers.creator.get(VERSIONS, filter=text).ok().get("model_versions", [])
    assert {each["name"] for each in found} == expected


TEXTS = (
    "churn",
    "CHURN",
    "d_c",
    "fraud_card",
    "_",
    "%",
    "50%",
    "%-",
    "it's",
    "'",
    "-",
    "*[",
    "?回答",
    "Ärger",
    "ärger",
)


@pytest.mark.parametrize("text", TEXTS)
def test_a_text_that_stands_for_itself(callers: Callers, named: list[str], text: str) -> None:
    ending = named[0].rpartition(".")[2]
    expected = {name for name in named if matches(f"%{_literal(text)}%", _literal(name), any_case=True)}
    asked = f"name CONTAINS u'{quote(text, safe='')}' AND name LIKE '%.{ending}'"
    for path, kind in ((MODELS, "registered_models"), (VERSIONS, "model_versions")):
        found = callers.creator.get(path, filter=asked).ok().get(kind, [])
        assert {each["name"] for each in found} == expected
        pages = callers.creator.get(path, filter=asked, max_results=1).ok()
        assert len(pages.get(kind, [])) == min(1, len(expected)), "nothing else takes a place on a page"


def _literal(text: str) -> str:
    """With literal characters in place of wildcards."""
    return text.replace("%", "\x01").replace("_", "\x02")


def test_a_text_that_cannot_be_written_in_mlflows_grammar(callers: Callers) -> None:
    name = f"it's 5\" \\{uuid.uuid4().hex}\\"
    callers.creator.post("/mlflow/registered-models/create", name=name).ok()
    for asked in ("name = u'{}'", "name IN (u'{}')", "name CONTAINS u'{}'"):
        found = callers.creator.get(MODELS, filter=asked.format(quote(name, safe=""))).ok()
        assert [each["name"] for each in found["registered_models"]] == [name]
    callers.creator.delete("/mlflow/registered-models/delete", name=name).ok()


def test_names_that_change(callers: Callers) -> None:
    ending = uuid.uuid4().hex[:8]
    first, second = f"zephyr-{ending}", f"mistral-{ending}"

    def found(part: str) -> list[str]:
        answer = callers.creator.get(MODELS, filter=f"name LIKE '%{part}%{ending}'").ok()
        return [each["name"] for each in answer.get("registered_models", [])]

    callers.creator.post("/mlflow/registered-models/create", name=first).ok()
    assert found("zep") == found("phyr-") == [first]
    callers.creator.post("/mlflow/registered-models/rename", name=first, new_name=second).ok()
    assert (found("zep"), found("ist")) == ([], [second])
    callers.creator.patch("/mlflow/registered-models/update", name=second, description="zephyr").ok()
    assert (found("zep"), found("ist")) == ([], [second])
    callers.creator.delete("/mlflow/registered-models/delete", name=second).ok()
    assert found("ist") == []
    callers.creator.post("/mlflow/registered-models/create", name=second).ok()
    assert found("ist") == [second]
    callers.creator.delete("/mlflow/registered-models/delete", name=second).ok()


def test_a_rename_that_is_refused_changes_nothing(callers: Callers) -> None:
    ending = uuid.uuid4().hex[:8]
    one, other = f"harmattan-{ending}", f"sirocco-{ending}"
    for name in (one, other):
        callers.creator.post("/mlflow/registered-models/create", name=name).ok()
    assert callers.creator.post("/mlflow/registered-models/rename", name=one, new_name=other).status == 400
    for name in (one, other):
        found = callers.creator.get(MODELS, filter=f"name LIKE '%{name[3:]}'").ok()
        assert [each["name"] for each in found["registered_models"]] == [name]
        callers.creator.delete("/mlflow/registered-models/delete", name=name).ok()
