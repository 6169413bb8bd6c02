"""The names by which settings and exports call places and columns: they outlive what the headings say."""

from importlib import import_module

import pytest

from tests.tui_registry.console import LARGE, console
from tests.tui_registry.samples import Samples
from tui_registry.session import settings
from tui_registry.session.kept_arrangements import arrangements_file
from tui_registry.session.saved_view import SavedView
from tui_registry.widgets.columns import Column, current_name

NAMES = {
    "inbox.Inbox": "model, ver, transition, requested by, age, displaces, comment",
    "models.models.Models": "model, prod, staging, latest, created by, updated, description, created, tags",
    "models.prompts.Prompts": "prompt, latest, aliases, updated, text, created by, description, created, kind, tags",
    "models.model.Model": "ver, stage, since, by, in production, description",
    "models.follows.Follows": "followed, notified, to, problem, since",
    "board.Board": "model, ver, updated, details",
    "activity.ActivityFeed": "age, user, action, model, ver, details",
    "journal.JournalPlace": "time, user, what, result, took",
    "tracking.experiments.Experiments": "experiment, id, created, updated, description",
    "access.access.Access": "principal, kind, level, granted on, display name",
    "access.users.Users": "name, display name, status, groups",
    "access.groups.Groups": "group, member of",
    "access.group.GroupMembers": "member, display name, kind",
    "access.tokens.Tokens": "owner, comment, age, expires, last used, created by",
    "access.person.Person": "kind, name, details",
    "access.credentials.Credentials": "kind, about, age, expires, last used",
    "access.deliveries.Deliveries": "age, event, what, status, attempts, code, ms, answer",
    "access.webhooks.Webhooks": "host, scope, status, queue, failed, last, events, description, certificate, url, "
    "owner, id",
    "access.workspaces.Workspaces": "workspace, open, models, your level, description",
}


def columns_of(place: str) -> tuple[Column, ...]:
    module, _, kind = place.rpartition(".")
    found = import_module(f"tui_registry.screens.{module}")
    columns: tuple[Column, ...] = found.COLUMNS if kind == "Model" else getattr(found, kind).COLUMNS
    return columns


@pytest.mark.parametrize("place", NAMES)
def test_the_names_of_columns_stay(place: str) -> None:
    """Whoever changes a heading keeps the name, as ``key``, or adds it to ``former``."""
    columns = columns_of(place)
    names = [column.name for column in columns]
    assert ", ".join(names) == NAMES[place]
    former = [name for column in columns for name in column.former]
    assert len({*names, *former}) == len(names) + len(former), "no name means two columns"
    assert all(current_name(columns, name) == name for name in names)


async def test_what_was_saved_under_former_names_is_still_taken(samples: Samples) -> None:
    model = samples.model("churn")
    samples.version(model, "Staging", description="first")
    file = arrangements_file()
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        '[board]\nsort = "age asc"\ncolumns = ["age", "model"]\n'
        '[model]\nsort = "note desc"\ncolumns = ["note", "ver"]\n'
        '[person]\ncolumns = ["note", "name"]\n'
    )
    views = {"old": SavedView(place="board", columns=["ver", "age"], sort="age desc", key="f6")}
    read = settings.Settings(views=views)
    async with console(samples.url, samples.registry.admin_token, LARGE, settings=read) as shown:
        await shown.press("3")
        await shown.shows(model, "UPD. ▼  MODEL")
        await shown.press("f6")
        await shown.shows("UPD. ▲", "VER  UPDATED ▲")
        assert "has no column" not in shown.messages
        await shown.press("2")
        await shown.shows(model)
        await shown.press("enter")
        await shown.shows("DESCRIPTION ▼  VER", "first")
        await shown.press("colon")
        await shown.type("console-owner")
        await shown.press("enter")
        await shown.shows("DETAILS", "NAME")
        titles = next(line for line in shown.text.split("\n") if "DETAILS" in line)
        assert titles.split() == ["DETAILS", "NAME"]
