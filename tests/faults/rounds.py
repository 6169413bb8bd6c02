"""How long the tests of faults run. By default a short form that finds frequent faults; a long form by

TUI_REGISTRY_TEST_ROUNDS=1000 python -m pytest tests/faults
"""

import os

ROUNDS = int(os.environ.get("TUI_REGISTRY_TEST_ROUNDS", "100"))
"""Servers that are killed; other tests scale their numbers by it."""
