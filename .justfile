# Recipes for those who change tui-registry; https://just.systems runs them. `just` lists them.

set positional-arguments

export PATH := justfile_directory() / ".venv/bin:" + env("PATH")

# One test file of each part, and of each of the three journeys: review, find, govern.
fast_tests := "tests/test_readmes.py tests/server/rules tests/server/test_models.py tests/server/test_transitions.py tests/server/test_requests.py tests/server/test_permissions.py tests/tui_registry/startup/test_import.py tests/tui_registry/commands/test_commands.py tests/tui_registry/screens/test_request_decisions.py tests/tui_registry/screens/test_models.py tests/tui_registry/mutations/test_access_mutations.py"

[private]
default:
    @just --list --unsorted

# Make .venv with the locked dependencies, and install tui-registry into it, editable
setup:
    .ci/setup

# Run tests: files, folders, or options of pytest; without any, all
test *ARGUMENTS:
    python -m pytest "$@"

# Run two minutes' worth of tests that go through every part
fast:
    python -m pytest {{ fast_tests }}

# Format, and fix what lint can fix
fix:
    ruff format .
    ruff check --fix .

# Check format, lint, types and import rules
check:
    ruff format --check .
    ruff check .
    mypy
    lint-imports

# Measure which lines tests run: files, folders, or options of pytest
coverage *ARGUMENTS:
    .ci/coverage "$@"

# Write the generated tables of the READMEs
docs:
    python -m tests.readme_tables

# Draw the screenshots, all or those with these names
screenshots *NAMES:
    python -m tests.screenshots "$@"

# Lock the dependencies; --upgrade takes the newest (needs uv)
lock *OPTIONS:
    .ci/lock "$@"

# Look for known vulnerabilities in what is locked
audit:
    .ci/audit

# Run everything that must pass before a change lands
ci:
    .ci/run
