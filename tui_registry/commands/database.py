"""Commands that can also work directly in a database, by the server's own program."""

from collections.abc import Callable, Collection

import click
from click.core import ParameterSource

VARIABLE = "TUI_REGISTRY_DATABASE"


def database_option(command: Callable[..., None]) -> Callable[..., None]:
    return click.option(
        "--database",
        metavar="PATH_OR_URL",
        envvar=VARIABLE,
        show_envvar=True,
        help="Work directly in this database, whether a server runs or not, instead of over a server's API: an SQLite "
        "file, or a URL such as postgresql://host/registry.",
    )(command)


def forward_to_database(database: str | None, *command: str, own: Collection[str]) -> None:
    """If there is a database to work in directly, replace this process by the server's command; else return.

    A profile on the command line takes precedence over the variable. ``own``: the parameters that the server's command
    has, too. Raises UsageError for another one.
    """
    context = click.get_current_context()
    given = {name for name in context.params if context.get_parameter_source(name) is ParameterSource.COMMANDLINE}
    names_profile = "profile" in given or context.find_root().params["profile"] is not None
    if database is None or (names_profile and "database" not in given):
        return
    for parameter in context.command.params:
        if parameter.name in given - {"database", *own}:
            how = "--database" if "database" in given else f"{VARIABLE}, which is set,"
            raise click.UsageError(f"{parameter.opts[0]} works over a server's API, and {how} works without it.")
    if names_profile:
        raise click.UsageError("Use either --profile or --database.")
    from tui_registry.session.server_process import become_server

    # Not as an argument: everybody on the machine can list those, and a URL may have a password.
    become_server(*command, variables={VARIABLE: database})
