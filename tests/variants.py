"""Parameters with which a test is run once more, at another size or in another environment: CI leaves them out."""

import pytest
from _pytest.mark import ParameterSet


def variant(*values: object) -> ParameterSet:
    """The values of one set of parameters."""
    return pytest.param(*values, marks=pytest.mark.variant)
