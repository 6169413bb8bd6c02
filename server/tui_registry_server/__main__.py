"""``python -P -m tui_registry_server``."""

import sys

if not sys.flags.safe_path:
    del sys.path[0]  # the current folder, which ``-m`` without ``-P`` puts first: modules there must not be imported

try:
    from tui_registry_server.commands import main
except KeyboardInterrupt:
    sys.exit(130)

main(prog_name="tui-registry")
