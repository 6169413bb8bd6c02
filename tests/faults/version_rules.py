"""Rules of model versions, their tags and comments."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.faults.reference_comparison import VERSIONS, plainly, version_entity
from tests.faults.reference_registry import ADMIN
from tests.faults.registry_machine import (
    COMMENTS,
    RegistryMachine,
    commented,
    keys,
    mostly_admins,
    names,
    places,
    texts,
    values,
    version_of,
    whos,
)


class VersionRules(RegistryMachine):
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

    @rule(who=mostly_admins, place=places)
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
