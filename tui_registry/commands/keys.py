"""The console's keys, as a table or as a file."""

from pathlib import Path

import click

from tui_registry.commands import output
from tui_registry.commands.exits import Exit, Failure


@click.command()
@click.option("--keymap", metavar="NAME|PATH", help="The keymap to show, instead of the one in force.")
@click.option("--toml", is_flag=True, help="Print a keymap file to start your own from.")
def keys(*, keymap: str | None, toml: bool) -> None:
    """Print the console's keys; of a wrong keymap, its problems, and exit with 1."""
    from tui_registry.keys import keymap as keymaps
    from tui_registry.session import settings

    try:
        wanted, beside = (keymap, Path()) if keymap else (settings.read().keymap, settings.config_file().parent)
        known = keymaps.load(wanted, beside=beside)
    except (settings.SettingsError, keymaps.KeymapError) as error:
        raise Failure(Exit.REFUSED, str(error)) from None
    if toml:
        output.print_lines(keymaps.as_file(known).splitlines())
        return
    output.print_lines(output.table(("KEYS", "ACTION", "DOES", "WHERE"), list(keymaps.table(known))))
