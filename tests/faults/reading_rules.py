"""Rules of searches, and of everything else that can be read."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.faults.filter_clauses import Clause, Item, clauses
from tests.faults.reference_comparison import MODELS, VERSIONS, compare, model_entity, plainly, version_entity
from tests.faults.registry_machine import KEYS, NAMES, PATTERNS, PEOPLE, VALUES, RegistryMachine, whos


class ReadingRules(RegistryMachine):
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
            version_entity(model, version)
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
        """All pages."""
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
