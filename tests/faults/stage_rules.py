"""Rules of stage transitions and requests for them."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.faults.reference_comparison import VERSIONS
from tests.faults.registry_machine import (
    REQUESTS,
    Asked,
    RegistryMachine,
    asked,
    places,
    stages,
    texts,
    version_of,
    whos,
)


class StageRules(RegistryMachine):
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
