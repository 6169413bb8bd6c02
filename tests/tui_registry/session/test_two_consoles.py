"""Two consoles on one server, in two terminals: what one does is on the other without a key.

Within a second, that is meant to be; the time it took is printed, as a test on a loaded machine cannot hold one to it.
"""

import time

from tests.tui_registry.samples import ASKER, Samples
from tests.tui_registry.terminal_process import Terminal, terminal


def variables(samples: Samples, token: str) -> dict[str, str]:
    return {"TUI_REGISTRY_URL": samples.url, "TUI_REGISTRY_TOKEN": token}


def both_show(one: Terminal, other: Terminal, *texts: str) -> None:
    """Wait for the one who acted, then for the other, who only looks on."""
    one.shows(*texts)
    begun = time.monotonic()
    other.shows(*texts)
    print(f"{texts[-1]!r} was on the other console {time.monotonic() - begun:.2f} s after the first")


def test_what_one_does_is_on_the_other(samples: Samples) -> None:
    """The owner and the one who asks: a request, its rejection, a transition, a comment, a new version."""
    model = samples.model("shared")
    for _ in range(2):
        samples.version(model)
    with (
        terminal(variables=variables(samples, samples.token), size=(120, 40)) as owner,
        terminal(variables=variables(samples, samples.registry.token(ASKER)), size=(120, 40)) as asker,
    ):
        owner.shows("No open requests", "● live")
        asker.shows("No open requests", "● live")
        asker.press(":")
        asker.type(model)
        asker.press("enter")
        asker.shows("your level: CAN_READ", "2 versions")
        asker.press("t")
        asker.shows("requires approval")
        asker.press("s")
        asker.shows("Request this transition?")
        asker.press("y")
        both_show(asker, owner, model, "→ Staging")
        owner.press("enter")
        owner.shows("your level: CAN_MANAGE", "→ Staging?")
        owner.press("r")
        owner.shows("Reject this request?")
        owner.press("y")
        owner.until(lambda: "→ Staging?" not in owner.text, "the request is gone")
        asker.until(lambda: "→ Staging?" not in asker.text, "the request is gone")
        owner.press("t")
        owner.shows("Move ")
        owner.press("z")
        owner.shows("Move this version?")
        owner.press("y")
        both_show(owner, asker, "Archived")
        samples.version(model)
        both_show(owner, asker, "3 versions")
        for each in (owner, asker):
            each.press("q")
            assert each.ends() == 0
