"""What the commands about versions, and those that move them, take."""

from collections.abc import Callable

import click

from tui_registry.commands import completers
from tui_registry.mutations import effect
from tui_registry_server.wire.stage import EXCLUSIVE_STAGES, Stage

STAGE = click.Choice([stage.value for stage in Stage], case_sensitive=False)

Decorator = Callable[[Callable[..., None]], Callable[..., None]]


def version_arguments(complete_version: "completers.Completer" = completers.versions) -> Decorator:
    """MODEL VERSION, which name a version."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        command = click.argument("version", shell_complete=complete_version)(command)
        return click.argument("model", shell_complete=completers.models)(command)

    return add


def transition_arguments(complete_version: "completers.Completer" = completers.versions) -> Decorator:
    """MODEL VERSION STAGE, which name a transition, and the comment on it."""

    def add(command: Callable[..., None]) -> Callable[..., None]:
        command = comment_option(command)
        command = click.argument("stage", metavar="STAGE", type=STAGE, shell_complete=completers.stages)(command)
        return version_arguments(complete_version)(command)

    return add


def comment_option(command: Callable[..., None]) -> Callable[..., None]:
    """The comment on a transition or on a decision."""
    return click.option("--comment", metavar="TEXT", default="", help="A comment, kept in the activities.")(command)


def archive_option(*, default: bool) -> Decorator:
    """Whether the versions that a transition displaces are archived; see ``archives``."""
    return click.option(
        "--archive-existing/--no-archive-existing",
        "--archive/--no-archive",
        "archive",
        default=None,
        help="Whether to archive the other versions in Staging or Production. "
        f"Default: {'archive' if default else 'keep'}.",
    )


def archives(archive: bool | None, stage: Stage, *, default: bool) -> bool:
    """Whether a transition to this stage archives the versions there, by the option, which is None if it is not given.
    Raises UsageError if it is asked for where several versions belong."""
    if archive and stage not in EXCLUSIVE_STAGES:
        stages = " and ".join(EXCLUSIVE_STAGES)
        raise click.UsageError(f"--archive-existing is for transitions to {stages}: nothing is archived in {stage}.")
    return effect.archives(stage, wanted=default if archive is None else archive)
