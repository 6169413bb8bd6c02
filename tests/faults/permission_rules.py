"""Rules of permissions, and of the members of a group."""

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.faults.reference_registry import CREATE, GROUP, LEVELS, READ
from tests.faults.registry_machine import (
    ANN,
    BOB,
    RegistryMachine,
    access_list,
    entries,
    members,
    mostly_admins,
    names,
    whos,
)
from tests.server.callers import SCIM


class PermissionRules(RegistryMachine):
    @rule(who=whos, name=names, entries=entries, only=st.booleans(), careful=st.booleans())
    def grant(self, who: str, name: str, entries: list[tuple[str, str]], only: bool, careful: bool) -> None:
        """A careful caller sends the etag of what they read before, which may have changed."""
        model = self.reference.models.get(name)
        if model is None:
            return  # without an id there is no path for its permissions
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

    @rule(who=mostly_admins, name=names, entries=entries, others=entries, only=st.booleans())
    def grant_meanwhile(
        self, who: str, name: str, entries: list[tuple[str, str]], others: list[tuple[str, str]], only: bool
    ) -> None:
        """The permissions are changed between reading and writing them."""
        self.grant(who, name, others, False, False)
        self.grant(who, name, entries, only, True)

    @rule(
        who=mostly_admins,
        levels=st.dictionaries(st.sampled_from([ANN, BOB, GROUP]), st.sampled_from([CREATE, *LEVELS])),
    )
    def grant_on_all(self, who: str, levels: dict[str, str]) -> None:
        self._same(
            "permissions on all",
            lambda: self.reference.grant_on_all(who, levels),
            lambda: self.api(who).put(
                "/permissions/registered-models/root", access_control_list=access_list(levels.items())
            ),
        )
        self._look_at_levels()

    @rule(who=mostly_admins, members=members)
    def let_in(self, who: str, members: set[str]) -> None:
        listed = [{"value": self._ids[member]} for member in sorted(members)]
        self._same(
            "change the group",
            lambda: self.reference.let_in(who, members),
            lambda: self.api(who).put(f"{SCIM}/Groups/{self._group}", displayName=GROUP, members=listed),
        )
        self._look_at_levels()

    def _look_at_levels(self) -> None:
        """Changes take effect from the next call on, whatever the servers cache."""
        for who in (ANN, BOB):
            for name, model in self.reference.models.items():
                answer = self.api(who).get("/mlflow/databricks/registered-models/get", name=name)
                if self.reference.may(who, model, READ):
                    shown = answer.ok()["registered_model_databricks"]["permission_level"]
                    assert shown == self.reference.level(who, model)
                else:
                    answer.missing()
