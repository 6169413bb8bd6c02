"""``tui-registry comments``: the comments on a model version."""

from typing import TYPE_CHECKING, Any, Unpack

import click

from tui_registry.commands import completers
from tui_registry.commands.arguments import version_arguments
from tui_registry.commands.changes import How, PlannedChange, change, destroying_command, text_argument, writing_command
from tui_registry.commands.exit_codes import Exit, Failure
from tui_registry.commands.output import note, print_json, print_lines, table, wire
from tui_registry.commands.registry import ask, registry_command

if TYPE_CHECKING:
    from tui_registry.client.registry import RegistryClient
    from tui_registry_server.wire.comment import Comment


@click.group()
def comments() -> None:
    """List, add, edit and delete comments on versions."""


@registry_command
@comments.command("list")
@version_arguments()
def list_comments(*, model: str, version: str, profile: str | None, as_json: bool) -> None:
    """List the comments on VERSION of MODEL, oldest first."""
    from tui_registry.widgets.ages import moment

    found = ask(profile, lambda client: client.comments.of_version(model, version))
    if as_json:
        print_json({"comments": [wire(comment) for comment in found]})
    elif found:
        rows = [[each.id, moment(each.creation_timestamp), each.user_id, each.comment] for each in found]
        print_lines(table(("ID", "WHEN", "USER", "COMMENT"), rows, fixed=("ID", "WHEN")))
    else:
        note("There are no comments.")


@writing_command
@comments.command("add")
@version_arguments()
@click.argument("text")
def add_comment(*, model: str, version: str, text: str, **how: Unpack[How]) -> None:
    """Comment on VERSION of MODEL; a TEXT of "-" reads standard input."""
    written = text_argument(text)

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import comment as changes
        from tui_registry.mutations.subject import Subject

        known = frozenset(each.id for each in await client.comments.of_version(model, version))

        async def read() -> dict[str, Any]:
            now = await client.comments.of_version(model, version)
            own = [each for each in now if each.id not in known and each.comment == written]
            return {"comment": wire(own[-1])} if own else {}

        return PlannedChange(mutations=[changes.add(client, Subject(model, version), written, known=known)], read=read)

    change(plan, **how)


@writing_command
@comments.command("edit")
@version_arguments()
@click.argument("comment_id", metavar="ID", shell_complete=completers.comments)
@click.argument("text")
def edit_comment(*, model: str, version: str, comment_id: str, text: str, **how: Unpack[How]) -> None:
    """Replace your comment ID on VERSION of MODEL by TEXT; "-" reads standard input."""
    written = text_argument(text)

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import comment as changes
        from tui_registry.mutations.subject import Subject

        comment = await _comment(client, model, version, comment_id)
        is_same = comment.comment == written

        async def read() -> dict[str, Any]:
            return {"comment": wire(await _comment(client, model, version, comment_id))}

        return PlannedChange(
            mutations=[] if is_same else [changes.edit(client, Subject(model, version), comment, written)],
            already="The comment already has this text." if is_same else "",
            read=read,
        )

    change(plan, **how)


@destroying_command
@comments.command("delete")
@version_arguments()
@click.argument("comment_id", metavar="ID", shell_complete=completers.comments)
def delete_comment(*, model: str, version: str, comment_id: str, **how: Unpack[How]) -> None:
    """Delete the comment ID on VERSION of MODEL."""

    async def plan(client: "RegistryClient") -> PlannedChange:
        from tui_registry.mutations import comment as changes
        from tui_registry.mutations.subject import Subject
        from tui_registry.terminal.sanitize import one_line

        comment = await _comment(client, model, version, comment_id)
        warning = f"“{one_line(comment.comment, 60)}” by {comment.user_id} will be deleted. This cannot be undone."
        return PlannedChange(mutations=[changes.delete(client, Subject(model, version), comment)], warning=warning)

    change(plan, **how)


async def _comment(client: "RegistryClient", model: str, version: str, comment_id: str) -> "Comment":
    for comment in await client.comments.of_version(model, version):
        if comment.id == comment_id:
            return comment
    raise Failure(Exit.NOT_FOUND, f"There is no comment {comment_id} on {model} version {version}.")
