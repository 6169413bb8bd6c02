"""Several requests decided together: what is asked, what is reported, what can be undone."""

from tests.tui_registry.console import LARGE, SIZES, console
from tests.tui_registry.proxy import proxied
from tests.tui_registry.samples import ASKER, SECOND_ASKER, Samples


async def test_several_are_approved_at_once_each_with_its_outcome(samples: Samples) -> None:
    models = [samples.pending(f"model-{number}") for number in range(4)]
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.shows("Inbox (4)")
        await shown.press("g", "space", "space", "space", "a")
        await shown.shows("Approve 3 requests?")
        path = "/mlflow/transition-requests/reject"
        samples.call("POST", path, name=models[2], version="1", stage="Staging", comment="I was quicker.")
        await shown.press("y")
        await shown.shows("✗ 2 approved, 1 failed · @ details")
        assert not shown.app._notifications, "nothing covers the next request"
        await shown.shows("Inbox (1)")
    assert [samples.stage(model) for model in models] == ["None", "Staging", "None", "Staging"]


@SIZES
async def test_many_have_one_report(samples: Samples, size: tuple[int, int]) -> None:
    models = [samples.pending(f"model-{number}") for number in range(12)]
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows("Inbox (12)")
        await shown.press("g", *["space"] * 12, "r")
        await shown.shows("Reject 12 requests?")
        await shown.press("y")
        await shown.shows("✓ 12 rejected, 0 failed · @ details")
        await shown.shows("Inbox (0)")
        assert not shown.app._notifications
    assert {samples.stage(model) for model in models} == {"None"}


@SIZES
async def test_what_was_decided_together_is_undone_together(samples: Samples, size: tuple[int, int]) -> None:
    models = [samples.pending(name) for name in ("one", "two", "three")]
    async with console(samples.url, samples.token, size) as shown:
        await shown.shows(*models)
        await shown.press("asterisk", "a")
        await shown.shows("Approve 3 requests?")
        await shown.press("y")
        await shown.notifies("3 approved, 0 failed")
        await shown.press("u")
        await shown.shows("Undo the last change?", "3 changes: 3 approved, 0 failed", f"{models[0]} version 1")
        await shown.press("y")
        await shown.notifies("3 undone, 0 failed")
        assert [samples.stage(model) for model in models] == ["None"] * 3
        assert "u undo" not in shown.bar
        await shown.until(lambda: shown.app.mutations.last_change is None, "nothing is left to undo")


async def test_many_are_asked_about_on_a_small_screen(samples: Samples) -> None:
    for number in range(12):
        samples.pending(f"a-model-with-quite-a-long-name-as-they-have-in-large-houses-{number}", "Production")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("Inbox (12)")
        await shown.press("g", *["space"] * 12, "a")
        await shown.shows(
            "Approve 12 requests?", "large-houses-11", "n  No", "y  Approve", "y then type production ⏎   n no"
        )
        await shown.press(*["down"] * 40)
        await shown.shows("large-houses-0")


async def test_two_who_asked_for_the_same_are_one_decision(samples: Samples) -> None:
    """Each is named with its comment, and counted, whether it is marked or not: by the key, the dialog, the report."""
    model, other = samples.pending("churn", comment="Better recall."), samples.pending("other")
    samples.ask(model, "1", by=SECOND_ASKER, comment="Needed by Monday.")
    async with console(samples.url, samples.token) as shown:
        await shown.shows("Inbox (3)")
        await shown.shows(f"decided together with the request by {ASKER}")
        for key in ("a approve 2", "r reject 2", "x cancel request "):
            assert key in shown.bar, key
        await shown.press("a")
        await shown.shows("Approve 2 requests?", "1 chosen; 1 more for the same transition is approved with it.")
        await shown.shows(f"requested by {SECOND_ASKER}", "“Needed by Monday.”")
        await shown.shows(f"also approves the request by {ASKER}, ", "“Better recall.”")
        await shown.press("n", "space", "space")
        await shown.shows("2 marked, decided together with 1 more:", "Inbox (3), 2 marked")
        await shown.until(lambda: "a approve 3  r reject 3  x cancel 2 requests" in shown.bar)
        await shown.press("r")
        await shown.shows("Reject 3 requests?", "2 chosen; 1 more for the same transition is rejected with them.")
        await shown.press("n", "x")
        await shown.shows("Cancel 2 requests?")
        await shown.press("n", "escape", "asterisk", "a")
        await shown.shows("Approve 3 requests?", f"requested by {SECOND_ASKER}", "“Needed by Monday.”")
        await shown.shows(f"and by {ASKER}", "“Better recall.”", f"• {other} version 1")
        assert "more for the same" not in shown.text
        await shown.press("n", "G", "space", "a")
        await shown.shows("Approve 3 requests?", "2 chosen; 1 more for the same transition is approved with them.")
        await shown.press("y")
        await shown.notifies("3 approved, 0 failed")
        await shown.shows("No open requests")


async def test_who_asked_for_the_same_meanwhile_is_counted(samples: Samples) -> None:
    model = samples.pending("churn")
    async with proxied(samples.url) as proxy, console(proxy.url, samples.token) as shown:
        await shown.shows("Inbox (1)", "● live")
        await shown.press("a")
        await shown.shows("Approve this request?")
        samples.ask(model, "1", by=SECOND_ASKER)
        await shown.press("y")
        await shown.notifies("Approved 2 requests; version 1 is now in Staging.")


async def test_what_is_left_of_several_is_not_tried_without_a_server(samples: Samples) -> None:
    models = [samples.pending(f"model-{number}") for number in range(5)]
    async with proxied(samples.url) as proxy, console(proxy.url, samples.token, LARGE) as shown:
        await shown.shows("Inbox (5)", "● live")
        await shown.press("asterisk", "a")
        await shown.shows("Approve 5 requests?")
        await proxy.cut()
        await shown.press("y")
        untried = ", ".join(f"{model} version 1" for model in models[3:0:-1])
        await shown.notifies(f"0 approved, 1 failed, 4 not tried: {untried} and 1 more · @ details")
        assert "5 marked" in shown.header
        await shown.press("at")
        await shown.shows(f"approve {models[0]} version 1", "Not tried: the server could not be reached")
        await shown.press("escape")
        await proxy.open()
        await shown.shows("● live")
        await shown.press("a")
        await shown.shows("Approve 5 requests?")
        await shown.press("y")
        await shown.notifies("5 approved, 0 failed")
