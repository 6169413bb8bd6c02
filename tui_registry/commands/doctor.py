"""``tui-registry doctor``: what is wrong with this console's connection or, with a server's options, with a server."""

import os
import sys

import click

from tui_registry.commands import completers
from tui_registry.commands.database import VARIABLE
from tui_registry.commands.exit_codes import Exit
from tui_registry.commands.output import print_json, print_lines


@click.command(context_settings={"ignore_unknown_options": True})
@click.option("--profile", metavar="NAME", shell_complete=completers.profiles, help="Check this profile.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.argument("options", metavar="[OPTIONS OF SERVE]...", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def doctor(context: click.Context, *, profile: str | None, as_json: bool, options: tuple[str, ...]) -> None:
    """Check this console's connection, or a server, and say what to do about what is wrong.

    Without options, it looks at the profile, the keyring, the token and the server that they are for. With the options
    that 'tui-registry serve' is given, such as --database, or with TUI_REGISTRY_DATABASE, it looks at what such a
    server needs: the database, its schema and audit log, the clock, disks, permissions, backups, the TLS certificate,
    the tracking server and webhooks' receivers. It changes nothing. Exits with 1 if anything fails.
    """
    profile = profile or context.find_root().params["profile"]
    if options and profile is not None:
        raise click.UsageError("--profile is for this console's connection, and the other options are for a server.")
    if options or (profile is None and os.environ.get(VARIABLE)):
        from tui_registry.session.server_process import become_server

        become_server("doctor", *options, *(["--json"] if as_json else []))
    from tui_registry.session.doctor import look
    from tui_registry_server.wire.diagnosis import Status, as_lines, worst
    from tui_registry_server.wire.diagnosis import as_json as json_of

    found = look(profile)
    if as_json:
        print_json(json_of(found))
    else:
        print_lines(as_lines(found))
    if worst(found) == Status.FAIL:
        sys.exit(Exit.REFUSED)
