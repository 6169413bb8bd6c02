"""A reference implementation of the registry's rules, as simple as possible, with which a live one is compared.

It uses nothing of ``server``, so that it does not share its bugs. Each method is a verb of the registry; it raises
Refused, with nothing changed, if the registry must refuse.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

ADMIN, GROUP = "admin", "reviewers"
STAGES = ("None", "Staging", "Production", "Archived")
CREATE, READ, EDIT = "CAN_CREATE_REGISTERED_MODEL", "CAN_READ", "CAN_EDIT"
STAGING, PRODUCTION, MANAGE = "CAN_MANAGE_STAGING_VERSIONS", "CAN_MANAGE_PRODUCTION_VERSIONS", "CAN_MANAGE"
LEVELS = (READ, EDIT, STAGING, PRODUCTION, MANAGE)
RANK = {"none": 0, CREATE: 0, **{level: number for number, level in enumerate(LEVELS, 1)}}


class Refused(Exception):
    """The status and the error code that the registry must answer."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(status, code)
        self.status = status
        self.code = code


def missing() -> Refused:
    return Refused(404, "RESOURCE_DOES_NOT_EXIST")


def denied() -> Refused:
    return Refused(403, "PERMISSION_DENIED")


def taken() -> Refused:
    return Refused(400, "RESOURCE_ALREADY_EXISTS")


def invalid() -> Refused:
    return Refused(400, "INVALID_PARAMETER_VALUE")


def conflict() -> Refused:
    return Refused(409, "RESOURCE_CONFLICT")


@dataclass
class Comment:
    author: str
    text: str | None
    """None after it was deleted."""


class Action(NamedTuple):
    """An entry of a model's history. ``said`` may be a comment, which changes later."""

    kind: str
    who: str
    version: int | None = None
    from_stage: str | None = None
    to_stage: str | None = None
    said: str | Comment | None = None


@dataclass
class Version:
    number: int
    author: str
    source: str
    location: str
    """Where the artifacts are: if the source is another version, that one's location."""
    stage: str = "None"
    description: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    requests: dict[tuple[str, str], str | None] = field(default_factory=dict)
    """The comment of each open request, by stage and requester."""
    comments: dict[str, Comment] = field(default_factory=dict)


@dataclass
class Model:
    name: str
    author: str
    description: str | None
    tags: dict[str, str]
    grants: dict[str, str]
    names: set[str]
    """All names that it has had."""
    id: str = ""
    aliases: dict[str, int] = field(default_factory=dict)
    versions: dict[int, Version] = field(default_factory=dict)
    last: int = 0
    history: list[Action] = field(default_factory=list)

    def newest(self) -> list[Version]:
        """The highest version of each stage."""
        return list({version.stage: version for _, version in sorted(self.versions.items())}.values())


@dataclass
class ReferenceRegistry:
    models: dict[str, Model] = field(default_factory=dict)
    root: dict[str, str] = field(default_factory=dict)
    members: set[str] = field(default_factory=set)
    """The members of GROUP."""
    deleted_names: set[str] = field(default_factory=set)
    """All names that deleted models have had."""

    # Permissions of callers

    def level(self, who: str, model: Model) -> str:
        """The highest level of theirs and their group's, on the model and on all models."""
        if who == ADMIN:
            return MANAGE
        selves = [who, *([GROUP] if who in self.members else [])]
        given = [levels.get(self_, "none") for levels in (model.grants, self.root) for self_ in selves]
        return max(given, key=lambda level: RANK[level])

    def may(self, who: str, model: Model, least: str) -> bool:
        return RANK[self.level(who, model)] >= RANK[least]

    def readable(self, who: str) -> list[Model]:
        return [model for _, model in sorted(self.models.items()) if self.may(who, model, READ)]

    def model(self, who: str, name: str, least: str = READ) -> Model:
        model = self.models.get(name)
        if model is None or not self.may(who, model, READ):
            raise missing()
        if not self.may(who, model, least):
            raise denied()
        return model

    def version(self, who: str, name: str, number: int, least: str = READ) -> tuple[Model, Version]:
        model = self.model(who, name)
        if number not in model.versions:
            raise missing()
        if not self.may(who, model, least):
            raise denied()
        return model, model.versions[number]

    def _movable(self, who: str, name: str, number: int, stage: str) -> tuple[Model, Version]:
        model, version = self.version(who, name, number)
        if not self.may(who, model, PRODUCTION if "Production" in (version.stage, stage) else STAGING):
            raise denied()
        return model, version

    def actions(self, who: str, model: Model, version: Version, stage: str, creator: str) -> list[str]:
        """What a caller may do with a request."""
        able = []
        if self.may(who, model, PRODUCTION if "Production" in (version.stage, stage) else STAGING):
            able += ["APPROVE_TRANSITION_REQUEST", "REJECT_TRANSITION_REQUEST"]
        if who == creator or self.may(who, model, MANAGE):
            able.append("CANCEL_TRANSITION_REQUEST")
        return able

    # Models

    def create_model(self, who: str, name: str, description: str | None, tags: dict[str, str]) -> Model:
        if name in self.models:
            raise taken()
        model = Model(name, who, description, dict(tags), {who: MANAGE}, {name})
        self.models[name] = model
        model.history.append(Action("CREATED_MODEL", who))
        return model

    def delete_model(self, who: str, name: str) -> None:
        model = self.model(who, name, MANAGE)
        del self.models[name]
        self.deleted_names |= model.names

    def rename(self, who: str, name: str, new: str) -> None:
        model = self.model(who, name, MANAGE)
        if new in self.models and new != name:
            raise taken()
        del self.models[name]
        model.name = new
        model.names.add(new)
        self.models[new] = model
        model.history.append(Action("RENAMED_MODEL", who))

    def describe_model(self, who: str, name: str, text: str | None) -> None:
        model = self.model(who, name, EDIT)
        model.description = text
        model.history.append(Action("UPDATED_MODEL", who))

    def tag_model(self, who: str, name: str, key: str, value: str) -> None:
        model = self.model(who, name, EDIT)
        model.tags[key] = value
        model.history.append(Action("SET_TAG", who))

    def untag_model(self, who: str, name: str, key: str) -> None:
        model = self.model(who, name, EDIT)
        if model.tags.pop(key, None) is not None:
            model.history.append(Action("DELETED_TAG", who))

    def set_alias(self, who: str, name: str, alias: str, number: int) -> None:
        model, _ = self.version(who, name, number, STAGING)
        model.aliases[alias] = number
        model.history.append(Action("SET_ALIAS", who, number))

    def delete_alias(self, who: str, name: str, alias: str) -> None:
        model = self.model(who, name, STAGING)
        number = model.aliases.pop(alias, None)
        if number is not None:
            model.history.append(Action("DELETED_ALIAS", who, number))

    def behind_alias(self, who: str, name: str, alias: str) -> tuple[Model, Version]:
        model = self.model(who, name)
        if alias not in model.aliases:
            raise invalid()
        return model, model.versions[model.aliases[alias]]

    # Permissions

    def grant(
        self,
        who: str,
        name: str,
        entries: Iterable[tuple[str, str]],
        *,
        only: bool,
        seen: dict[str, str] | None = None,
    ) -> None:
        """``only``: grants that are not listed are revoked. ``seen``: the expected current grants, if not None."""
        model = self.model(who, name, MANAGE)
        if seen is not None and seen != model.grants:
            raise conflict()
        wanted: dict[str, str] = {} if only else dict(model.grants)
        listed: dict[str, str] = {}
        for principal, level in entries:
            listed[principal] = max(level, listed.get(principal, "none"), key=lambda each: RANK[each])
        wanted |= listed
        if wanted != model.grants:
            model.grants = wanted
            model.history.append(Action("CHANGED_PERMISSIONS", who))

    def grant_on_all(self, who: str, levels: dict[str, str]) -> None:
        if who != ADMIN and not any(
            RANK[self.root.get(self_, "none")] == RANK[MANAGE]
            for self_ in (who, *([GROUP] if who in self.members else []))
        ):
            raise denied()
        self.root = dict(levels)

    def let_in(self, who: str, members: set[str]) -> None:
        if who != ADMIN:
            raise denied()
        self.members = set(members)

    # Versions

    def create_version(self, who: str, name: str, source: str, of: tuple[str, int] | None, text: str | None) -> Version:
        """``of``: the version that the source refers to, if any."""
        model = self.model(who, name, EDIT)
        location = source if of is None else self.version(who, *of)[1].location
        model.last += 1
        version = Version(model.last, who, source, location, description=text or "")
        model.versions[version.number] = version
        model.history.append(Action("CREATED_VERSION", who, version.number, None, "None"))
        return version

    def delete_version(self, who: str, name: str, number: int) -> None:
        model, version = self.version(who, name, number, MANAGE)
        del model.versions[number]
        model.aliases = {alias: target for alias, target in model.aliases.items() if target != number}
        for comment in version.comments.values():
            comment.text = None
        model.history.append(Action("DELETED_VERSION", who, number))

    def describe_version(self, who: str, name: str, number: int, text: str | None) -> None:
        model, version = self.version(who, name, number, EDIT)
        version.description = text
        model.history.append(Action("UPDATED_VERSION", who, number))

    def tag_version(self, who: str, name: str, number: int, key: str, value: str) -> None:
        model, version = self.version(who, name, number, EDIT)
        version.tags[key] = value
        model.history.append(Action("SET_TAG", who, number))

    def untag_version(self, who: str, name: str, number: int, key: str) -> None:
        model, version = self.version(who, name, number, EDIT)
        if version.tags.pop(key, None) is not None:
            model.history.append(Action("DELETED_TAG", who, number))

    # Stages

    def transition(self, who: str, name: str, number: int, stage: str, archive: bool, said: str | None) -> None:
        model, version = self._movable(who, name, number, stage)
        self._move("APPLIED_TRANSITION", who, model, version, stage, archive, said)

    def request(self, who: str, name: str, number: int, stage: str, said: str | None) -> None:
        model, version = self.version(who, name, number)
        if version.stage == stage:
            raise invalid()
        if (stage, who) in version.requests:
            raise taken()
        version.requests[stage, who] = said
        model.history.append(Action("REQUESTED_TRANSITION", who, number, version.stage, stage, said))

    def approve(self, who: str, name: str, number: int, stage: str, archive: bool, said: str | None) -> None:
        model, version = self._movable(who, name, number, stage)
        if not any(asked == stage for asked, _ in version.requests):
            raise missing()
        self._move("APPROVED_REQUEST", who, model, version, stage, archive, said)

    def reject(self, who: str, name: str, number: int, stage: str, said: str | None) -> None:
        model, version = self._movable(who, name, number, stage)
        if not any(asked == stage for asked, _ in version.requests):
            raise missing()
        _close_requests(version, stage)
        model.history.append(Action("REJECTED_REQUEST", who, number, version.stage, stage, said))

    def cancel(self, who: str, name: str, number: int, stage: str, creator: str, said: str | None) -> None:
        model, version = self.version(who, name, number)
        if (stage, creator) not in version.requests:
            raise missing()
        if who != creator and not self.may(who, model, MANAGE):
            raise denied()
        del version.requests[stage, creator]
        model.history.append(Action("CANCELLED_REQUEST", who, number, version.stage, stage, said))

    def _move(
        self, kind: str, who: str, model: Model, version: Version, stage: str, archive: bool, said: str | None
    ) -> None:
        if archive and stage not in ("Staging", "Production"):
            raise invalid()
        for _, other in sorted(model.versions.items()):
            if archive and other.stage == stage and other is not version:
                _close_requests(other, "Archived")
                other.stage = "Archived"
                model.history.append(Action("SYSTEM_TRANSITION", who, other.number, stage, "Archived"))
        _close_requests(version, stage)
        model.history.append(Action(kind, who, version.number, version.stage, stage, said))
        version.stage = stage

    # Comments

    def comment(self, who: str, name: str, number: int, text: str) -> Comment:
        """The caller must add it to the version's comments, by the id of the live one."""
        model, _ = self.version(who, name, number)
        comment = Comment(who, text)
        model.history.append(Action("NEW_COMMENT", who, number, said=comment))
        return comment

    def edit_comment(self, who: str, comment_id: str, text: str) -> None:
        model, version, comment = self._comment(who, comment_id)
        if who != comment.author:
            raise denied()
        comment.text = text
        model.history.append(Action("EDITED_COMMENT", who, version.number))

    def delete_comment(self, who: str, comment_id: str) -> None:
        model, version, comment = self._comment(who, comment_id)
        if who != comment.author and not self.may(who, model, MANAGE):
            raise denied()
        comment.text = None
        del version.comments[comment_id]
        model.history.append(Action("DELETED_COMMENT", who, version.number))

    def comment_actions(self, who: str, model: Model, comment: Comment) -> list[str]:
        """What a caller may do with a comment."""
        if who == comment.author:
            return ["EDIT_COMMENT", "DELETE_COMMENT"]
        return ["DELETE_COMMENT"] if self.may(who, model, MANAGE) else []

    def _comment(self, who: str, comment_id: str) -> tuple[Model, Version, Comment]:
        for model in self.readable(who):
            for version in model.versions.values():
                if comment_id in version.comments:
                    return model, version, version.comments[comment_id]
        raise missing()

    def open_requests(self, who: str) -> list[dict[str, Any]]:
        """The inbox, unordered."""
        return [
            {
                "name": model.name,
                "version": version.number,
                "from": version.stage,
                "to": stage,
                "creator": creator,
                "said": said,
                "actions": self.actions(who, model, version, stage, creator),
                "displaces": sorted(
                    other.number
                    for other in model.versions.values()
                    if other.stage == stage and stage in ("Staging", "Production")
                ),
            }
            for model in self.readable(who)
            for version in model.versions.values()
            for (stage, creator), said in version.requests.items()
        ]


def _close_requests(version: Version, stage: str) -> None:
    version.requests = {key: said for key, said in version.requests.items() if key[0] != stage}
