"""Federation rules: which subjects of an issuer's tokens are meant."""

import re
from functools import lru_cache

from tui_registry_server.rules.errors import InvalidParameterValue

MAX_WILDCARDS = 5  # of a pattern


def check_subject(pattern: str) -> str:
    """Returns the pattern, in which ``*`` stands for any characters. Raises InvalidParameterValue for one that means
    everybody."""
    if not pattern.strip("*") or pattern.count("*") > MAX_WILDCARDS or not pattern.isprintable():
        raise InvalidParameterValue(
            f"The subject of a rule is what tokens have as 'sub', such as repo:org/name:ref:refs/heads/main. A * in it "
            f"matches any characters; there may be {MAX_WILDCARDS} of them, but not one alone."
        )
    return pattern


@lru_cache(1000)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)


def matches(pattern: str, subject: str) -> bool:
    return _compiled(pattern).fullmatch(subject) is not None
