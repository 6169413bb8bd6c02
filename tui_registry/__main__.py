"""``python -P -m tui_registry``."""

import sys

if not sys.flags.safe_path:
    del sys.path[0]  # the current folder, which ``-m`` without ``-P`` puts first: what lies there is not ours to run

try:
    from tui_registry.cli import main

    main(prog_name="tui-registry")
except KeyboardInterrupt:  # during the imports, or just before the program handles it
    sys.exit(130)
