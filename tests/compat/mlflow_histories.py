"""Random operations of MLflow's client: mostly what makes sense, on few names, so that they meet; and much that does
not make sense at all."""

from typing import Any

from hypothesis import strategies as st

from tests.compat.mlflow_operation import Operation

Strategy = st.SearchStrategy[Any]


def mostly(good: Strategy, bad: Strategy, *, share: int = 8) -> Strategy:
    """One bad value among so many."""
    return st.integers(0, share - 1).flatmap(lambda number: bad if number == share - 1 else good)


GOOD_NAMES = ("iris", "Iris", "wine quality", "modèle", "100%", "under_score", "it's")
BAD_NAMES = ("", " ", "a/b", "a:b", ".", "..", "../up", "absent", None)
GOOD_KEYS = ("k", "a.b", "with space", "under_score", "K", "x" * 250)
PROMPT_KEY = "mlflow.prompt.is_prompt"
"""Makes a model a prompt, which no search shows and few calls accept."""
BAD_KEYS = (PROMPT_KEY, "", " ", ".", "..", "/k", "a//b", "a%", "it's", "x" * 251, None)
GOOD_VALUES = ("", "v", "V", "1", "it's", 'say "so"', "50% _off_", "ünï", "true", 7, None)
BAD_VALUES = ("x" * 100_001,)
GOOD_ALIASES = ("champion", "champion", "champion", "Champion", "a-b_c", "ünï", "1", "x" * 255)
BAD_ALIASES = ("", "latest", "LATEST", "v1", "V22", "a b", "a.b", "x" * 256, None)
STAGES = ("None", "Staging", "Production", "Archived")
GOOD_STAGES = (*STAGES, "none", "staging", "PRODUCTION", "archived")
BAD_STAGES = ("", " ", "Prod", "Deleted_Internal", "Staging ", None)
SOURCES = ("s3://bucket/model", "/tmp/model", "runs:/0123/model", "models:/iris/1", "models:/Iris/2")
BAD_SOURCES = ("models:/absent/1", "models:/iris/99", "models:/iris/Production")
RUNS = ("", "r1", "r2", "0123456789abcdef0123456789abcdef")
DESCRIPTIONS = (None, "", "some text", "text with 'quotes' and ünï\nin two lines", "x" * 5000)

names = mostly(st.sampled_from(("iris", "Iris")), st.sampled_from(GOOD_NAMES + BAD_NAMES))
versions = mostly(
    st.integers(1, 4).map(str) | st.integers(1, 4), st.sampled_from((0, -1, 99, "0", "x", "1.5", "", " 1 ", "+1", "01"))
)
keys = mostly(st.sampled_from(GOOD_KEYS), st.sampled_from(BAD_KEYS))
values = mostly(st.sampled_from(GOOD_VALUES), st.sampled_from(BAD_VALUES), share=30)
aliases = mostly(st.sampled_from(GOOD_ALIASES), st.sampled_from(BAD_ALIASES))
stages = mostly(st.sampled_from(GOOD_STAGES), st.sampled_from(BAD_STAGES))
tags = st.none() | st.dictionaries(keys.filter(lambda key: key is not None), values, max_size=3)
descriptions = st.sampled_from(DESCRIPTIONS)
sources = mostly(st.sampled_from(SOURCES), st.sampled_from(BAD_SOURCES))

# Filters.

_patterns = st.sampled_from(("iris", "i%", "%s", "%", "_ris", "IRIS", "%r_s", "100%", "v", "%it's%", "", "r%", "s3%"))
_texts = _patterns | st.sampled_from(GOOD_NAMES) | st.sampled_from(RUNS) | st.sampled_from(SOURCES)
_quoted = _texts.flatmap(lambda text: st.sampled_from([f'"{text}"'] + ([f"'{text}'"] if "'" not in text else [])))
_listed = st.lists(_quoted, min_size=1, max_size=3).map(lambda texts: f"({', '.join(texts)})")
_numbers = st.sampled_from(("0", "1", "2", "3", "'2'", "-1", "99"))
_bad_values = st.sampled_from(("iris", "1.5", "()", "('a'", "'open", "NULL", "'a' 'b'", "1", "('x', 2)"))
_tag_keys = st.sampled_from(
    ("tags.k", "tag.k", "tags.`with space`", 'tags."a.b"', "tags.a.b", "tags.K", f"tags.`{PROMPT_KEY}`")
)


def _comparison(keys: Strategy, comparators: tuple[str, ...], values: Strategy) -> Strategy:
    return st.tuples(keys, st.sampled_from(comparators), values).map(" ".join)


_text_comparators = ("=", "!=", "LIKE", "ILIKE", "like")
_tag_comparison = _comparison(_tag_keys, _text_comparators, _quoted)
_name_comparison = _comparison(st.sampled_from(("name", "attribute.name")), _text_comparators, _quoted) | _comparison(
    st.just("name"), ("IN", "NOT IN", "in"), _listed
)
_version_comparison = (
    _comparison(st.just("run_id"), _text_comparators, _quoted)
    | _comparison(st.just("run_id"), ("IN", "NOT IN"), _listed)
    | _comparison(st.just("source_path"), _text_comparators, _quoted)
    | _comparison(st.just("version_number"), ("=", "!=", "<", "<=", ">", ">="), _numbers)
)
_bad_comparison = _comparison(
    st.sampled_from(
        ("name", "Name", "stage", "current_stage", "run_id", "version_number", "tags.k", "alias", "tags.", "x.y")
    ),
    ("=", "!=", "<", ">", "LIKE", "IN", "NOT IN", "~", "IS", ""),
    _quoted | _listed | _numbers | _bad_values,
)


def _filters(good: Strategy) -> Strategy:
    joined = st.lists(mostly(good, _bad_comparison), min_size=1, max_size=3).flatmap(
        lambda parts: mostly(
            st.sampled_from((" AND ", " and ")), st.sampled_from((" OR ", " ; ", "  AND\n", " AND AND ")), share=12
        ).map(lambda link: link.join(parts))
    )
    return mostly(
        st.none() | st.just("") | joined | joined | joined, st.sampled_from((" ", "()", "AND", "name", ";")), share=20
    )


def _orders(good: tuple[str, ...]) -> Strategy:
    clause = mostly(
        st.tuples(st.sampled_from(good), st.sampled_from(("", " ASC", " DESC", " asc", " desc"))).map("".join),
        st.sampled_from(("", "name BACKWARDS", "stage", "run_id", "Name", "name,version", "1", "name ASC DESC")),
        share=12,
    )
    return st.none() | st.lists(clause, max_size=3)


_page_sizes = mostly(st.sampled_from((1, 2, 3, 5, 100, 1000)), st.sampled_from((0, 1001, 200_000, 200_001)), share=10)
_page_tokens = mostly(st.none() | st.just(""), st.sampled_from(("garbage", "e30=", "AAAA")), share=12)

# Operations.


def calls(method: str, **arguments: Strategy) -> Strategy:
    return st.fixed_dictionaries(arguments).map(lambda chosen: Operation(method, chosen))


def _can_be_set(key: str | None) -> bool:
    return key is None or len(key) <= 250


_creations = (
    calls("create_registered_model", name=names, tags=tags, description=descriptions),
    calls(
        "create_model_version",
        name=names,
        source=sources,
        run_id=st.sampled_from(RUNS),
        tags=tags,
        run_link=st.sampled_from((None, "http://host/run")),
        description=descriptions,
    ),
)
_changes = (
    calls("update_registered_model", name=names, description=descriptions),
    calls("set_registered_model_tag", name=names, key=keys, value=values),
    calls("delete_registered_model_tag", name=names, key=keys.filter(_can_be_set)),
    calls("set_registered_model_alias", name=names, alias=aliases, version=versions),
    calls("delete_registered_model_alias", name=names, alias=aliases),
    calls("update_model_version", name=names, version=versions, description=descriptions),
    calls("set_model_version_tag", name=names, version=versions, key=keys, value=values),
    calls("set_model_version_tag", name=names, stage=stages, key=keys, value=values),
    calls("delete_model_version_tag", name=names, version=versions, key=keys.filter(_can_be_set)),
    calls("transition_model_version_stage", name=names, version=versions, stage=stages),
    calls(
        "transition_model_version_stage",
        name=names,
        version=versions,
        stage=stages,
        archive_existing_versions=st.booleans(),
    ),
    calls(
        "copy_model_version",
        src_model_uri=st.tuples(names, versions).map(lambda pair: f"models:/{pair[0]}/{pair[1]}"),
        dst_name=names,
    ),
)
_deletions = (
    calls("rename_registered_model", name=names, new_name=st.sampled_from(GOOD_NAMES + BAD_NAMES)),
    calls("delete_registered_model", name=names),
    calls("delete_model_version", name=names, version=versions),
)
_reads = (
    calls("get_registered_model", name=names),
    calls("get_latest_versions", name=names, stages=st.none() | st.lists(stages, max_size=3)),
    calls("get_model_version", name=names, version=versions),
    calls("get_model_version_download_uri", name=names, version=versions),
    calls("get_model_version_by_alias", name=names, alias=aliases),
    calls("get_model_version_stages", name=names, version=versions),
)
_searches = (
    calls(
        "search_registered_models",
        filter_string=_filters(_name_comparison | _tag_comparison),
        max_results=_page_sizes,
        order_by=_orders(("name", "timestamp", "last_updated_timestamp")),
        page_token=_page_tokens,
    ),
    calls(
        "search_model_versions",
        filter_string=_filters(_name_comparison | _tag_comparison | _version_comparison),
        max_results=_page_sizes,
        order_by=_orders(("name", "version_number", "creation_timestamp", "last_updated_timestamp")),
        page_token=_page_tokens,
    ),
)

BEGINNING = tuple(
    operation
    for name in ("iris", "Iris")
    for operation in (
        Operation("create_registered_model", {"name": name, "tags": {"k": "v"}}),
        *(Operation("create_model_version", {"name": name, "source": source, "run_id": ""}) for source in SOURCES[:3]),
        Operation("set_registered_model_alias", {"name": name, "alias": "champion", "version": "2"}),
    )
)
"""What a history begins with, so that the rest has something to work on."""

OPERATIONS = st.one_of(*_creations, *_creations, *_changes, *_changes, *_deletions, *_reads, *_searches, *_searches)

LAST_LOOK = (
    Operation("search_registered_models", {"order_by": ["last_updated_timestamp DESC"]}),
    Operation("search_model_versions", {"order_by": ["creation_timestamp ASC"]}),
    *(Operation("get_registered_model", {"name": name}) for name in ("iris", "Iris")),
    *(Operation("get_latest_versions", {"name": name}) for name in ("iris", "Iris")),
    *(Operation("get_model_version_by_alias", {"name": name, "alias": "champion"}) for name in ("iris", "Iris")),
)
"""What shows most of what a history has made."""
