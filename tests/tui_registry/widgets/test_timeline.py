"""The feed narrowed by time and kind, opened, commented from, and counted by day."""

import time
from datetime import datetime, timedelta

from tests.tui_registry.console import SIZES, console
from tests.tui_registry.samples import Samples
from tui_registry.queries.search_syntax import activity_filter
from tui_registry.widgets.timeline import per_day
from tui_registry_server.wire.activity import ActivityType, FeedActivity


def moved(when: datetime, kind: ActivityType = ActivityType.APPLIED_TRANSITION) -> FeedActivity:
    moment = int(when.timestamp() * 1000)
    return FeedActivity(id="1", activity_type=kind, creation_timestamp=moment, last_updated_timestamp=moment, name="m")


def test_transitions_are_counted_by_day() -> None:
    noon = datetime.now().astimezone().replace(hour=12)
    done = [moved(noon), moved(noon), moved(noon - timedelta(days=3)), moved(noon, ActivityType.NEW_COMMENT)]
    counted = per_day(done)
    assert counted == {noon.date(): 2, (noon - timedelta(days=3)).date(): 1}


def test_times_are_read() -> None:
    now = time.time()
    week = activity_filter("since:7d churn", now)
    assert week["name"] == "churn"
    assert abs(week["since"] / 1000 - (now - 7 * 86_400)) < 1
    day = activity_filter("until:2026-11-01", now)
    assert day["until"] == datetime(2026, 11, 1).astimezone().timestamp() * 1000
    assert activity_filter("since:", now) == {} == activity_filter("since:20", now)


@SIZES
async def test_the_timeline_comes_and_goes_and_follows(samples: Samples, size: tuple[int, int]) -> None:
    name = samples.model("counted")
    samples.version(name, "Staging")
    async with console(samples.url, samples.token, size) as shown:
        await shown.press("2")
        await shown.shows(name)
        await shown.press("H")
        await shown.until(lambda: "v timeline" in shown.bar, "its key")
        await shown.press("v")
        await shown.shows("Stage transitions per day: 1 in the last 14 days")
        assert "v hide timeline" in shown.bar
        samples.version(name, "Production")
        await shown.shows("Stage transitions per day: 2 in the last 14 days")
        await shown.press("v")
        await shown.hides("transitions per day")
        assert "v timeline" in shown.bar


async def test_the_feed_leads_to_what_is_meant_and_takes_comments(samples: Samples) -> None:
    name = samples.model("fed")
    samples.version(name, "Staging")
    async with console(samples.url, samples.token) as shown:
        await shown.press("4", "slash")
        await shown.type(f"{name} type:transition since:1h")
        await shown.until(lambda: shown.text.count(name) == 3, "one row, besides what was typed")
        await shown.press("enter", "c")
        await shown.shows(f"Comment on {name} version 1")
        await shown.type("seen")
        await shown.press("ctrl+s")
        await shown.notifies("Comment added.")
        await shown.press("enter")
        await shown.shows(f"Models › {name} › 1", "s ago: seen")
