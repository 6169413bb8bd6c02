"""What differs between a version and the one that it would displace: metrics, tags, source, run, creation."""

from collections.abc import Mapping
from dataclasses import dataclass

from tui_registry.queries.prompts import besides_text, is_prompt, own_tags, readable
from tui_registry_server.wire.model_version import ModelVersion


@dataclass(frozen=True, slots=True)
class Difference:
    """One fact about the two, each empty where there is none. ``is_time``: both are milliseconds since the epoch.
    ``is_tag``: somebody wrote it, whatever it is called."""

    label: str
    before: str
    after: str
    is_time: bool = False
    is_tag: bool = False


METRICS_UNREAD = "metrics cannot be read"
METRICS_AWAITED = "metrics being read"


@dataclass(frozen=True, slots=True)
class VersionComparison:
    """``displaced`` is the number of the version that would be displaced. ``problem`` says that something is not read,
    in few words, and ``reason`` what and why."""

    displaced: str
    differences: tuple[Difference, ...]
    problem: str = ""
    reason: str = ""


def compare(
    before: ModelVersion,
    after: ModelVersion,
    metrics: tuple[Mapping[str, float], Mapping[str, float]] = ({}, {}),
    reason: str = "",
    *,
    are_awaited: bool = False,
) -> VersionComparison:
    """Compare with the version that would be displaced, ``before``. ``metrics`` are those of the runs that produced
    the two, ``reason`` why they could not be read; ``are_awaited``: they are not there yet."""
    numbers = [_numbers(each) for each in metrics]
    tags = [{tag.key: tag.value for tag in own_tags(version.tags)} for version in (before, after)]
    prompts = [_prompt(version) for version in (before, after)]
    # Numbers first: most of them were measured, and they are short.
    by_tag = sorted(
        _differing(*tags, is_tag=True), key=lambda each: not (_is_number(each.before) and _is_number(each.after))
    )
    facts = (
        Difference("source", before.source or "", after.source or ""),
        Difference("run", before.run_id or "", after.run_id or ""),
        Difference("created by", before.user_id or "", after.user_id or ""),
        Difference("created", str(before.creation_timestamp), str(after.creation_timestamp), is_time=True),
    )
    found = (
        *_differing(*prompts),
        *_differing(*numbers),
        *by_tag,
        *(each for each in facts if each.before != each.after),
    )
    problem = METRICS_UNREAD if reason else METRICS_AWAITED if are_awaited else ""
    return VersionComparison(before.version, found, problem, reason)


def _differing(before: Mapping[str, str], after: Mapping[str, str], *, is_tag: bool = False) -> list[Difference]:
    pairs = ((key, before.get(key, ""), after.get(key, "")) for key in sorted({*before, *after}))
    return [Difference(key, old, new, is_tag=is_tag) for key, old, new in pairs if old != new]


def _prompt(version: ModelVersion) -> dict[str, str]:
    return {"text": readable(version), **besides_text(version)} if is_prompt(version.tags) else {}


def _numbers(values: Mapping[str, float]) -> dict[str, str]:
    return {key: f"{value:.6g}" for key, value in values.items()}


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
