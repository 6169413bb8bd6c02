"""``python -m server``."""

from server.commands import main

main(prog_name="tui-registry")
