"""How long the tests of faults go on. By default a short form that finds what is often wrong; a long form by

TUI_REGISTRY_TEST_ROUNDS=1000 python -m pytest tests/faults
"""

import os

ROUNDS = int(os.environ.get("TUI_REGISTRY_TEST_ROUNDS", "100"))
"""Servers that are killed; other tests take a part of it."""
