"""What ``tui-registry doctor`` has found, on the server's side and on the console's."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Any, Generic, NamedTuple, TypeVar

Subject = TypeVar("Subject")


class Status(StrEnum):
    OK = "OK"
    WARN = "WARN"
    FAIL = "FAIL"


class Finding(NamedTuple):
    """A fact, and what to do about it if it is not OK."""

    status: Status
    text: str
    remedy: str = ""


class CheckFailed(Exception):
    """A check cannot continue. It has the finding."""

    def __init__(self, text: str, remedy: str = "", *, status: Status = Status.FAIL) -> None:
        super().__init__(text)
        self.finding = Finding(status, text, remedy)


class Check(NamedTuple, Generic[Subject]):
    """``look`` answers what it finds, nothing if it does not apply. It is only asked if everything that the check named
    ``needs`` found is OK."""

    name: str
    look: Callable[[Subject], Iterator[Finding]]
    needs: str = ""


class Found(NamedTuple):
    check: str
    finding: Finding

    @property
    def as_json(self) -> dict[str, Any]:
        return {"check": self.check, **self.finding._asdict()}


def examine(
    subject: Subject, checks: Sequence[Check[Subject]], explain: Callable[[Exception], Finding | None]
) -> list[Found]:
    """Run the checks. An error of one is a finding of it, if ``explain`` knows the error; else it is raised."""
    found: list[Found] = []
    sound = {""}
    for check in checks:
        if check.needs not in sound:
            continue
        before = len(found)
        try:
            found += (Found(check.name, finding) for finding in check.look(subject))
        except CheckFailed as failed:
            found.append(Found(check.name, failed.finding))
        except Exception as error:
            if (explained := explain(error)) is None:
                raise
            found.append(Found(check.name, explained))
        if worst(found[before:]) == Status.OK:
            sound.add(check.name)
    return found


def worst(found: Sequence[Found]) -> Status:
    return max((each.finding.status for each in found), key=list(Status).index, default=Status.OK)


def as_json(found: Sequence[Found]) -> dict[str, Any]:
    return {"status": worst(found), "checks": [each.as_json for each in found]}


def as_lines(found: Sequence[Found]) -> Iterator[str]:
    """For people: a line for each finding, and one for its remedy."""
    width = max((len(each.check) for each in found), default=0)
    for check, (status, text, remedy) in found:
        yield f"{status:<4}  {check:<{width}}  {text}"
        if remedy:
            yield f"{'->':<4}  {'':<{width}}  {remedy}"
