"""The description of one model of the demo; its history is generated from this."""

from dataclasses import dataclass
from enum import Enum, auto

from tui_registry.demo.clock import When
from tui_registry_server.wire.permission import PermissionLevel as Level


class Flow(Enum):
    """How versions are promoted."""

    STRICT = auto()  # each step is requested; a validator decides too, as for regulated models
    TEAM = auto()  # the engineer stages, the lead decides on Production
    FREE = auto()  # the owner moves versions themselves


class Ending(Enum):
    """The state of the newest version after the generated history."""

    LIVE = auto()  # in Production
    STAGED = auto()  # in Staging, an older one in Production
    FRESH = auto()  # in no stage, an older one in Production
    REJECTED = auto()  # archived after its request was rejected
    TRIAL = auto()  # no version of this model was ever promoted


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One model.

    team, owner: keys of TEAMS and PEOPLE. The owner trains it, unless ``nightly``: then the build server does.
    metric: its name, the first version's value, and what a version adds to it on average.
    born: how many working days ago the model was created.
    last: when the newest version was registered; by default some time in the last weeks.
    readers: more entries of its access control list, by keys of PEOPLE.
    tags: the model's own, in addition to its team and framework.
    former_name: its name before it was renamed.
    """

    name: str
    team: str
    owner: str
    about: str
    framework: str
    metric: tuple[str, float, float]
    dataset: str
    born: int
    versions: int
    flow: Flow = Flow.TEAM
    ending: Ending = Ending.LIVE
    last: When | None = None
    nightly: bool = False
    readers: tuple[tuple[str, Level], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    former_name: str = ""
