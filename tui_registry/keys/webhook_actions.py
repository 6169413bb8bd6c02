"""The actions on webhooks, their deliveries, and what somebody follows: a part of keys.actions."""

from tui_registry.keys.action import EVERYWHERE, Action

OF_MODELS = ("models", "prompts", "model", "board", "model details")
WEBHOOK_ACTIONS = (
    Action(
        "webhooks",
        "W",
        "W",
        "webhooks",
        "Show and manage the webhooks of the model",
        OF_MODELS,
        8,
    ),
    Action(
        "follow",
        "f",
        "f",
        "follow",
        "Follow the model: be notified of what others do with it",
        OF_MODELS,
        8,
        writes=True,
    ),
    Action("follow", "f", "f", "follow", "Follow requests that wait for you", ("inbox",), 8, writes=True),
    Action("follows", "F", "F", "follows", "List what you follow, to change or stop it", (EVERYWHERE,), 9),
    Action("open", "enter", "⏎", "open", "Open the model, or the inbox", ("follows",), 1),
    Action("change", "e", "e", "change", "Change how you are notified", ("follows",), 1, writes=True),
    Action("unfollow", "D", "D", "unfollow", "Stop following it", ("follows",), 1, writes=True),
    Action("deliveries", "enter", "⏎", "open", "Show what was delivered, and the answers", ("webhooks",), 1),
    Action("new_webhook", "n", "n", "new", "Create a webhook", ("webhooks",), 1, writes=True),
    Action("test_webhook", "t", "t", "test", "Send an example, and show the answer", ("webhooks",), 2, writes=True),
    Action("pause_webhook", "p", "p", "pause", "Pause the webhook, or all marked ones", ("webhooks",), 2, writes=True),
    Action(
        "resume_webhook", "A", "A", "resume", "Resume the webhook, or all marked ones", ("webhooks",), 2, writes=True
    ),
    Action("edit_webhook", "e", "e", "edit", "Edit its events and description", ("webhooks",), 2, writes=True),
    Action(
        "delete_webhook", "D", "D", "delete", "Delete the webhook, or all marked ones", ("webhooks",), 2, writes=True
    ),
    Action(
        "replay",
        "r",
        "r",
        "send again",
        "Send the delivery again, or now if it waits, or all marked ones",
        ("deliveries",),
        1,
        writes=True,
    ),
    Action("open", "enter", "⏎", "open", "Open the version or model that it is about", ("deliveries",), 2),
)
