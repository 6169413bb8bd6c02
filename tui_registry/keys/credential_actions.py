"""The actions on the credentials of service principals: OAuth secrets and federation rules."""

from tui_registry.keys.action import Action

CREDENTIAL_ACTIONS = (
    Action(
        "credentials",
        "c",
        "c",
        "credentials",
        "Show the service principal's OAuth secrets and federation rules",
        ("service principals",),
        3,
    ),
    Action(
        "make_secret",
        "n",
        "n",
        "new secret",
        "Create an OAuth secret: at most two at a time",
        ("credentials",),
        1,
        writes=True,
    ),
    Action(
        "make_rule",
        "N",
        "N",
        "new rule",
        "Create a federation rule: accept tokens of GitHub and others",
        ("credentials",),
        2,
        writes=True,
    ),
    Action(
        "revoke_credential",
        "D",
        "D",
        "revoke",
        "Revoke the secret or rule, with the access tokens that it gave",
        ("credentials",),
        2,
        writes=True,
    ),
)
