"""The intended differences between this registry and MLflow's own store, each with its reason.

FIELDS_NOT_COMPARED, WITH_ALIASES and OTHER_CODES are allowed in random histories. What one side accepts and the other
refuses would make the two histories diverge, so it is not part of them (see mlflow_histories.py), and EXAMPLES show
each of these.
"""

import re
from dataclasses import dataclass

from tests.compat.mlflow_operation import Operation, Outcome, Refused

FIELDS_NOT_COMPARED = {
    "user_id": "MLflow leaves it empty; this registry records who made a version.",
}

WITH_ALIASES = frozenset({"get_model_version", "get_model_version_by_alias", "get_latest_versions"})
"""The calls of which MLflow's versions have their aliases. Here those of searches, of models and of changes have them,
too: MLflow's users ask for that, as they would have to read each version once more. tests.faults.test_rules compares
these."""


@dataclass(frozen=True)
class OtherCode:
    """Both refuse, with these codes; ``message`` is a pattern of MLflow's."""

    theirs: str
    ours: str
    message: str
    reason: str


IMPOSSIBLE = "The client asked for something impossible; the registry did not fail, so this is no internal error."
NOT_THERE = "What the source names, or the model to add it to, is not there; the registry did not fail."

OTHER_CODES = (
    OtherCode("INTERNAL_ERROR", "INVALID_PARAMETER_VALUE", r"contains duplicate fields", IMPOSSIBLE),
    OtherCode("INTERNAL_ERROR", "INVALID_PARAMETER_VALUE", r"too large to convert to SQLite INTEGER", IMPOSSIBLE),
    OtherCode("BAD_REQUEST", "INVALID_PARAMETER_VALUE", r"sqlalche\.me", "The same: a filter that cannot be run."),
    OtherCode("ValueError", "INVALID_PARAMETER_VALUE", r"not enough values to unpack", IMPOSSIBLE),
    OtherCode("INTERNAL_ERROR", "INVALID_PARAMETER_VALUE", r"is not an Active stage", IMPOSSIBLE),
    OtherCode("INTERNAL_ERROR", "RESOURCE_DOES_NOT_EXIST", r"is not an Active stage", IMPOSSIBLE),
    OtherCode("INTERNAL_ERROR", "INVALID_PARAMETER_VALUE", r"Unable to fetch model from model URI", IMPOSSIBLE),
    OtherCode("INTERNAL_ERROR", "RESOURCE_DOES_NOT_EXIST", r"Unable to fetch model from model URI", NOT_THERE),
    OtherCode(
        "INVALID_PARAMETER_VALUE",
        "RESOURCE_DOES_NOT_EXIST",
        r"^(Invalid value|Invalid alias name|'(key|value)' exceeds|.*alias name)",
        "A bad argument for what does not exist: here it is seen first whether the caller may see the subject at all.",
    ),
)


def is_intended(theirs: object, ours: object) -> bool:
    """Whether two errors of the same operation may have these different codes."""
    return (
        isinstance(theirs, Refused)
        and isinstance(ours, Refused)
        and any(
            (theirs.code, ours.code) == (each.theirs, each.ours) and re.search(each.message, theirs.message)
            for each in OTHER_CODES
        )
    )


def comparable(operation: Operation, outcome: Outcome) -> Outcome:
    """An outcome without the fields that are not compared."""
    if isinstance(outcome, list):
        return [comparable(operation, each) for each in outcome]
    if isinstance(outcome, dict):
        left_out = set(FIELDS_NOT_COMPARED)
        if "current_stage" in outcome and operation.method not in WITH_ALIASES:
            left_out.add("aliases")
        return {name: comparable(operation, each) for name, each in outcome.items() if name not in left_out}
    return outcome


ACCEPTED = "accepted"
BEFORE_EXAMPLES = (
    Operation("create_registered_model", {"name": "iris"}),
    Operation("create_model_version", {"name": "iris", "source": "s3://bucket/model"}),
)


@dataclass(frozen=True)
class Example:
    """An operation after BEFORE_EXAMPLES, and the outcome on both sides: see ``in_brief``."""

    operation: Operation
    theirs: str
    ours: str
    reason: str


def in_brief(outcome: Outcome) -> str:
    """An error code, the number of results, or ACCEPTED."""
    if isinstance(outcome, Refused):
        return outcome.code
    if isinstance(outcome, list):
        return f"{sum(len(page) for page in outcome)} found"
    return ACCEPTED


INVALID = "INVALID_PARAMETER_VALUE"
LENGTHS = "MLflow's tables have the limit too, but SQLite does not hold it to them; its other databases fail."
NEWLINE = "MLflow's pattern, by oversight, lets a line break stand at the end."
CLIMBING = "MLflow's own server refuses it as well; only its store, used directly, does not."

READ_BY_PYTHON = "MLflow lets Python read the number, which takes more for one than anybody means, or Databricks takes."


def _create(**arguments: object) -> Operation:
    return Operation("create_registered_model", arguments)


def _add(**arguments: object) -> Operation:
    return Operation("create_model_version", {"name": "iris", "source": "s3://bucket/model", "run_id": ""} | arguments)


def _search(**arguments: object) -> Operation:
    return Operation("search_model_versions", arguments)


EXAMPLES = (
    Example(_create(name="x" * 257), ACCEPTED, INVALID, LENGTHS),
    Example(_add(source="s3://bucket/" + "x" * 500), ACCEPTED, INVALID, LENGTHS),
    Example(_add(description="x" * 100_001), ACCEPTED, INVALID, LENGTHS),
    Example(_add(source="file:///models/../secret"), ACCEPTED, INVALID, CLIMBING),
    Example(_add(source="file:///models/%252e%252e/secret"), ACCEPTED, INVALID, CLIMBING),
    Example(_create(name="a\0b"), ACCEPTED, INVALID, "Not every database can hold a NUL character."),
    Example(
        Operation("set_registered_model_tag", {"name": "iris", "key": "k\n", "value": "v"}), ACCEPTED, INVALID, NEWLINE
    ),
    Example(
        Operation("set_registered_model_alias", {"name": "iris", "alias": "a\n", "version": "1"}),
        ACCEPTED,
        INVALID,
        NEWLINE,
    ),
    Example(
        Operation("delete_registered_model_tag", {"name": "iris", "key": "x" * 251}),
        ACCEPTED,
        INVALID,
        "MLflow checks the length of a tag's key when it is set, not when it is deleted.",
    ),
    Example(
        _add(source=f"models:/m-{'0' * 32}"),
        "INTERNAL_ERROR",
        ACCEPTED,
        "A logged model is on the client's tracking store, which a registry apart cannot ask.",
    ),
    *(
        Example(
            _add(source=source),
            "INTERNAL_ERROR",
            ACCEPTED,
            "MLflow's own server finds out which version is meant; only its store, used directly, does not.",
        )
        for source in ("models:/iris/latest", "models:/iris/None", "models:/iris@latest")
    ),
    *(
        Example(Operation("get_model_version", {"name": "iris", "version": version}), ACCEPTED, INVALID, READ_BY_PYTHON)
        for version in (" 1 ", "+1", "0_1", "١")
    ),
    Example(
        _search(filter_string="tags. = 'v'"), "0 found", INVALID, "There is no tag without a key; a word was forgotten."
    ),
    Example(
        _search(order_by=["version DESC"]),
        INVALID,
        "1 found",
        "What a version's number is called everywhere else.",
    ),
    Example(
        Operation("search_registered_models", {"max_results": -1}),
        "0 found",
        INVALID,
        "A page of nothing, sometimes with a token for the next page of nothing; so it is with 0.",
    ),
    Example(
        _search(page_token="eyJvZmZzZXQiOiAxfQ=="),
        "0 found",
        INVALID,
        "A token is good for the search that it was given for; MLflow's is an offset into any.",
    ),
)
