"""The feed of activities as its users see it."""

from tests.tui_registry.console import LARGE, SIZES, console
from tests.tui_registry.samples import ASKER, SECOND_ASKER, Samples
from tui_registry.queries.search_syntax import activity_filter


@SIZES
async def test_who_did_what(samples: Samples, size: tuple[int, int]) -> None:
    """Also where names of users and models are long: they are cut before the stages are."""
    for number in range(9):
        samples.share(samples.model(f"=a-model-with-a-rather-long-name-{number}-{samples.id}"))
    model = samples.pending("churn", comment="[@click=app.quit] please")
    samples.ask(model, "1", by=SECOND_ASKER)
    samples.ask(model, samples.version(model, "Production"), "Archived", comment="not used by anybody since the summer")
    async with console(samples.url, samples.token, size) as shown:
        await shown.press("4")
        await shown.shows("Production → Archived")
        await shown.shows(
            model, ASKER, f"{SECOND_ASKER[:8]}…{SECOND_ASKER[-4:]}", "requested", "None → Staging", "created"
        )


async def test_what_happens_elsewhere_is_shown(samples: Samples) -> None:
    model = samples.pending("churn")
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.press("4")
        await shown.shows(model, "requested")
        samples.call(
            "POST", "/mlflow/transition-requests/reject", name=model, version="1", stage="Staging", comment="too early"
        )
        await shown.shows("rejected", "too early")


async def test_it_is_narrowed_by_what_is_typed(samples: Samples) -> None:
    churn, fraud = samples.pending("churn"), samples.pending("fraud")
    async with console(samples.url, samples.token) as shown:
        await shown.press("4")
        await shown.shows(churn, fraud)
        await shown.press("slash")
        await shown.type(f"{churn} type:requested")
        await shown.hides(fraud)
        await shown.shows(churn, "requested")
        await shown.press("enter", "enter")
        await shown.shows(f"Models › {churn}")
        await shown.press("escape")
        await shown.shows("Activity")
        await shown.press("escape")
        await shown.shows(fraud)


def test_words_of_a_filter() -> None:
    assert activity_filter("type:asked") == activity_filter("type:requested")  # what it was called before
    assert activity_filter("") == {}
    assert activity_filter("card risk user:ada@example.com") == {"name": "card risk", "user": "ada@example.com"}
    assert activity_filter("type:reject") == {"activity_type": ["REJECTED_REQUEST"]}
    assert activity_filter("type:nonsense") == {"activity_type": ["nonsense"]}
    assert activity_filter("type:displaced") == {"activity_type": ["SYSTEM_TRANSITION"]}


async def test_a_filter_by_a_duration_has_further_pages(samples: Samples) -> None:
    """They begin at the same moment as the first one."""
    model = samples.model()
    for number in range(120):
        samples.call("POST", "/mlflow/registered-models/set-tag", name=model, key="k", value=str(number))
    async with console(samples.url, samples.token, LARGE) as shown:
        await shown.press("4", "slash")
        await shown.type(f"{model} since:1d type:created")
        await shown.shows("(1)")
        await shown.type(" type:set_tag")
        await shown.shows("(100+)", "set tag")
        await shown.press("enter", "G")
        await shown.shows("(121)")
