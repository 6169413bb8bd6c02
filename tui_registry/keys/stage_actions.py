"""The actions that decide requests and change stages: a part of keys.actions."""

from tui_registry.keys.action import Action

WITH_REQUESTS = ("inbox", "model", "board", "version")
WITH_VERSIONS = ("model", "board")
STAGE_ACTIONS = (
    Action(
        "approve", "a", "a", "approve", "Approve the request, or all marked requests", WITH_REQUESTS, 1, writes=True
    ),
    Action("reject", "r", "r", "reject", "Reject the request, or all marked requests", WITH_REQUESTS, 1, writes=True),
    Action(
        "cancel",
        "x",
        "x",
        "cancel request",
        "Cancel the request, or all marked requests",
        ("inbox", "board", "version"),
        2,
        writes=True,
    ),
    Action(
        "cancel",
        "x",
        "x",
        "cancel request",
        "Cancel the request, or all marked requests",
        ("model",),
        3,  # whose other keys decide more
        writes=True,
    ),
    Action(
        "transition",
        "t",
        "t",
        "move",
        "Move the version to another stage, or request the move",
        (*WITH_VERSIONS, "version"),
        1,
        writes=True,
    ),
    Action(
        "rollback",
        "b",
        "b",
        "roll back",
        "Roll back Production to the version that was there before",
        ("model",),
        2,
        writes=True,
    ),
)
