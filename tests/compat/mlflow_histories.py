"""Random histories of calls to MLflow's client: mostly sensible ones, on few names, so that the calls affect each
other; and many invalid ones. The same seed gives the same history.

Values are drawn by choices: functions of a random generator.
"""

from collections.abc import Callable
from random import Random
from typing import Any

from tests.compat.mlflow_operation import Operation

Choice = Callable[[Random], Any]


def pick(*values: Any) -> Choice:
    return lambda random: random.choice(values)


def either(*choices: Choice) -> Choice:
    return lambda random: random.choice(choices)(random)


def mostly(good: Choice, bad: Choice, *, of: int = 8) -> Choice:
    """One invalid value in ``of``."""
    return lambda random: (good if random.randrange(of) else bad)(random)


def some(choice: Choice, least: int, most: int) -> Choice:
    """A list of random length."""
    return lambda random: [choice(random) for _ in range(random.randint(least, most))]


GOOD_NAMES = ("iris", "Iris", "wine quality", "modèle", "100%", "under_score", "it's", "a@b")
BAD_NAMES = ("", " ", "a/b", "a:b", ".", "..", "../up", "absent", None)
GOOD_KEYS = ("k", "a.b", "with space", "under_score", "K", "x" * 250)
PROMPT_KEY = "mlflow.prompt.is_prompt"
"""Makes a model a prompt, which no search shows and few calls accept."""
BAD_KEYS = (PROMPT_KEY, "", " ", ".", "..", "/k", "a//b", "a%", "it's", None)
TOO_LONG_KEY = "x" * 251
GOOD_VALUES = ("", "v", "V", "1", "it's", 'say "so"', "50% _off_", "ünï", "true", 7, None)
GOOD_ALIASES = ("champion", "champion", "champion", "Champion", "a-b_c", "ünï", "1", "x" * 255)
BAD_ALIASES = ("", "latest", "LATEST", "v1", "V22", "a b", "a.b", "x" * 256, None)
GOOD_STAGES = ("None", "Staging", "Production", "Archived", "none", "staging", "PRODUCTION", "archived")
BAD_STAGES = ("", " ", "Prod", "Deleted_Internal", "Staging ")
SOURCES = ("s3://bucket/model", "/tmp/model", "runs:/0123/model", "models:/iris/1", "models:/Iris/2")
BAD_SOURCES = ("models:/absent/1", "models:/iris/99", "models:/absent/2")
RUNS = ("", "r1", "r2", "0123456789abcdef0123456789abcdef")

names = mostly(pick("iris", "Iris"), pick(*GOOD_NAMES, *BAD_NAMES))
versions = mostly(pick(1, 2, 3, 4, "1", "2", "3", "4"), pick(0, -1, 99, "0", "x", "1.5", "", "01", "9" * 30))
keys = mostly(pick(*GOOD_KEYS), pick(*BAD_KEYS))
set_keys = mostly(keys, pick(TOO_LONG_KEY), of=20)
values = mostly(pick(*GOOD_VALUES), pick("x" * 100_001), of=30)
aliases = mostly(pick(*GOOD_ALIASES), pick(*BAD_ALIASES))
stages = mostly(pick(*GOOD_STAGES), pick(*BAD_STAGES))
stages_or_none = mostly(stages, pick(None), of=20)  # for fields that a client can omit
descriptions = pick(None, "", "some text", "text with 'quotes' and ünï\nin two lines", "x" * 5000)
sources = mostly(pick(*SOURCES), pick(*BAD_SOURCES))


def tags(random: Random) -> dict[str, Any] | None:
    """A client drops a tag without a key before it sends anything."""
    if not random.randrange(3):
        return None
    return {key: values(random) for key in some(set_keys, 0, 3)(random) if key is not None}


# Filters.


def quoted(random: Random) -> str:
    text = str(
        either(
            pick("iris", "i%", "%s", "%", "_ris", "IRIS", "%r_s", "100%", "v", "%it's%", "", "r%", "s3%"),
            pick(*GOOD_NAMES, *RUNS, *SOURCES),
        )(random)
    )
    return f'"{text}"' if "'" in text or random.randrange(2) else f"'{text}'"


def comparison(keys: Choice, comparators: Choice, values: Choice) -> Choice:
    return lambda random: f"{keys(random)} {comparators(random)} {values(random)}"


def listed(random: Random) -> str:
    return f"({', '.join(some(quoted, 1, 3)(random))})"


numbers = pick("0", "1", "2", "3", "'2'", "-1", "99")
tag_keys = pick("tags.k", "tag.k", "tags.`with space`", 'tags."a.b"', "tags.a.b", "tags.K", f"tags.`{PROMPT_KEY}`")
text_comparators = pick("=", "!=", "LIKE", "ILIKE", "like")
list_comparators = pick("IN", "NOT IN", "in")

tag_comparison = comparison(tag_keys, text_comparators, quoted)
name_comparison = either(
    comparison(pick("name", "attribute.name"), text_comparators, quoted),
    comparison(pick("name"), list_comparators, listed),
)
version_comparison = either(
    comparison(pick("run_id"), text_comparators, quoted),
    comparison(pick("run_id"), list_comparators, listed),
    comparison(pick("source_path"), text_comparators, quoted),
    comparison(pick("version_number"), pick("=", "!=", "<", "<=", ">", ">="), numbers),
)
bad_comparison = comparison(
    pick("name", "Name", "stage", "current_stage", "run_id", "version_number", "tags.k", "alias", "x.y"),
    pick("=", "!=", "<", ">", "LIKE", "IN", "NOT IN", "~", "IS", ""),
    either(quoted, listed, numbers, pick("iris", "1.5", "()", "('a'", "'open", "NULL", "'a' 'b'", "1", "('x', 2)")),
)


def filters(good: Choice) -> Choice:
    def joined(random: Random) -> str:
        link = mostly(pick(" AND ", " and "), pick(" OR ", " ; ", "  AND\n", " AND AND "), of=12)(random)
        return str(link).join(some(mostly(good, bad_comparison, of=12), 1, 3)(random))

    return mostly(either(pick(None, ""), joined, joined), pick(" ", "()", "AND", "name", ";"), of=20)


def orders(*keys: str) -> Choice:
    def clause(random: Random) -> str:
        return f"{pick(*keys)(random)}{pick('', ' ASC', ' DESC', ' asc', ' desc')(random)}"

    bad = pick("", "name BACKWARDS", "stage", "run_id", "Name", "name,version", "1", "name ASC DESC")
    return either(pick(None), some(mostly(clause, bad, of=12), 0, 3))


page_sizes = mostly(pick(1, 2, 3, 5, 100, 1000), pick(1001, 200_000, 200_001), of=10)
page_tokens = mostly(pick(None, ""), pick("garbage", "e30=", "AAAA"), of=12)


# Operations.


def calls(method: str, **arguments: Choice) -> Choice:
    return lambda random: Operation(method, {name: choice(random) for name, choice in arguments.items()})


one_version = {"name": names, "version": versions}
creations = either(
    calls("create_registered_model", name=names, tags=tags, description=descriptions),
    *3
    * [
        calls(
            "create_model_version",
            name=names,
            source=sources,
            run_id=pick(*RUNS),
            tags=tags,
            run_link=pick(None, "", "http://host/run"),
            description=descriptions,
        )
    ],
    calls(
        "copy_model_version",
        src_model_uri=lambda random: f"models:/{names(random)}/{versions(random)}",
        dst_name=names,
    ),
)
changes = either(
    calls("update_registered_model", name=names, description=descriptions),
    calls("set_registered_model_tag", name=names, key=set_keys, value=values),
    calls("delete_registered_model_tag", name=names, key=keys),
    calls("set_registered_model_alias", **one_version, alias=aliases),
    calls("delete_registered_model_alias", name=names, alias=aliases),
    calls("update_model_version", **one_version, description=descriptions),
    calls("set_model_version_tag", **one_version, key=set_keys, value=values),
    calls("set_model_version_tag", name=names, stage=stages_or_none, key=set_keys, value=values),
    calls("delete_model_version_tag", **one_version, key=keys),
    calls("transition_model_version_stage", **one_version, stage=stages_or_none),
    calls(
        "transition_model_version_stage",
        **one_version,
        stage=stages_or_none,
        archive_existing_versions=pick(True, False),
    ),
)
deletions = either(
    calls("rename_registered_model", name=names, new_name=pick(*GOOD_NAMES, *BAD_NAMES)),
    calls("delete_registered_model", name=names),
    calls("delete_model_version", **one_version),
    calls("delete_model_version", **one_version),
)
reads = either(
    calls("get_registered_model", name=names),
    calls("get_latest_versions", name=names, stages=either(pick(None), some(stages, 0, 3))),
    calls("get_model_version", **one_version),
    calls("get_model_version_download_uri", **one_version),
    calls("get_model_version_by_alias", name=names, alias=aliases),
    calls("get_model_version_stages", **one_version),
)
searches = either(
    calls(
        "search_registered_models",
        filter_string=filters(either(name_comparison, tag_comparison)),
        max_results=page_sizes,
        order_by=orders("name", "timestamp", "last_updated_timestamp"),
        page_token=page_tokens,
    ),
    calls(
        "search_model_versions",
        filter_string=filters(either(name_comparison, tag_comparison, version_comparison, version_comparison)),
        max_results=page_sizes,
        order_by=orders("name", "version_number", "creation_timestamp", "last_updated_timestamp"),
        page_token=page_tokens,
    ),
)
steps = either(creations, creations, changes, changes, changes, deletions, reads, reads, searches, searches, searches)

BEGINNING = tuple(
    operation
    for name in ("iris", "Iris")
    for operation in (
        Operation("create_registered_model", {"name": name, "tags": {"k": "v"}}),
        *(Operation("create_model_version", {"name": name, "source": source, "run_id": ""}) for source in SOURCES[:3]),
        Operation("set_registered_model_alias", {"name": name, "alias": "champion", "version": "2"}),
    )
)
"""The objects of the rest of a history."""

LAST_LOOK = (
    Operation("search_registered_models", {"order_by": ["last_updated_timestamp DESC"]}),
    Operation("search_model_versions", {"order_by": ["creation_timestamp ASC"]}),
    *(Operation("get_registered_model", {"name": name}) for name in GOOD_NAMES),
    *(Operation("get_latest_versions", {"name": name}) for name in ("iris", "Iris")),
)
"""Reads that show most of what a history has created."""


def history(seed: int, length: int) -> list[Operation]:
    """Initial calls, random operations, and reads of all results."""
    random = Random(seed)
    return [*BEGINNING, *(steps(random) for _ in range(length)), *LAST_LOOK]
