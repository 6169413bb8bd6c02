"""The four stages of a model version."""

from enum import StrEnum


class Stage(StrEnum):
    NONE = "None"
    STAGING = "Staging"
    PRODUCTION = "Production"
    ARCHIVED = "Archived"


EXCLUSIVE_STAGES = (Stage.STAGING, Stage.PRODUCTION)
"""A transition to one of these may archive the versions that hold it."""
