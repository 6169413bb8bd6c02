"""Changing values in the text of a TOML file that its user writes, too: comments and everything else stay.

This does not parse the text. Whoever changes it must parse the result, and compare it with what was meant.
"""

import re
from collections.abc import Mapping
from typing import Any

_HEADER = re.compile(r"\s*\[")


def with_value(text: str, key: str, value: str) -> str:
    """A text value of the whole document replaced, with the comment behind it, or added."""
    import tomli_w

    (written,) = tomli_w.dumps({key: value}).splitlines()
    found = list(text.splitlines())
    end = next((number for number, line in enumerate(found) if _HEADER.match(line)), len(found))
    for number, line in enumerate(found[:end]):
        if match := re.fullmatch(rf"""\s*{re.escape(key)}\s*=\s*("[^"\\]*"|'[^']*')?(?P<rest>.*)""", line):
            found[number] = written + match["rest"] if match[1] else written
            break
    else:
        found[end:end] = [written, ""] if end < len(found) else [written]
    return _joined(found)


def with_table(text: str, names: tuple[str, str], values: Mapping[str, Any]) -> str:
    """A table in a table, such as [views.risk], replaced, with the comments in it, or added at the end."""
    import tomli_w

    outer, inner = names
    block = tomli_w.dumps({outer: {inner: values}}).rstrip("\n").splitlines()
    found = list(text.splitlines())
    header = re.compile(rf"""\s*\[\s*["']?{re.escape(outer)}["']?\s*\.\s*["']?{re.escape(inner)}["']?\s*\]""")
    begin = next((number for number, line in enumerate(found) if header.match(line)), None)
    if begin is None:
        return _joined([*found, *([""] if found and found[-1].strip() else []), *block])
    end = next((number for number in range(begin + 1, len(found)) if _HEADER.match(found[number])), len(found))
    while end > begin + 1 and (not found[end - 1].strip() or found[end - 1].lstrip().startswith("#")):
        end -= 1  # what stands before the next header is about what comes next
    comments = [line for line in found[begin + 1 : end] if line.lstrip().startswith("#")]
    found[begin:end] = [found[begin], *comments, *(line for line in block if not header.match(line))]
    return _joined(found)


def _joined(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"
