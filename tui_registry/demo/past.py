"""The made-up past of a model: what became of each version, drawn by chance from its card."""

import random
from collections.abc import Sequence
from enum import Enum, auto

from tui_registry.demo import remarks, training
from tui_registry.demo.chronicle import Chronicle
from tui_registry.demo.clock import HOURS, Clock, Minutes
from tui_registry.demo.model_card import Card, Ending, Flow
from tui_registry.demo.people import NAMES, TEAMS, VALIDATION
from tui_registry_server.wire.permission import PermissionLevel as Level
from tui_registry_server.wire.stage import Stage

SEED = 20


class Fate(Enum):
    """What becomes of a version."""

    PROMOTED = auto()
    REFUSED = auto()  # its request for Production was rejected
    STAGED = auto()  # it got no further than Staging
    WITHDRAWN = auto()  # its request was taken back
    LEFT = auto()  # nobody asked for anything


WEIGHTS = {
    Flow.STRICT: {Fate.PROMOTED: 32, Fate.REFUSED: 14, Fate.STAGED: 8, Fate.WITHDRAWN: 7, Fate.LEFT: 39},
    Flow.TEAM: {Fate.PROMOTED: 38, Fate.REFUSED: 10, Fate.STAGED: 10, Fate.WITHDRAWN: 6, Fate.LEFT: 36},
    Flow.FREE: {Fate.PROMOTED: 60, Fate.LEFT: 40},
}
TRIAL = {Fate.STAGED: 1, Fate.LEFT: 2}

LAST = {
    Ending.LIVE: Fate.PROMOTED,
    Ending.STAGED: Fate.STAGED,
    Ending.FRESH: Fate.LEFT,
    Ending.REFUSED: Fate.REFUSED,
    Ending.TRIAL: Fate.LEFT,
}


class Past:
    """Writes one model's past, up to a position on the axis of working hours (see clock).

    facts: what remarks may quote of the version written of last: see remarks.
    """

    def __init__(self, card: Card, clock: Clock, until: float) -> None:
        self.card = card
        self.chronicle = Chronicle(card.once or card.name)
        self._clock = clock
        self._chance = random.Random(f"{SEED} {card.name}")  # noqa: S311  # the same for everybody is the point
        self._team = TEAMS[card.team]
        self._lead = self._team.lead if self._team.lead != card.owner else "helene"
        self._position = -card.born * HOURS + self._chance.uniform(0.5, 2.0)
        self._until = min(until, -0.01)
        self._end = self._until
        self._holder = 0
        self._values = [0.0]
        self.facts: dict[str, str] = {}

    def write(self) -> Chronicle:
        card = self.card
        self._found()
        births = self._births()
        for number, (birth, fate) in enumerate(zip(births, self._fates(), strict=True), start=1):
            self._position = birth
            self._end = births[number] if number < card.versions else self._until
            if self.chronicle.model != card.name and number > card.versions // 3:
                self.chronicle.rename(self._wait(0.2, 0.6), "ada", card.name)
            self._register(number, fate)
            self._live(number, fate)
        return self.chronicle

    def _found(self) -> None:
        """The model itself, and who may do what with it."""
        card, team, chronicle = self.card, self._team, self.chronicle
        founder = card.owner if card.flow is Flow.FREE else team.engineer
        tags = {"team": card.team, "framework": card.framework, **dict(card.tags)}
        chronicle.create_model(self._wait(0.1, 0.2), founder, about=card.about, tags=tags)
        entries = [("group_name", team.group, Level.CAN_EDIT)]
        if card.flow is not Flow.FREE:
            entries.append(("user_name", NAMES[team.lead], Level.CAN_MANAGE_PRODUCTION_VERSIONS))
        if card.flow is Flow.STRICT:
            entries.append(("group_name", VALIDATION, Level.CAN_MANAGE_PRODUCTION_VERSIONS))
        chronicle.grant(self._wait(0.1, 0.3), founder, entries)
        if card.readers:
            more = [("user_name", NAMES[who], level) for who, level in card.readers]
            chronicle.grant(self._wait(0.5, 1.5), "ada", more)

    def _births(self) -> list[float]:
        """When the versions were registered: what trains at night, before the day begins."""
        card, count = self.card, self.card.versions
        if not count:
            return []
        last = min(self._until - 3 * HOURS, -self._chance.uniform(30.0, 250.0))
        if card.last:
            last = card.last.position
        spread = (last - self._position) / max(count - 1, 1)
        births = [self._position + spread * (index + self._chance.uniform(0.05, 0.6)) for index in range(count - 1)]
        births.append(last)
        return [birth // HOURS * HOURS for birth in births] if card.nightly else births

    def _fates(self) -> Sequence[Fate]:
        """Where a model was ever promoted, the version before the newest was: it is what the newest would displace."""
        card = self.card
        if not card.versions:
            return ()
        if card.ending is Ending.TRIAL:
            weights, known = TRIAL, [LAST[card.ending]]
        else:
            weights, known = WEIGHTS[card.flow], [Fate.PROMOTED, LAST[card.ending]]
        count = card.versions - len(known)
        return [*self._chance.choices(list(weights), weights=list(weights.values()), k=count), *known]

    def _register(self, number: int, fate: Fate) -> None:
        card, chance = self.card, self._chance
        recent = number == card.versions and card.last is not None
        data = training.dataset(card, self._clock.date(min(self._position, -0.01)))
        value = training.value(card, number, chance)
        wanted = number == card.versions and card.ending in (Ending.STAGED, Ending.FRESH)
        if (wanted or fate is Fate.PROMOTED) and self._holder:
            gain = card.metric[2]
            best = max if gain > 0 else min
            value = best(value, self._values[self._holder] + gain * chance.uniform(0.4, 1.2))
        self._values.append(value)
        self.facts = {
            "version": str(number),
            "metric": card.metric[0],
            "value": f"{value:.4g}",
            "holder": str(self._holder),
            "before": f"{self._values[self._holder]:.4g}",
            "dataset": data,
            "p99": str(chance.randrange(17, 38)),
            "days": str(chance.randrange(5, 15)),
            "psi": f"{chance.uniform(0.02, 0.19):.2f}",
        }
        if recent and card.last is not None:
            at = self._clock.at(card.last)
        elif card.nightly:
            at = self._clock.working(self._position) - int(chance.uniform(3.0, 6.0) * 3_600_000)
        else:
            at = self._clock.working(self._position)
        fields = training.fields(card, chance)
        if chance.random() < 0.45:
            fields["description"] = self._pick(remarks.NOTES)
        tags = training.tags(card, data, value, 1 + self._position / (200 * HOURS), chance)
        self.chronicle.register(at, "jenkins" if card.nightly else card.owner, tags=tags, **fields)

    def _live(self, number: int, fate: Fate) -> None:
        if isinstance(self.card.last, Minutes) and number == self.card.versions:
            return  # there was no time yet for anything but what is told elsewhere
        if fate is Fate.LEFT:
            if self._chance.random() < 0.25 and self._holder and number < self.card.versions:
                self.chronicle.say(self._wait(2, 12), self.card.owner, number, self._pick(remarks.LEFT_BEHIND))
            return
        if self.card.flow is Flow.FREE and fate is Fate.PROMOTED:
            comment = self._pick(remarks.DEPLOYED)
            self.chronicle.move(self._wait(1, 10), self.card.owner, number, Stage.PRODUCTION, comment)
            self._holder = number
            return
        self._stage(number)
        if self._chance.random() < 0.4:
            self._talk(number)
        if fate is not Fate.STAGED:
            self._go_for_production(number, fate)

    def _stage(self, number: int) -> None:
        card, chronicle, engineer = self.card, self.chronicle, self._team.engineer
        if card.flow is Flow.STRICT:
            chronicle.ask(self._wait(1, 6), card.owner, number, Stage.STAGING, self._pick(remarks.WHY_STAGE))
            chronicle.approve(self._wait(0.3, 8), engineer, number, Stage.STAGING, self._pick(remarks.APPROVALS))
        else:
            mover = card.owner if card.flow is Flow.FREE else engineer
            chronicle.move(self._wait(1, 8), mover, number, Stage.STAGING, self._pick(remarks.STAGED))
        if self._chance.random() < 0.15:
            chronicle.alias(self._wait(0.1, 0.5), engineer, number, "challenger")

    def _go_for_production(self, number: int, fate: Fate) -> None:
        card, chronicle, engineer = self.card, self.chronicle, self._team.engineer
        why = self._pick(remarks.WHY_PRODUCTION[card.team])
        chronicle.ask(self._wait(8, 40), card.owner, number, Stage.PRODUCTION, why)
        if fate is Fate.WITHDRAWN:
            comment = self._pick(remarks.WITHDRAWALS)
            chronicle.cancel(self._wait(0.3, 12), card.owner, number, Stage.PRODUCTION, comment)
            return
        validated = card.flow is Flow.STRICT and self._chance.random() < 0.5
        decider = "grace" if validated else self._lead
        if fate is Fate.REFUSED:
            comment = self._pick(remarks.REFUSALS[card.team])
            chronicle.reject(self._wait(1, 20), decider, number, Stage.PRODUCTION, comment)
            if self._chance.random() < 0.6 or number == card.versions:
                chronicle.move(self._wait(0.5, 10), engineer, number, Stage.ARCHIVED)
            return
        comment = self._pick(remarks.VALIDATIONS if validated else remarks.APPROVALS)
        chronicle.approve(self._wait(0.5, 20), decider, number, Stage.PRODUCTION, comment)
        if card.flow is Flow.STRICT:
            chronicle.alias(self._wait(0.05, 0.4), engineer, number, "champion")
        if validated:
            chronicle.tag(self._wait(0.1, 1), "grace", number, "validated_by", NAMES["grace"])
        self._holder = number

    def _talk(self, number: int) -> None:
        colleagues = [self.card.owner, self._team.engineer, self._lead]
        who = self._chance.choice(colleagues)
        self.chronicle.say(self._wait(3, 20), who, number, self._pick(remarks.TALK[self.card.team]))

    def _pick(self, pool: Sequence[str]) -> str:
        """A remark. Where nothing is in Production yet, none that compares with it."""
        if not self._holder:
            pool = [text for text in pool if "{holder}" not in text and "{before}" not in text]
        return self._chance.choice(pool).format(**self.facts)

    def _wait(self, least: float, most: float) -> int:
        """The moment some working hours later, but well before the end. Deeds do not fall on the full minute."""
        self._position += min(self._chance.uniform(least, most), (self._end - self._position) * 0.4)
        return self._clock.working(self._position)
