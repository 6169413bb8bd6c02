"""Rules of models, their tags and aliases."""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from tests.faults.reference_comparison import MODELS, model_entity, plainly, version_entity
from tests.faults.registry_machine import (
    NAMES,
    RegistryMachine,
    aliases,
    keys,
    mostly_admins,
    names,
    places,
    texts,
    values,
    version_of,
    whos,
)


class ModelRules(RegistryMachine):
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

    @rule(who=mostly_admins, name=names, sure=st.booleans())
    def delete_model(self, who: str, name: str, sure: bool) -> None:
        if sure:  # otherwise there would soon be none
            self._same(
                "delete model",
                lambda: self.reference.delete_model(who, name),
                lambda: self.api(who).delete(f"{MODELS}/delete", name=name),
            )

    @rule(who=mostly_admins, name=names, new=st.sampled_from(NAMES))
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

    @rule(who=mostly_admins, name=names, alias=aliases)
    def get_by_alias(self, who: str, name: str, alias: str) -> None:
        meant, answer = self._same(
            "get by alias",
            lambda: self.reference.behind_alias(who, name, alias),
            lambda: self.api(who).get(f"{MODELS}/alias", name=name, alias=alias),
        )
        if meant:
            assert plainly(answer["model_version"]) == version_entity(*meant)
