"""Stylesheets. ``console.tcss`` is read at the start: shared styles, and the inbox."""

from pathlib import Path

DEFERRED_STYLES = Path(__file__).with_name("deferred.tcss")
"""All other styles, loaded after the first frame."""
