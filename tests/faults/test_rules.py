"""Whatever is done in whatever order, a live registry answers and remembers as the plain one does.

Everything goes over HTTP, as an administrator and two ordinary users; on PostgreSQL by turns over two servers, so that
what one wrote and the other remembered shows. The file is long because it has a rule for each verb.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, groupby
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test

from tests.faults.filter_clauses import Clause, Item, clauses
from tests.faults.reference_comparison import MODELS, VERSIONS, compare, model_entity, plainly, version_entity
from tests.faults.reference_registry import (
    ADMIN,
    CREATE,
    GROUP,
    LEVELS,
    READ,
    STAGES,
    ReferenceRegistry,
    Refused,
)
from tests.faults.rounds import ROUNDS
from tests.faults.shared_registry import SharedRegistry, shared_registry
from tests.live_registry import command
from tests.server.api import Answer, Api
from tests.server.callers import SCIM, add_group, user_id

EXAMPLES = max(5, ROUNDS // 3)
STEPS = 30  # of each example
PHASES = (Phase.generate, Phase.shrink) if ROUNDS > 100 else (Phase.generate,)
"""The shortest way to a mistake takes minutes to find, so the short form tells the first it met."""
ANN, BOB = "ann", "bob"
NAMES = ["alpha", "Alpha", "a_pha", "gäm%ma's"]
KEYS, VALUES = ["k", "a.b c"], ["", "x", "X%", "it's ä"]
ALIASES = ["champion", "champion", "Champion", "b-2"]
PATTERNS = ["%", "", "alpha", "ALPHA", "%pha", "%PH%", "a_pha", "%ä%", "%'s", "_", "x", "x_", "%!%%", "%\\%%"]
PEOPLE = [ADMIN, ANN, BOB]

REQUESTS, COMMENTS = "/mlflow/transition-requests", "/mlflow/comments"

Asked = tuple[str, int, str, str]
"""A model's name, a version's number, a stage, and who asked for it."""

whos = st.sampled_from([ADMIN, ANN, ANN, BOB, BOB])
rulers = st.sampled_from([ADMIN, ADMIN, ANN, BOB])
names: st.SearchStrategy[str] = st.runner().flatmap(lambda rules: st.sampled_from(rules.likely_names()))
places: st.SearchStrategy[tuple[str, int]] = st.runner().flatmap(lambda rules: st.sampled_from(rules.likely_versions()))
asked: st.SearchStrategy[Asked] = st.runner().flatmap(lambda rules: st.sampled_from(rules.likely_requests()))
commented: st.SearchStrategy[tuple[str, str]] = st.runner().flatmap(lambda rules: st.sampled_from(rules.comments))
stages = st.sampled_from([*STAGES, "Production"])
texts = st.sampled_from([None, "said", "said ä'\"\n"])
levels = st.sampled_from(LEVELS)
members = st.sets(st.sampled_from([ANN, BOB]))
entries = st.lists(st.tuples(st.sampled_from([ANN, BOB, GROUP]), levels), max_size=3)
keys, values, aliases = st.sampled_from(KEYS), st.sampled_from(VALUES), st.sampled_from(ALIASES)


class Rules(RuleBasedStateMachine):
    """``apis`` are everybody's, one for each server; ``counts`` gets how often each verb came to what."""

    apis: ClassVar[dict[str, list[Api]]]
    counts: ClassVar[Counter[tuple[str, str]]]

    def __init__(self) -> None:
        super().__init__()
        self._turn = 0
        self.reference = ReferenceRegistry()
        self.seen: dict[str, tuple[dict[str, str], str]] = {}
        """The grants on models as somebody saw them, with the etag for that."""
        self.comments = [("0" * 32, ANN)]
        """The ids and authors of all there were."""
        admin = self.apis[ADMIN][0]
        while found := admin.get(f"{MODELS}/search").ok().get("registered_models"):
            for each in found:
                admin.delete(f"{MODELS}/delete", name=each["name"]).ok()
        admin.put("/permissions/registered-models/root").ok()
        self._group = admin.get(f"{SCIM}/Groups", filter=f'displayName eq "{GROUP}"').ok()["Resources"][0]["id"]
        self._ids = {name: user_id(admin, name) for name in (ANN, BOB)}
        admin.put(f"{SCIM}/Groups/{self._group}", displayName=GROUP, members=[]).ok()
        time.sleep(0.002)  # what was before is of another millisecond
        self._since = int(time.time() * 1000)

    def api(self, who: str) -> Api:
        self._turn += 1
        return self.apis[who][self._turn % len(self.apis[who])]

    def likely_names(self) -> list[str]:
        return [*self.reference.models, *self.reference.models, *NAMES[1:]]

    def likely_versions(self) -> list[tuple[str, int]]:
        there = [(name, number) for name, model in self.reference.models.items() for number in model.versions]
        return [*there, *there, *((name, 3) for name in NAMES[:2])]

    def likely_requests(self) -> list[Asked]:
        there = [
            (each["name"], each["version"], each["to"], each["creator"]) for each in self.reference.open_requests(ADMIN)
        ]
        return [*there, *there, *((*place, "Staging", ANN) for place in self.likely_versions()[:2])]

    def _same(self, verb: str, expected: Callable[[], Any], call: Callable[[], Answer]) -> tuple[Any, Any]:
        """What both came to: the plain registry's result and the live one's JSON, None where both refused."""
        try:
            result = expected()
        except Refused as refused:
            self.counts[verb, refused.code] += 1
            call().refused(refused.status, refused.code)
            return None, None
        self.counts[verb, "done"] += 1
        return result, call().ok()

    # Models

    @initialize(levels=st.tuples(levels, levels), of_group=levels, members=members, stage=stages)
    def begin(self, levels: tuple[str, str], of_group: str, members: set[str], stage: str) -> None:
        """Something to be about."""
        for name, who, other, level in ((NAMES[0], ANN, BOB, levels[0]), (NAMES[1], BOB, ANN, levels[1])):
            self.create_model(who, name, None, {})
            for _ in range(2):
                self.create_version(who, name, None, None)
            self.grant(who, name, [(other, level), (GROUP, of_group)], False, True)
            self.transition(who, (name, 1), stage, False, None, False)
            self.request(other, (name, 1), "Archived", None)
            for each in (who, other):
                self.request(each, (name, 2), "Production", "please")
            self.comment(other, (name, 1))
            self.tag_model(who, name, KEYS[0], VALUES[1])
            self.tag_version(who, (name, 1), KEYS[1], VALUES[2])
            self.set_alias(who, (name, 1), ALIASES[0])
        self.let_in(ADMIN, members)

    @rule(who=whos, name=names, text=texts, tags=st.dictionaries(keys, values, max_size=2))
    def create_model(self, who: str, name: str, text: str | None, tags: dict[str, str]) -> None:
        listed = [{"key": key, "value": value} for key, value in tags.items()]
        model, answer = self._same(
            "create model",
            lambda: self.reference.create_model(who, name, text, tags),
            lambda: self.api(who).post(f"{MODELS}/create", name=name, description=text, tags=listed),
        )
        if model:
            assert plainly(answer["registered_model"]) == model_entity(model)
            found = self.api(who).get("/mlflow/databricks/registered-models/get", name=name).ok()
            model.id = found["registered_model_databricks"]["id"]

    @rule(who=rulers, name=names, sure=st.booleans())
    def delete_model(self, who: str, name: str, sure: bool) -> None:
        if sure:  # else there would soon be none
            self._same(
                "delete model",
                lambda: self.reference.delete_model(who, name),
                lambda: self.api(who).delete(f"{MODELS}/delete", name=name),
            )

    @rule(who=rulers, name=names, new=st.sampled_from(NAMES))
    def rename(self, who: str, name: str, new: str) -> None:
        self._same(
            "rename",
            lambda: self.reference.rename(who, name, new),
            lambda: self.api(who).post(f"{MODELS}/rename", name=name, new_name=new),
        )

    @rule(who=whos, name=names, text=texts)
    def describe_model(self, who: str, name: str, text: str | None) -> None:
        self._same(
            "describe model",
            lambda: self.reference.describe_model(who, name, text),
            lambda: self.api(who).patch(f"{MODELS}/update", name=name, description=text),
        )

    @rule(who=whos, name=names, key=keys, value=values)
    def tag_model(self, who: str, name: str, key: str, value: str) -> None:
        self._same(
            "tag model",
            lambda: self.reference.tag_model(who, name, key, value),
            lambda: self.api(who).post(f"{MODELS}/set-tag", name=name, key=key, value=value),
        )

    @rule(who=whos, name=names, key=keys)
    def untag_model(self, who: str, name: str, key: str) -> None:
        self._same(
            "untag model",
            lambda: self.reference.untag_model(who, name, key),
            lambda: self.api(who).delete(f"{MODELS}/delete-tag", name=name, key=key),
        )

    @rule(who=whos, place=places, alias=aliases)
    def set_alias(self, who: str, place: tuple[str, int], alias: str) -> None:
        self._same(
            "set alias",
            lambda: self.reference.set_alias(who, place[0], alias, place[1]),
            lambda: self.api(who).post(f"{MODELS}/alias", **version_of(place), alias=alias),
        )

    @rule(who=whos, name=names, alias=aliases)
    def delete_alias(self, who: str, name: str, alias: str) -> None:
        self._same(
            "delete alias",
            lambda: self.reference.delete_alias(who, name, alias),
            lambda: self.api(who).delete(f"{MODELS}/alias", name=name, alias=alias),
        )

    @rule(who=rulers, name=names, alias=aliases)
    def get_by_alias(self, who: str, name: str, alias: str) -> None:
        meant, answer = self._same(
            "get by alias",
            lambda: self.reference.behind_alias(who, name, alias),
            lambda: self.api(who).get(f"{MODELS}/alias", name=name, alias=alias),
        )
        if meant:
            assert plainly(answer["model_version"]) == version_entity(*meant)

    # Permissions

    @rule(who=whos, name=names, entries=entries, only=st.booleans(), careful=st.booleans())
    def grant(self, who: str, name: str, entries: list[tuple[str, str]], only: bool, careful: bool) -> None:
        """A careful one says what was seen before, which somebody may have changed."""
        model = self.reference.models.get(name)
        if model is None:
            return  # it has no id to be changed by
        seen, etag = self.seen.get(model.id, (None, "")) if careful else (None, "")
        fields: dict[str, Any] = {"access_control_list": access_list(entries)} | ({"etag": etag} if etag else {})
        path = f"/permissions/registered-models/{model.id}"
        _, answer = self._same(
            "replace permissions" if only else "add permissions",
            lambda: self.reference.grant(who, name, entries, only=only, seen=seen),
            lambda: self.api(who).call("PUT" if only else "PATCH", path, fields),
        )
        if answer and (careful or model.id not in self.seen):
            self.seen[model.id] = dict(model.grants), answer["etag"]
        self._look_at_levels()

    @rule(who=rulers, name=names, entries=entries, others=entries, only=st.booleans())
    def grant_meanwhile(
        self, who: str, name: str, entries: list[tuple[str, str]], others: list[tuple[str, str]], only: bool
    ) -> None:
        """What was seen is changed before it is built on."""
        self.grant(who, name, others, False, False)
        self.grant(who, name, entries, only, True)

    @rule(who=rulers, levels=st.dictionaries(st.sampled_from([ANN, BOB, GROUP]), st.sampled_from([CREATE, *LEVELS])))
    def grant_on_all(self, who: str, levels: dict[str, str]) -> None:
        self._same(
            "permissions on all",
            lambda: self.reference.grant_on_all(who, levels),
            lambda: self.api(who).put(
                "/permissions/registered-models/root", access_control_list=access_list(levels.items())
            ),
        )
        self._look_at_levels()

    @rule(who=rulers, members=members)
    def let_in(self, who: str, members: set[str]) -> None:
        listed = [{"value": self._ids[member]} for member in sorted(members)]
        self._same(
            "change the group",
            lambda: self.reference.let_in(who, members),
            lambda: self.api(who).put(f"{SCIM}/Groups/{self._group}", displayName=GROUP, members=listed),
        )
        self._look_at_levels()

    def _look_at_levels(self) -> None:
        """They hold from the next call on, whatever the servers remember."""
        for who in (ANN, BOB):
            for name, model in self.reference.models.items():
                answer = self.api(who).get("/mlflow/databricks/registered-models/get", name=name)
                if self.reference.may(who, model, READ):
                    shown = answer.ok()["registered_model_databricks"]["permission_level"]
                    assert shown == self.reference.level(who, model)
                else:
                    answer.missing()

    # Versions

    @rule(who=whos, name=names, of=st.none() | places, text=texts)
    def create_version(self, who: str, name: str, of: tuple[str, int] | None, text: str | None) -> None:
        own = f"s3://bucket/{self._turn}"
        source = own if of is None else f"models:/{of[0]}/{of[1]}"
        version, answer = self._same(
            "create version" if of is None else "create version of another",
            lambda: self.reference.create_version(who, name, source, of, text),
            lambda: self.api(who).post(f"{VERSIONS}/create", name=name, source=source, description=text),
        )
        if version:
            assert plainly(answer["model_version"]) == version_entity(self.reference.models[name], version)

    @rule(who=rulers, place=places)
    def delete_version(self, who: str, place: tuple[str, int]) -> None:
        self._same(
            "delete version",
            lambda: self.reference.delete_version(who, *place),
            lambda: self.api(who).delete(f"{VERSIONS}/delete", **version_of(place)),
        )

    @rule(who=whos, place=places, text=texts)
    def describe_version(self, who: str, place: tuple[str, int], text: str | None) -> None:
        self._same(
            "describe version",
            lambda: self.reference.describe_version(who, *place, text),
            lambda: self.api(who).patch(f"{VERSIONS}/update", **version_of(place), description=text),
        )

    @rule(who=whos, place=places, key=keys, value=values)
    def tag_version(self, who: str, place: tuple[str, int], key: str, value: str) -> None:
        self._same(
            "tag version",
            lambda: self.reference.tag_version(who, *place, key, value),
            lambda: self.api(who).post(f"{VERSIONS}/set-tag", **version_of(place), key=key, value=value),
        )

    @rule(who=whos, place=places, key=keys)
    def untag_version(self, who: str, place: tuple[str, int], key: str) -> None:
        self._same(
            "untag version",
            lambda: self.reference.untag_version(who, *place, key),
            lambda: self.api(who).delete(f"{VERSIONS}/delete-tag", **version_of(place), key=key),
        )

    # Stages

    @rule(who=whos, place=places, stage=stages, archive=st.booleans(), text=texts, databricks=st.booleans())
    def transition(
        self, who: str, place: tuple[str, int], stage: str, archive: bool, text: str | None, databricks: bool
    ) -> None:
        path = "/mlflow/databricks/model-versions" if databricks else VERSIONS
        fields = {**version_of(place), "stage": stage, "archive_existing_versions": archive, "comment": text}
        self._same(
            "transition",
            lambda: self.reference.transition(who, *place, stage, archive, text if databricks else None),
            lambda: self.api(who).post(f"{path}/transition-stage", **fields),
        )

    @rule(who=whos, place=places, stage=stages, text=texts)
    def request(self, who: str, place: tuple[str, int], stage: str, text: str | None) -> None:
        self._same(
            "request",
            lambda: self.reference.request(who, *place, stage, text),
            lambda: self.api(who).post(f"{REQUESTS}/create", **version_of(place), stage=stage, comment=text),
        )

    @rule(asked=asked, text=texts)
    def request_again(self, asked: Asked, text: str | None) -> None:
        name, number, stage, who = asked
        self.request(who, (name, number), stage, text)

    @rule(who=whos, asked=asked, archive=st.booleans(), text=texts)
    def approve(self, who: str, asked: Asked, archive: bool, text: str | None) -> None:
        name, number, stage, _ = asked
        fields = {**version_of((name, number)), "stage": stage, "archive_existing_versions": archive, "comment": text}
        self._same(
            "approve",
            lambda: self.reference.approve(who, name, number, stage, archive, text),
            lambda: self.api(who).post(f"{REQUESTS}/approve", **fields),
        )

    @rule(who=whos, asked=asked, text=texts)
    def reject(self, who: str, asked: Asked, text: str | None) -> None:
        name, number, stage, _ = asked
        self._same(
            "reject",
            lambda: self.reference.reject(who, name, number, stage, text),
            lambda: self.api(who).post(f"{REQUESTS}/reject", **version_of((name, number)), stage=stage, comment=text),
        )

    @rule(who=whos, own=st.booleans(), asked=asked, text=texts)
    def cancel(self, who: str, own: bool, asked: Asked, text: str | None) -> None:
        name, number, stage, creator = asked
        who = creator if own else who
        fields = {**version_of((name, number)), "stage": stage, "creator": creator, "comment": text}
        self._same(
            "cancel",
            lambda: self.reference.cancel(who, name, number, stage, creator, text),
            lambda: self.api(who).delete(f"{REQUESTS}/delete", **fields),
        )

    # Comments

    @rule(who=whos, place=places)
    def comment(self, who: str, place: tuple[str, int]) -> None:
        text = f"comment {self._turn} ä"
        comment, answer = self._same(
            "comment",
            lambda: self.reference.comment(who, *place, text),
            lambda: self.api(who).post(f"{COMMENTS}/create", **version_of(place), comment=text),
        )
        if comment:
            comment_id = answer["comment"]["id"]
            self.reference.version(ADMIN, *place)[1].comments[comment_id] = comment
            self.comments.append((comment_id, who))

    @rule(who=whos, own=st.booleans(), commented=commented)
    def edit_comment(self, who: str, own: bool, commented: tuple[str, str]) -> None:
        comment_id, author = commented
        who = author if own else who
        text = f"edited {self._turn}"
        self._same(
            "edit comment",
            lambda: self.reference.edit_comment(who, comment_id, text),
            lambda: self.api(who).patch(f"{COMMENTS}/update", id=comment_id, comment=text),
        )

    @rule(who=whos, own=st.booleans(), commented=commented)
    def delete_comment(self, who: str, own: bool, commented: tuple[str, str]) -> None:
        comment_id, author = commented
        who = author if own else who
        self._same(
            "delete comment",
            lambda: self.reference.delete_comment(who, comment_id),
            lambda: self.api(who).delete(f"{COMMENTS}/delete", id=comment_id),
        )

    # Looking

    @rule(
        who=whos,
        asked=st.lists(clauses(NAMES, PATTERNS, PEOPLE, KEYS, VALUES, versions=False), max_size=3),
        size=st.integers(1, 5),
        down=st.booleans(),
    )
    def search_models(self, who: str, asked: list[Clause], size: int, down: bool) -> None:
        expected = [
            model_entity(model)
            for model in self.reference.readable(who)
            if all(
                clause.holds(
                    Item(model.name, model.author, model.tags, {each.stage for each in model.versions.values()})
                )
                for clause in asked
            )
        ]
        if down:
            expected.reverse()
        order = "name DESC" if down else "name"
        found = self._all(who, f"{MODELS}/search", "registered_models", asked, size, [order])
        self.counts["search models", "found" if expected else "nothing"] += 1
        assert found == expected

    @rule(
        who=whos,
        asked=st.lists(clauses(NAMES, PATTERNS, PEOPLE, KEYS, VALUES, versions=True), max_size=3),
        size=st.integers(1, 10),
        down=st.booleans(),
    )
    def search_versions(self, who: str, asked: list[Clause], size: int, down: bool) -> None:
        expected = [
            version_entity(model, version, bare=True)
            for model in self.reference.readable(who)
            for _, version in sorted(model.versions.items(), reverse=down)
            if all(
                clause.holds(Item(model.name, version.author, version.tags, [version.stage], version.number))
                for clause in asked
            )
        ]
        order = ["name", "version_number DESC" if down else "version_number ASC"]
        found = self._all(who, f"{VERSIONS}/search", "model_versions", asked, size, order)
        self.counts["search versions", "found" if expected else "nothing"] += 1
        assert found == expected

    def _all(self, who: str, path: str, member: str, asked: list[Clause], size: int, order: list[str]) -> list[Any]:
        """Page by page."""
        fields = {"filter": " AND ".join(clause.text for clause in asked), "max_results": size, "order_by": order}
        page = self.api(who).get(path, **fields).ok()
        found = page.get(member, [])
        while token := page.get("next_page_token"):
            page = self.api(who).get(path, **fields, page_token=token).ok()
            found += page[member]
        return [plainly(each) for each in found]

    @rule(who=whos)
    def look(self, who: str) -> None:
        for name in set(NAMES) - {model.name for model in self.reference.readable(who)}:
            self.api(who).get(f"{MODELS}/get", name=name).missing()
            self.api(who).get("/mlflow/activities/list", name=name).missing()
        compare(self.api(who), who, self.reference, self._since)

    def teardown(self) -> None:
        for who in (ADMIN, BOB):
            self.look(who)


def access_list(entries: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    """How calls list levels."""
    return [
        {"group_name" if principal == GROUP else "user_name": principal, "permission_level": level}
        for principal, level in entries
    ]


def version_of(place: tuple[str, int]) -> dict[str, str]:
    """How calls name a version."""
    return {"name": place[0], "version": str(place[1])}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedRegistry]:
    with shared_registry(tmp_path_factory.mktemp("rules")) as shared:
        yield shared


@pytest.mark.timeout(300 + 3 * ROUNDS)
def test_the_registry_does_what_the_rules_say(shared: SharedRegistry) -> None:
    tokens = {ADMIN: shared.token}
    with shared.api as admin:
        add_group(admin, GROUP)
        for name in (ANN, BOB):
            admin.post(f"{SCIM}/Users", userName=name).ok()
            tokens[name] = command(shared.database, "tokens", "create", name).strip()

    class Here(Rules):
        apis: ClassVar = {who: [Api(url, token) for url in shared.urls] for who, token in tokens.items()}
        counts: ClassVar = Counter()

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS,
            derandomize=True,
            database=None,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=PHASES,
        ),
    )
    for api in chain(*Here.apis.values()):
        api.__exit__(None, None, None)
    records = shared.check()
    for verb, outcomes in groupby(sorted(Here.counts.items()), key=lambda each: each[0][0]):
        print(f"{verb}: " + ", ".join(f"{how} {count}" for (_, how), count in outcomes))
    done = sum(count for (_, how), count in Here.counts.items() if how in ("done", "found"))
    print(f"{EXAMPLES} examples: {Here.counts.total()} calls of which {done} did something; {records} records are true")
    assert done > EXAMPLES * STEPS // 4, "most of what was tried was refused"
