"""The whole demo as a list of steps, in the order of their times."""

from datetime import datetime

from tui_registry.demo import inbox, incidents
from tui_registry.demo.catalogue import CARDS
from tui_registry.demo.chronicle import Chronicle
from tui_registry.demo.clock import Clock, Workday
from tui_registry.demo.happening import Happening
from tui_registry.demo.model_card import Card
from tui_registry.demo.past import Past
from tui_registry.demo.people import ADMIN, ROOT_GRANTS
from tui_registry.demo.step import Step

OPENED = Workday(205, 8.5)
"""When the company began to use the registry."""

SETTLED = 3.0
"""Working hours between a made-up past and what is told by hand."""


def plan(now: datetime) -> list[Step]:
    """What happened before ``now``, which must know its time zone: people work there from eight to six.

    The same for everybody, but for the times.
    """
    clock = Clock(now)
    told: dict[str, list[Happening]] = {card.name: [] for card in CARDS}
    for happening in (*inbox.HAPPENINGS, *incidents.HAPPENINGS):
        told[happening.model].append(happening)
    steps = [_open(clock), *_experiment(clock)]
    for card in CARDS:
        steps += _history(card, sorted(told[card.name], key=lambda each: clock.at(each.when)), clock)
    return sorted(steps, key=lambda step: step.at)


def _history(card: Card, told: list[Happening], clock: Clock) -> list[Step]:
    """A model's past, then what is told of it."""
    until = min((each.when.position for each in told), default=0.0) - SETTLED
    past = Past(card, clock, until)
    chronicle = past.write()
    for each in told:
        said = [text.format(**past.facts) for text in each.said]
        each.verb(chronicle, clock.at(each.when), each.who, card.versions - each.back, *said)
    return chronicle.steps


def _open(clock: Clock) -> Step:
    """The rights on the whole registry."""
    entries = [{field: name, "permission_level": level} for field, name, level in ROOT_GRANTS]
    path = "/permissions/registered-models/root"
    return Step(clock.at(OPENED), ADMIN, "PATCH", path, {"access_control_list": entries})


def _experiment(clock: Clock) -> list[Step]:
    """Somebody's scratch model, cleaned up on request."""
    chronicle = Chronicle("tmp_lena_test_DO_NOT_USE")
    chronicle.create_model(clock.at(Workday(19, 17.4)), "lena", about="", tags={})
    source = "file:///home/lena/mlruns/0/tmp/artifacts/model"
    version = chronicle.register(clock.at(Workday(19, 17.5)), "lena", tags={}, source=source)
    chronicle.say(clock.at(Workday(13, 9.2)), "ada", version, "A path on a laptop? Nobody else can load this. Delete?")
    chronicle.say(clock.at(Workday(13, 9.7)), "lena", version, "Please do, sorry.")
    chronicle.delete_version(clock.at(Workday(13, 9.8)), "ada", version)
    chronicle.delete_model(clock.at(Workday(13, 9.9)), "ada")
    return chronicle.steps
