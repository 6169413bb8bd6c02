"""The table of actions: for each its keys, label, help text and places. The bindings, the action bar, the help, the
finder and the README are generated from it.

Letters, digits, Tab, Enter, Escape and Space only: a terminal without the Kitty protocol sends ctrl+i and ctrl+m as Tab
and Enter, and no action that cannot be undone is bound to ctrl.
"""

from collections.abc import Iterable
from functools import cache

from textual.binding import Binding

from tui_registry.keys.action import EVERYWHERE, Action
from tui_registry.keys.credential_actions import CREDENTIAL_ACTIONS
from tui_registry.keys.names import is_character
from tui_registry.keys.stage_actions import STAGE_ACTIONS, WITH_VERSIONS
from tui_registry.keys.webhook_actions import WEBHOOK_ACTIONS
from tui_registry.keys.workspace_actions import WORKSPACE_ACTIONS

FILTERING = (
    Action("submit", "enter", "⏎", "apply", "Keep the filter", ()),
    Action("move(1)", "down", "↓↑", "select", "Select a row", ()),
    Action("back", "escape", "esc", "clear", "Clear the filter", ()),
)
"""What the action bar lists while a text input has the focus, where letters are typed."""

WHILE_TYPING = (Binding("down", "move(1)", show=False), Binding("up", "move(-1)", show=False))
"""Keys that a text input passes on to the list above it."""

WITH_MARKS = ("inbox", *WITH_VERSIONS, "webhooks", "deliveries")
DETAILS = ("version", "model details")
TRACKING = ("experiments", "runs", "run")
SECTIONS = ("access", "users", "groups", "service principals", "tokens", "webhooks")
ACCOUNTS = ("users", "service principals")
ACCESS = (*SECTIONS, "group", "account", "credentials", "deliveries", "follows", "workspaces")
LISTED = ("models", "prompts")
READ_ON = ("inbox", *WITH_VERSIONS, *DETAILS, "compare", "deliveries")
TABLES = ("inbox", *LISTED, *WITH_VERSIONS, "activity", "journal", "experiments", "runs", *ACCESS)
VIEW_PLACES = ("inbox", *LISTED, "board", "activity", *SECTIONS)
ACTIONS = (
    *STAGE_ACTIONS,
    Action(
        "open",
        "enter",
        "⏎",
        "open",
        "Open the row under the cursor",
        ("inbox", *LISTED, "board", "activity", "overview", *DETAILS, "compare", "experiments", "runs"),
        2,
    ),
    Action("open", "enter", "⏎", "open", "Open the row under the cursor", ("model",), 3),
    Action("mark", "space", "␣", "mark", "Mark the row, to act on several at once", WITH_MARKS, 6),
    Action("mark_range", "v", "v", "range", "Mark the rows from here to where the cursor goes", WITH_MARKS, 7),
    Action("mark_all", "asterisk", "*", "all", "Mark all rows of the list, or none", WITH_MARKS, 7),
    Action("invert_marks", "I", "I", "invert", "Invert the marks", WITH_MARKS, 9),
    Action(
        "filter",
        "slash",
        "/",
        "filter",
        "Filter the list as you type",
        ("inbox", "board", "activity", "journal", "runs", *ACCESS),
        3,
    ),
    Action("search", "slash", "/", "filter", "Filter the models as you type", ("models",), 1),
    Action("search", "slash", "/", "filter", "Filter the prompts as you type", ("prompts",), 1),
    Action(
        "find",
        "slash",
        "/",
        "find",
        "Find a model",
        ("overview", "model", *DETAILS, "compare", "run"),
        7,
    ),
    Action("search", "slash", "/", "filter", "Filter the experiments as you type", ("experiments",), 1),
    Action("sort", "s", "s", "sort", "Sort by a column, or in the other direction", TABLES, 7),
    Action("columns", "C", "C", "columns", "Choose the columns and their order", TABLES, 8),
    Action("show_row", "V", "V", "whole row", "Show the full texts of the row under the cursor", TABLES, 8),
    Action("save_view", "S", "S", "save view", "Save the filter, order and columns as a view", VIEW_PLACES, 9),
    Action("export", "E", "E", "export", "Write the rows to a file, as CSV or JSON Lines", TABLES, 8),
    Action(
        "new", "n", "n", "new", "Create a model or prompt or, in one, add a version", (*LISTED, "model"), 4, writes=True
    ),
    Action("register", "N", "N", "from a run", "Register a model from a run", ("models", "model"), 6),
    Action(
        "register_candidate",
        "n",
        "n",
        "register",
        "Register the model under the cursor as a version",
        ("run",),
        1,
        writes=True,
    ),
    Action("open_run", "o", "o", "run", "Open the run that produced the version", (*WITH_VERSIONS, "version"), 6),
    Action(
        "card",
        "i",
        "i",
        "details",
        "Show the description, tags, aliases and permissions",
        ("inbox", *LISTED, *WITH_VERSIONS),
        5,
    ),
    Action(
        "compare", "equals_sign", "=", "compare", "Compare two marked versions, or one with Production", ("board",), 3
    ),
    Action(
        "compare",
        "equals_sign",
        "=",
        "compare",
        "Compare two marked versions, or one with Production",
        ("model",),
        2,  # whoever decides a request there has to see it
    ),
    Action(
        "comment",
        "c",
        "c",
        "comment",
        "Comment on the version",
        (*WITH_VERSIONS, "version", "activity"),
        4,
        writes=True,
    ),
    Action(
        "edit",
        "e",
        "e",
        "edit",
        "Edit the description, or the row under the cursor",
        (*LISTED, *WITH_VERSIONS, *DETAILS),
        3,
        writes=True,
    ),
    Action("tags", "T", "T", "tag", "Set a tag", (*LISTED, *WITH_VERSIONS, *DETAILS), 6, writes=True),
    Action("aliases", "A", "A", "alias", "Set an alias on a version", (*WITH_VERSIONS, *DETAILS), 3, writes=True),
    Action(
        "delete",
        "D",
        "D",
        "delete",
        "Delete the model or version under the cursor",
        (*LISTED, *WITH_VERSIONS),
        4,
        writes=True,
    ),
    Action("delete", "D", "D", "delete", "Delete the row's tag, alias or comment", ("version",), 4, writes=True),
    Action(
        "delete", "D", "D", "delete", "Delete the row's tag or alias, or the model", ("model details",), 4, writes=True
    ),
    Action("rename", "R", "R", "rename", "Rename the model", (*LISTED, "model details"), 7, writes=True),
    Action(
        "permissions",
        "p",
        "p",
        "permissions",
        "Show, change and explain permissions on the model",
        (*LISTED, *WITH_VERSIONS, "model details"),
        5,
    ),
    Action("grant", "n", "n", "grant", "Grant a permission level", ("access",), 1, writes=True),
    Action("change", "e", "e", "change", "Change the permission level under the cursor", ("access",), 1, writes=True),
    Action("revoke", "D", "D", "revoke", "Revoke the permission level under the cursor", ("access",), 2, writes=True),
    Action("why", "w", "w", "why", "Explain the level of this principal, or of another", ("access",), 1),
    Action("person", "enter", "⏎", "open", "Show all that the account has", ACCOUNTS, 1),
    Action("open", "enter", "⏎", "open", "Open the group, model or request under the cursor", ("account",), 2),
    Action(
        "every_model", "v", "v", "every model", "List every model, or only those with a higher level", ("account",), 3
    ),
    Action(
        "offboard",
        "O",
        "O",
        "offboard",
        "Offboard permanently: account, tokens, permissions, groups",
        (*ACCOUNTS, "account"),
        2,
        writes=True,
    ),
    Action("enrol", "n", "n", "new", "Create an account", ACCOUNTS, 1, writes=True),
    Action(
        "deactivate",
        "D",
        "D",
        "deactivate",
        "Deactivate for now: reject tokens; all else is kept",
        ACCOUNTS,
        2,
        writes=True,
    ),
    Action(
        "reactivate",
        "A",
        "A",
        "reactivate",
        "Reactivate the account: accept its tokens again",
        ACCOUNTS,
        2,
        writes=True,
    ),
    Action("members", "enter", "⏎", "members", "Show the group's members", ("groups",), 1),
    Action("new_group", "n", "n", "new", "Create a group", ("groups",), 1, writes=True),
    Action("delete_group", "D", "D", "delete", "Delete the group", ("groups",), 2, writes=True),
    Action("add_member", "n", "n", "add", "Add a member to the group", ("group",), 1, writes=True),
    Action("remove_member", "D", "D", "remove", "Remove the member from the group", ("group",), 2, writes=True),
    Action(
        "make_token",
        "n",
        "n",
        "new",
        "Create a token, for yourself or a service principal",
        ("tokens",),
        1,
        writes=True,
    ),
    Action("revoke_token", "D", "D", "revoke", "Revoke the token", ("tokens",), 2, writes=True),
    *CREDENTIAL_ACTIONS,
    *WEBHOOK_ACTIONS,
    *WORKSPACE_ACTIONS,
    Action("next_section", "tab", "tab", "next", "Go to the next section of Access", SECTIONS, 3),
    Action("previous_section", "shift+tab", "⇧tab", "previous", "Go to the previous section of Access", SECTIONS, 9),
    Action(
        "history",
        "H",
        "H",
        "history",
        "Show the activities on the model and all of its versions",
        (*LISTED, "model", "model details"),
        6,
    ),
    Action("history", "H", "H", "history", "Show the activities on the version", ("board", "version"), 6),
    Action("only_changes", "v", "v", "all calls", "List all calls, reads too, or only the changes", ("journal",), 2),
    Action("timeline", "v", "v", "timeline", "Show or hide the stage transitions per day", ("activity",), 4),
    Action("next_stage", "tab", "tab", "next stage", "Go to the next stage", ("board",), 3),
    Action("previous_stage", "shift+tab", "⇧tab", "previous stage", "Go to the previous stage", ("board",), 9),
    Action("next_panel", "tab", "tab", "next", "Go to the next panel: metrics, parameters, tags", ("run",), 2),
    Action("previous_panel", "shift+tab", "⇧tab", "previous", "Go to the previous panel", ("run",), 9),
    Action(
        "back",
        "escape",
        "esc",
        "back",
        "Clear the filter and marks, or go back",
        VIEW_PLACES,
        6,
    ),
    Action(
        "back",
        "escape",
        "esc",
        "back",
        "Clear the filter and marks, or go back",
        ("model", *DETAILS, "compare", "journal", *TRACKING, *(each for each in ACCESS if each not in SECTIONS)),
        1,  # who opened it has to see the way back
    ),
    Action("go('inbox')", "1", "1", "inbox", "Go to the open requests", (EVERYWHERE,), 8),
    Action("go('models')", "2", "2", "models", "Go to the models", (EVERYWHERE,), 8),
    Action("go('board')", "3", "3", "board", "Go to the versions of all models by stage", (EVERYWHERE,), 8),
    Action("go('activity')", "4", "4", "activity", "Go to the activity feed", (EVERYWHERE,), 8),
    Action(
        "go('access')",
        "5",
        "5",
        "access",
        "Go to access: permissions, users, groups, tokens, webhooks",
        (EVERYWHERE,),
        8,
    ),
    Action("go('overview')", "6", "6", "overview", "Go to the overview: what needs attention", (EVERYWHERE,), 8),
    Action("go('prompts')", "7", "7", "prompts", "Go to the prompts", (EVERYWHERE,), 8),
    Action("read_on(1)", "J", "J", "scroll down", "Scroll the details down", READ_ON, 9),
    Action("read_on(-1)", "K", "K", "scroll up", "Scroll the details up", READ_ON, 9),
    Action(
        "refresh",
        "f5",
        "F5",
        "refresh",
        "Refresh",
        ("inbox", *LISTED, *WITH_VERSIONS, "activity", "overview", *DETAILS, "compare", *TRACKING, *ACCESS),
        9,
    ),
    Action(
        "copy",
        "y",
        "y",
        "copy",
        "Copy the name, URI, Python or curl code, or a prompt's text",
        ("inbox", *LISTED, *WITH_VERSIONS, "activity", *DETAILS, "journal", *ACCESS),
        7,
    ),
    Action("copy", "y", "y", "copy", "Copy the name, the link to the run, or the value", TRACKING, 7),
    Action(
        "find_anything",
        "colon,ctrl+p",
        ":",
        "go to",
        "Find models, versions, users, groups, places and actions",
        (EVERYWHERE,),
        4,
    ),
    Action("help", "question_mark", "?", "help", "List the actions available here", (EVERYWHERE,), 0),
    Action("undo", "u", "u", "undo", "Undo the last change", (EVERYWHERE,), 9, writes=True),
    Action("profiles", "P", "P", "profiles", "Switch profile, or allow changes in a read-only one", (EVERYWHERE,), 9),
    Action(
        "journal",
        "at",
        "@",
        "changes",
        "List the changes and calls of this session, and their outcome",
        (EVERYWHERE,),
        9,
    ),
    Action(
        "command_output",
        "L",
        "L",
        "output",
        "Show the output of your commands in the background",
        (EVERYWHERE,),
        7,
    ),
    Action(
        "show_text",
        "Y",
        "Y",
        "as text",
        "Show the last copied text, or all calls, as plain text",
        (EVERYWHERE,),
        7,
    ),
    Action("theme", "f9", "F9", "theme", "Choose a colour theme", (EVERYWHERE,), 9),
    Action("suspend", "ctrl+z", "ctrl+z", "suspend", "Suspend to the shell; fg resumes", (EVERYWHERE,), 9),
    Action("quit", "q", "q", "quit", "Quit", (EVERYWHERE,), 6),
)


def of_place(place: str, actions: Iterable[Action] = ACTIONS) -> list[Action]:
    """The actions of a screen, in the order of the table."""
    return [action for action in actions if place in action.places or EVERYWHERE in action.places]


@cache
def own_actions(place: str) -> frozenset[str]:
    """The ids of the actions of a screen that are not available everywhere."""
    return frozenset(action.id for action in ACTIONS if place in action.places)


def characters(actions: Iterable[Action]) -> frozenset[str]:
    """The method names of the actions bound to printable characters: none of them is available in a text input."""
    return frozenset(
        action.id.partition("(")[0]
        for action in actions
        if any(is_character(key) for key in action.keys.split(",") if key)
    )


WRITING = frozenset(action.id for action in ACTIONS if action.writes)
"""The actions that change the registry."""


IN_DIALOGS = frozenset({"suspend"})


def bindings(place: str, actions: Iterable[Action] = ACTIONS) -> list[Binding]:
    """The bindings of a screen's own actions, or of the application's for EVERYWHERE.

    Those bound to printable characters have priority: such a key acts before the next one is even looked at, so that
    what a fast typist sends after ``/`` or ``a`` arrives in the input or the dialog that it opens. So do those that
    work in dialogs, too.
    """
    return [
        Binding(key, action.id, action.label, show=False, priority=is_character(key) or action.id in IN_DIALOGS)
        for action in actions
        if place in action.places
        for key in action.keys.split(",")
        if key
    ]
