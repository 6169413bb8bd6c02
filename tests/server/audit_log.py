"""The ``audit`` command, and a log that is rewritten by somebody who knows the format."""

import json
from typing import Any

from click.testing import CliRunner, Result

from tui_registry_server.commands import main
from tui_registry_server.rules.audit import GENESIS_DIGEST, digest_of

Record = dict[str, Any]


def audit(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["audit", *arguments])


def verify(database: str, *options: str) -> Result:
    return audit("verify", "--database", database, *options)


def exported(database: str, *options: str) -> list[dict[str, Any]]:
    result = audit("export", "--database", database, *options)
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def sealed(records: list[Record]) -> list[Record]:
    """The records with recomputed digests."""
    previous = GENESIS_DIGEST
    written = []
    for record in records:
        content = {name: value for name, value in record.items() if name != "digest"} | {"previous": previous}
        previous = digest_of(content)
        written.append(content | {"digest": previous})
    return written
