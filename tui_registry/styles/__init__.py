"""How things look. ``console.tcss`` is read at the start: what all places share, and the inbox."""

from pathlib import Path

ELSEWHERE = Path(__file__).with_name("elsewhere.tcss")
"""The rest, which the start does without."""
