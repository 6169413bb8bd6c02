"""``python -m tui_registry``."""

from tui_registry.cli import main

main(prog_name="tui-registry")
