"""The actions on workspaces: a part of keys.actions."""

from tui_registry.keys.action import Action

WORKSPACE_ACTIONS = (
    Action("open_workspace", "enter", "⏎", "open", "Open the workspace, in place of this one", ("workspaces",), 1),
    Action("new_workspace", "n", "n", "new", "Create a workspace", ("workspaces",), 2, writes=True),
    Action("edit_workspace", "e", "e", "describe", "Describe the workspace", ("workspaces",), 2, writes=True),
    Action(
        "delete_workspace", "D", "D", "delete", "Delete the workspace, with its models", ("workspaces",), 4, writes=True
    ),
)
