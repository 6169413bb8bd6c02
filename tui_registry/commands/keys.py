"""``tui-registry keys``: the console's keys, as a table or as a keymap file."""

from pathlib import Path

import click

from tui_registry.commands import output
from tui_registry.commands.exit_codes import Exit, Failure


@click.command()
@click.option("--keymap", metavar="NAME|PATH", help="Show or check this keymap instead of the active one.")
@click.option("--toml", is_flag=True, help="Print a keymap file to edit.")
def keys(*, keymap: str | None, toml: bool) -> None:
    """List the console's keys, or the problems of a keymap."""
    from tui_registry.keys import custom_commands
    from tui_registry.keys import keymap as keymaps
    from tui_registry.session import settings

    try:
        given = settings.read()
        wanted, folder = (keymap, Path()) if keymap else (given.keymap, settings.config_file().parent)
        known, problems = custom_commands.with_commands(keymaps.load(wanted, folder=folder), given.commands)
        if problems:
            raise keymaps.KeymapError(str(settings.config_file()), [each.removesuffix(".") for each in problems])
    except (settings.SettingsError, keymaps.KeymapError) as error:
        raise Failure(Exit.REFUSED, str(error)) from None
    if toml:
        output.print_lines(keymaps.as_file(known).splitlines())
    else:
        output.print_lines(output.table(("KEYS", "ACTION", "DESCRIPTION", "WHERE"), list(keymaps.table(known))))
    if known.notes:
        output.note("\n".join(known.notes))
