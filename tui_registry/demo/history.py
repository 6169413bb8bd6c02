"""The generated history of a model: the outcome of each version, drawn at random by its card."""

import random
from collections.abc import Sequence
from enum import Enum, auto

from tui_registry.demo import comments, training
from tui_registry.demo.call_builder import CallBuilder
from tui_registry.demo.clock import HOURS, Clock, Minutes
from tui_registry.demo.model_card import Card, Ending, Flow
from tui_registry.demo.people import NAMES, TEAMS, VALIDATION
from tui_registry_server.wire.permission import PermissionLevel as Level
from tui_registry_server.wire.stage import Stage

SEED = 20


class Outcome(Enum):
    """The outcome of a version."""

    PROMOTED = auto()
    REJECTED = auto()  # its request for Production was rejected
    STAGED = auto()  # it stayed in Staging
    CANCELLED = auto()  # its request was cancelled
    UNUSED = auto()  # nothing was requested


WEIGHTS = {
    Flow.STRICT: {
        Outcome.PROMOTED: 32,
        Outcome.REJECTED: 14,
        Outcome.STAGED: 8,
        Outcome.CANCELLED: 7,
        Outcome.UNUSED: 39,
    },
    Flow.TEAM: {
        Outcome.PROMOTED: 38,
        Outcome.REJECTED: 10,
        Outcome.STAGED: 10,
        Outcome.CANCELLED: 6,
        Outcome.UNUSED: 36,
    },
    Flow.FREE: {Outcome.PROMOTED: 60, Outcome.UNUSED: 40},
}
TRIAL_WEIGHTS = {Outcome.STAGED: 1, Outcome.UNUSED: 2}

OUTCOME_OF_NEWEST = {
    Ending.LIVE: Outcome.PROMOTED,
    Ending.STAGED: Outcome.STAGED,
    Ending.FRESH: Outcome.UNUSED,
    Ending.REJECTED: Outcome.REJECTED,
    Ending.TRIAL: Outcome.UNUSED,
}


class History:
    """Generates the history of one model, up to a position on the axis of working hours (see clock).

    facts: the facts of the last generated version for formatting comments: see comments.
    """

    def __init__(self, card: Card, clock: Clock, until: float) -> None:
        self.card = card
        self.builder = CallBuilder(card.former_name or card.name)
        self._clock = clock
        self._random = random.Random(f"{SEED} {card.name}")  # noqa: S311  # reproducible on purpose
        self._team = TEAMS[card.team]
        self._lead = self._team.lead if self._team.lead != card.owner else "helene"
        self._position = -card.born * HOURS + self._random.uniform(0.5, 2.0)
        self._until = min(until, -0.01)
        self._end = self._until
        self._holder = 0
        self._values = [0.0]
        self.facts: dict[str, str] = {}

    def generate(self) -> CallBuilder:
        card = self.card
        self._create_model()
        times = self._registration_times()
        for number, (time, outcome) in enumerate(zip(times, self._outcomes(), strict=True), start=1):
            self._position = time
            self._end = times[number] if number < card.versions else self._until
            if self.builder.model != card.name and number > card.versions // 3:
                self.builder.rename(self._after(0.2, 0.6), "ada", card.name)
            self._register(number, outcome)
            self._promote(number, outcome)
        return self.builder

    def _create_model(self) -> None:
        """Create the model and its permissions."""
        card, team, builder = self.card, self._team, self.builder
        creator = card.owner if card.flow is Flow.FREE else team.engineer
        tags = {"team": card.team, "framework": card.framework, **dict(card.tags)}
        builder.create_model(self._after(0.1, 0.2), creator, about=card.about, tags=tags)
        entries = [("group_name", team.group, Level.CAN_EDIT)]
        if card.flow is not Flow.FREE:
            entries.append(("user_name", NAMES[team.lead], Level.CAN_MANAGE_PRODUCTION_VERSIONS))
        if card.flow is Flow.STRICT:
            entries.append(("group_name", VALIDATION, Level.CAN_MANAGE_PRODUCTION_VERSIONS))
        builder.grant(self._after(0.1, 0.3), creator, entries)
        if card.readers:
            more = [("user_name", NAMES[who], level) for who, level in card.readers]
            builder.grant(self._after(0.5, 1.5), "ada", more)

    def _registration_times(self) -> list[float]:
        """When the versions were registered; nightly trainings before the working day."""
        card, count = self.card, self.card.versions
        if not count:
            return []
        last = min(self._until - 3 * HOURS, -self._random.uniform(30.0, 250.0))
        if card.last:
            last = card.last.position
        spread = (last - self._position) / max(count - 1, 1)
        times = [self._position + spread * (index + self._random.uniform(0.05, 0.6)) for index in range(count - 1)]
        times.append(last)
        return [time // HOURS * HOURS for time in times] if card.nightly else times

    def _outcomes(self) -> Sequence[Outcome]:
        """If any version was promoted, so was the one before the newest: the newest would displace it."""
        card = self.card
        if not card.versions:
            return ()
        if card.ending is Ending.TRIAL:
            weights, known = TRIAL_WEIGHTS, [OUTCOME_OF_NEWEST[card.ending]]
        else:
            weights, known = WEIGHTS[card.flow], [Outcome.PROMOTED, OUTCOME_OF_NEWEST[card.ending]]
        count = card.versions - len(known)
        return [*self._random.choices(list(weights), weights=list(weights.values()), k=count), *known]

    def _register(self, number: int, outcome: Outcome) -> None:
        card, rng = self.card, self._random
        recent = number == card.versions and card.last is not None
        data = training.dataset(card, self._clock.date(min(self._position, -0.01)))
        value = training.value(card, number, rng)
        wanted = number == card.versions and card.ending in (Ending.STAGED, Ending.FRESH)
        if (wanted or outcome is Outcome.PROMOTED) and self._holder:
            gain = card.metric[2]
            best = max if gain > 0 else min
            value = best(value, self._values[self._holder] + gain * rng.uniform(0.4, 1.2))
        self._values.append(value)
        self.facts = {
            "version": str(number),
            "metric": card.metric[0],
            "value": f"{value:.4g}",
            "holder": str(self._holder),
            "before": f"{self._values[self._holder]:.4g}",
            "dataset": data,
            "p99": str(rng.randrange(17, 38)),
            "days": str(rng.randrange(5, 15)),
            "psi": f"{rng.uniform(0.02, 0.19):.2f}",
        }
        if recent and card.last is not None:
            at = self._clock.at(card.last)
        elif card.nightly:
            at = self._clock.working(self._position) - int(rng.uniform(3.0, 6.0) * 3_600_000)
        else:
            at = self._clock.working(self._position)
        fields = training.fields(card, rng)
        if rng.random() < 0.45:
            fields["description"] = self._pick(comments.NOTES)
        tags = training.tags(card, data, value, 1 + self._position / (200 * HOURS), rng)
        self.builder.register(at, "jenkins" if card.nightly else card.owner, tags=tags, **fields)

    def _promote(self, number: int, outcome: Outcome) -> None:
        if isinstance(self.card.last, Minutes) and number == self.card.versions:
            return  # too recent for anything but the hand-written events
        if outcome is Outcome.UNUSED:
            if self._random.random() < 0.25 and self._holder and number < self.card.versions:
                self.builder.comment(self._after(2, 12), self.card.owner, number, self._pick(comments.NOT_PROMOTED))
            return
        if self.card.flow is Flow.FREE and outcome is Outcome.PROMOTED:
            comment = self._pick(comments.DEPLOYED)
            self.builder.transition(self._after(1, 10), self.card.owner, number, Stage.PRODUCTION, comment)
            self._holder = number
            return
        self._stage(number)
        if self._random.random() < 0.4:
            self._discuss(number)
        if outcome is not Outcome.STAGED:
            self._request_production(number, outcome)

    def _stage(self, number: int) -> None:
        card, builder, engineer = self.card, self.builder, self._team.engineer
        if card.flow is Flow.STRICT:
            builder.request(self._after(1, 6), card.owner, number, Stage.STAGING, self._pick(comments.WHY_STAGE))
            builder.approve(self._after(0.3, 8), engineer, number, Stage.STAGING, self._pick(comments.APPROVALS))
        else:
            mover = card.owner if card.flow is Flow.FREE else engineer
            builder.transition(self._after(1, 8), mover, number, Stage.STAGING, self._pick(comments.STAGED))
        if self._random.random() < 0.15:
            builder.alias(self._after(0.1, 0.5), engineer, number, "challenger")

    def _request_production(self, number: int, outcome: Outcome) -> None:
        card, builder, engineer = self.card, self.builder, self._team.engineer
        why = self._pick(comments.WHY_PRODUCTION[card.team])
        builder.request(self._after(8, 40), card.owner, number, Stage.PRODUCTION, why)
        if outcome is Outcome.CANCELLED:
            comment = self._pick(comments.CANCELLATIONS)
            builder.cancel(self._after(0.3, 12), card.owner, number, Stage.PRODUCTION, comment)
            return
        validated = card.flow is Flow.STRICT and self._random.random() < 0.5
        decider = "grace" if validated else self._lead
        if outcome is Outcome.REJECTED:
            comment = self._pick(comments.REJECTIONS[card.team])
            builder.reject(self._after(1, 20), decider, number, Stage.PRODUCTION, comment)
            if self._random.random() < 0.6 or number == card.versions:
                builder.transition(self._after(0.5, 10), engineer, number, Stage.ARCHIVED)
            return
        comment = self._pick(comments.VALIDATIONS if validated else comments.APPROVALS)
        builder.approve(self._after(0.5, 20), decider, number, Stage.PRODUCTION, comment)
        if card.flow is Flow.STRICT:
            builder.alias(self._after(0.05, 0.4), engineer, number, "champion")
        if validated:
            builder.tag(self._after(0.1, 1), "grace", number, "validated_by", NAMES["grace"])
        self._holder = number

    def _discuss(self, number: int) -> None:
        colleagues = [self.card.owner, self._team.engineer, self._lead]
        who = self._random.choice(colleagues)
        self.builder.comment(self._after(3, 20), who, number, self._pick(comments.DISCUSSION[self.card.team]))

    def _pick(self, pool: Sequence[str]) -> str:
        """A random comment. While nothing is in Production, none that compares with it."""
        if not self._holder:
            pool = [text for text in pool if "{holder}" not in text and "{before}" not in text]
        return self._random.choice(pool).format(**self.facts)

    def _after(self, least: float, most: float) -> int:
        """The time some working hours later, but well before the end. Times are not rounded to minutes."""
        self._position += min(self._random.uniform(least, most), (self._end - self._position) * 0.4)
        return self._clock.working(self._position)
