"""What tests of commands share."""

import pytest

from tui_registry.commands import registry


@pytest.fixture
def pages_of_two(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands read so few rows at once that lists have several pages."""
    monkeypatch.setattr(registry, "PAGE_SIZE", 2)
