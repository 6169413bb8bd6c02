"""Valid and invalid texts of the registry's small languages, sent over HTTP: each is accepted, or refused by a 400
with a reason; and SCIM filters match what an independent implementation matches.

That filters and orders of searches have the same meaning as in MLflow is tested in tests/compat.
"""

import base64
import contextlib
import operator
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.faults.filter_grammars import (
    ANY_ATTRIBUTE,
    SCIM_VALUES,
    filters,
    maybe_invalid,
    mutated,
    orders,
    patches,
    scim_filters,
    scim_texts,
    written,
)
from tests.faults.rounds import ROUNDS
from tests.live_registry import serving
from tests.server.api import Answer, Api
from tests.server.directory import GROUPS, SCIM, USERS
from tests.variants import variant
from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.ordering import parse_order
from tui_registry_server.rules.page_tokens import read_token
from tui_registry_server.rules.scim_filter import MAX_FILTER, And, Comparison, Filter, Not, Or, ValuePath
from tui_registry_server.rules.scim_filter import parse_filter as parse_scim_filter
from tui_registry_server.rules.scim_patch import read_changes
from tui_registry_server.rules.scim_resources import GROUP, SERVICE_PRINCIPAL, USER, Attribute, Kind, Resource
from tui_registry_server.rules.search import MODELS, VERSIONS, Searchable
from tui_registry_server.rules.search_filter import parse_filter
from tui_registry_server.wire.scim import PatchOperation

SEARCHES = [(MODELS, "/mlflow/registered-models/search"), (VERSIONS, "/mlflow/model-versions/search")]
FEWER_EXAMPLES = settings(
    max_examples=max(10, ROUNDS * 2 // 5),
    derandomize=True,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def admin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """On a registry with something to find, which may be left in any state."""
    with serving(tmp_path_factory.mktemp("fuzzed")) as live, Api(live.url, live.admin_token) as api:
        fill_models(api)
        fill_directory(api)
        yield api


def fill_models(api: Api) -> None:
    for number, name in enumerate(["a", "A b", "10", "é%", "it's"]):
        tags = [{"key": "k", "value": "a"}, {"key": "a b", "value": name}][: number % 3]
        api.post("/mlflow/registered-models/create", name=name, tags=tags).ok()
        for _ in range(number % 3):
            api.post("/mlflow/model-versions/create", name=name, source="s3://a", tags=tags).ok()
    api.post("/mlflow/transition-requests/create", name="A b", version="1", stage="Staging").ok()
    api.post("/mlflow/transition-requests/create", name="10", version="1", stage="Staging").ok()


def fill_directory(api: Api) -> None:
    ids: list[str] = []
    for number, value in enumerate(SCIM_VALUES):
        other = SCIM_VALUES[(number * 7 + 3) % len(SCIM_VALUES)]
        attributes = {
            "displayName": other,
            "externalId": value,
            "roles": [{"value": each} for each in (value, other)[: number % 3]],
        }
        whole = {"name": {"givenName": value}, "emails": [{"value": other}], "active": number % 3 > 0}
        ids.append(
            api.post(USERS, userName=f"u{number}{value}".strip(), **attributes, **(whole if number % 2 else {})).ok()[
                "id"
            ]
        )
        api.post(f"{SCIM}/ServicePrincipals", applicationId=f"s{number}", active=number % 2 > 0, **attributes).ok()
        members = [{"value": each} for each in ids[-(number % 4) :]]
        api.post(GROUPS, **attributes | {"displayName": f"g{number}", "members": members}).ok()


@pytest.fixture(scope="module")
def counts() -> Iterator[Counter[str]]:
    counted: Counter[str] = Counter()
    yield counted
    print(f"\n{counted.total()} texts: {dict(sorted(counted.items()))}")


def read_as(counts: Counter[str], answer: Answer, read: Callable[[], object]) -> bool:
    """Whether it was accepted: both over HTTP and by the rules alone."""
    refusal = None
    try:
        read()
    except InvalidParameterValue as error:
        refusal = error.message
    counts["refused" if refusal else "understood"] += 1
    if refusal is None:
        answer.ok()
    else:
        assert answer.invalid() == refusal
    return refusal is None


def holds_nul(*texts: str) -> bool:
    return any("\0" in text for text in texts)


@pytest.mark.parametrize(("searchable", "path"), SEARCHES, ids=["models", "versions"])
def test_searches(searchable: Searchable, path: str, admin: Api, counts: Counter[str]) -> None:
    @FEWER_EXAMPLES
    @given(text=maybe_invalid(filters(searchable)), order_by=orders(searchable))
    def search(text: str, order_by: list[str]) -> None:
        answer = admin.get(path, filter=text, order_by=order_by, max_results=1)
        if holds_nul(text, *order_by):
            answer.invalid()
            return

        def read() -> None:
            parse_filter(text, searchable.attributes)
            order = parse_order(order_by, searchable.order)
            assert len({each.key for each in order}) == len(order)
            assert {each.key for each in searchable.order.unique} <= {each.key for each in order}

        understood = read_as(counts, answer, read)
        if understood and (token := answer.json.get("next_page_token")):
            admin.get(path, filter=text, order_by=order_by, max_results=1, page_token=token).ok()

    search()


RESOURCES = [USER, GROUP, variant(SERVICE_PRINCIPAL)]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.plural)
def test_scim_filters_are_read_or_refused(resource: Resource, admin: Api, counts: Counter[str]) -> None:
    @FEWER_EXAMPLES
    @given(text=scim_texts(resource))
    def ask(text: str) -> None:
        answer = admin.get(f"{SCIM}/{resource.plural}", filter=text, count=3)
        if holds_nul(text):
            answer.invalid()
        else:
            read_as(counts, answer, lambda: parse_scim_filter(text, resource))

    ask()


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.plural)
def test_scim_filters_find_what_they_mean(resource: Resource, admin: Api, counts: Counter[str]) -> None:
    path = f"{SCIM}/{resource.plural}"
    everybody = admin.get(path, count=1000).ok()["Resources"]

    @FEWER_EXAMPLES
    @given(data=st.data(), meant=scim_filters(resource))
    def ask(data: st.DataObject, meant: Filter) -> None:
        text = data.draw(written(meant))
        found = [each["id"] for each in admin.get(path, filter=text, count=1000, attributes="id").ok()["Resources"]]
        counts["found as meant"] += 1
        assert set(found) == {each["id"] for each in everybody if lets_through(meant, each)}
        assert len(found) == len(set(found))

    ask()


def lets_through(meant: Filter, document: Mapping[str, Any]) -> bool:
    match meant:
        case Not(operand):
            return not lets_through(operand, document)
        case And(operands):
            return all(lets_through(each, document) for each in operands)
        case Or(operands):
            return any(lets_through(each, document) for each in operands)
        case ValuePath(top, operand):
            return any(lets_through(operand, each) for each in values_of(document, top))
        case Comparison(attribute, compared, asked):
            values = values_at(document, attribute)
            if compared == "pr":
                return any(value != "" for value in values)
            if attribute.kind is Kind.TEXT:
                values, asked = [value.lower() for value in values], str(asked).lower()
            if compared == "ne":
                return asked not in values
            return any(COMPARED[compared](value, asked) for value in values)


COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "co": operator.contains,
    "sw": str.startswith,
    "ew": str.endswith,
    "gt": operator.gt,
    "lt": operator.lt,
    "ge": operator.ge,
    "le": operator.le,
}


def values_at(document: Mapping[str, Any], attribute: Attribute) -> list[Any]:
    """A missing value is an empty text, or false."""
    top, _, part = attribute.path.partition(".")
    missing = False if attribute.kind is Kind.BOOLEAN else ""
    if attribute.many:
        return [each.get(part, missing) for each in values_of(document, top)]
    found = document.get(top, {} if part else missing)
    value = found.get(part, missing) if part else found
    if attribute.kind is Kind.DATETIME:
        return [round(datetime.fromisoformat(value).timestamp() * 1000)]
    return [value]


def values_of(document: Mapping[str, Any], top: str) -> list[dict[str, Any]]:
    return [each for each in document.get(top, []) if each.get("type") != "indirect"]


@pytest.mark.parametrize("resource", RESOURCES, ids=lambda resource: resource.plural)
def test_scim_changes_are_made_whole_or_refused(resource: Resource, admin: Api, counts: Counter[str]) -> None:
    path = f"{SCIM}/{resource.plural}"
    named = {"userName": "changed", "displayName": "changed", "applicationId": "changed"}
    changed = f"{path}/{admin.post(path, **{resource.name: named[resource.name]}).ok()['id']}"

    members = [each["id"] for each in admin.get(USERS, count=5).ok()["Resources"]]

    @FEWER_EXAMPLES
    @given(operations=st.lists(patches(resource, members), max_size=3))
    def change(operations: list[dict[str, Any]]) -> None:
        before = admin.get(changed).ok()
        answer = admin.patch(changed, Operations=operations)
        if answer.status == 200:
            counts["changed"] += 1
            assert admin.get(changed).ok() == answer.json
            read_changes([PatchOperation.model_validate(each) for each in operations], resource)
            return
        counts["refused"] += 1
        assert answer.status in {400, 404}, answer  # 404: there is no such member
        assert admin.get(changed).ok() == before

    change()


PAGED = {
    "/mlflow/registered-models/search": {"order_by": "timestamp"},
    "/mlflow/registered-models/list": {},
    "/mlflow/model-versions/search": {},
    "/mlflow/transition-requests/list": {},
    "/mlflow/activities/list": {},
}


@pytest.mark.parametrize("path", PAGED)
def test_page_tokens(path: str, admin: Api, counts: Counter[str]) -> None:
    asked = PAGED[path] | {"max_results": 1}
    token = admin.get(path, **asked).ok()["next_page_token"]

    @FEWER_EXAMPLES
    @given(made_up=st.one_of(mutated(st.just(token)), mutated(st.just(opened(token))).map(closed), ANY_ATTRIBUTE))
    def turn(made_up: str) -> None:
        answer = admin.get(path, **asked, page_token=made_up)
        counts[f"page {answer.status}"] += 1
        if answer.status != 200:
            answer.invalid()

    turn()


def opened(token: str) -> str:
    return base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode("latin-1")


def closed(content: str) -> str:
    return base64.urlsafe_b64encode(content.encode("latin-1", "replace")).decode().rstrip("=")


LONG = 200_000
"""Characters: the maximum length."""
PIECES = [
    *("'", '"', "`", "\\", "\\'", "''", "a.", "a.'", "a.\\'", "(", ")", "not (", "'a',", "name in (", "name = 'a' "),
    *("AND ", "=", "1", "1.", "_", "a.b.", 'a[value eq "', " ", "tags.k = '", "\\''", "name LIKE '%a"),
]
READERS: dict[str, Callable[[str], object]] = {
    "filter": lambda text: parse_filter(text[:LONG], VERSIONS.attributes),
    "order": lambda text: parse_order([text], VERSIONS.order),
    "many orders": lambda text: parse_order([text[:20]] * LONG, VERSIONS.order),
    "page token": lambda text: read_token(text, "search", (str,)),
    "nested page token": lambda text: read_token(closed(text), "search", (str,)),
    "SCIM filter": lambda text: parse_scim_filter(text[:MAX_FILTER], USER),
    "SCIM path": lambda text: read_changes([PatchOperation(op="add", path=text[:1000])], USER),
}


@pytest.mark.timeout(60)  # none takes a second
@pytest.mark.parametrize("reader", READERS)
def test_long_texts(reader: str) -> None:
    """All are parsed completely, or refused: none blocks the event loop, or is too deep to be parsed."""
    for piece in [*PIECES, "[", '{"a":', "[1,", "9"]:
        for begin in ("", "name IN (", "members", "'", "tags.`", '["search",'):
            text = begin + piece * (LONG // len(piece))
            with contextlib.suppress(InvalidParameterValue):
                READERS[reader](text)
