"""The whole demo as a list of calls, ordered by time."""

from datetime import datetime

from tui_registry.demo import inbox, prompts, recent_events
from tui_registry.demo.call import Call
from tui_registry.demo.call_builder import CallBuilder
from tui_registry.demo.catalogue import CARDS
from tui_registry.demo.clock import Clock, Workday
from tui_registry.demo.event import Event
from tui_registry.demo.history import History
from tui_registry.demo.model_card import Card
from tui_registry.demo.people import ADMIN, ROOT_GRANTS

OPENED = Workday(205, 8.5)
"""When the company started to use the registry."""

HISTORY_GAP = 3.0
"""Working hours between the generated history and the hand-written events."""


def plan(now: datetime) -> list[Call]:
    """All calls before ``now``, which must have a time zone: working hours are from eight to six.

    Reproducible, except for the times.
    """
    clock = Clock(now)
    events: dict[str, list[Event]] = {card.name: [] for card in CARDS}
    for event in (*inbox.EVENTS, *recent_events.EVENTS):
        events[event.model].append(event)
    calls = [_open(clock), *_experiment(clock)]
    for card in CARDS:
        calls += _history(card, sorted(events[card.name], key=lambda each: clock.at(each.when)), clock)
    for prompt in prompts.PROMPTS:
        calls += prompts.calls(prompt, clock).calls
    return sorted(calls, key=lambda call: call.at)


def _history(card: Card, events: list[Event], clock: Clock) -> list[Call]:
    """A model's generated history, then its hand-written events."""
    until = min((each.when.position for each in events), default=0.0) - HISTORY_GAP
    history = History(card, clock, until)
    builder = history.generate()
    for each in events:
        arguments = [text.format(**history.facts) for text in each.arguments]
        each.action(builder, clock.at(each.when), each.who, card.versions - each.back, *arguments)
    return builder.calls


def _open(clock: Clock) -> Call:
    """The grants on the whole registry."""
    entries = [{field: name, "permission_level": level} for field, name, level in ROOT_GRANTS]
    path = "/permissions/registered-models/root"
    return Call(clock.at(OPENED), ADMIN, "PATCH", path, {"access_control_list": entries})


def _experiment(clock: Clock) -> list[Call]:
    """A scratch model that was cleaned up on request."""
    builder = CallBuilder("tmp_lena_test_DO_NOT_USE")
    builder.create_model(clock.at(Workday(19, 17.4)), "lena", about="", tags={})
    source = "file:///home/lena/mlruns/0/tmp/artifacts/model"
    version = builder.register(clock.at(Workday(19, 17.5)), "lena", tags={}, source=source)
    builder.comment(
        clock.at(Workday(13, 9.2)), "ada", version, "A path on a laptop? Nobody else can load this. Delete?"
    )
    builder.comment(clock.at(Workday(13, 9.7)), "lena", version, "Please do, sorry.")
    builder.delete_version(clock.at(Workday(13, 9.8)), "ada", version)
    builder.delete_model(clock.at(Workday(13, 9.9)), "ada")
    return builder.calls
