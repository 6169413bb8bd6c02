"""Verifying files of the audit log without a database: complete ones, parts, and invalid ones."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

from tests.live_registry import PROGRAM, ROOT, LiveRegistry, serving
from tests.server.api import Api
from tests.server.audit_log import Record, audit, exported, verify
from tui_registry_server.rules.audit import digest_of


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveRegistry]:
    with serving(tmp_path_factory.mktemp("audited")) as registry:
        yield registry


@pytest.fixture(scope="module")
def some(live: LiveRegistry) -> list[Record]:
    """Ten exported records."""
    with Api(live.url, live.admin_token) as api:
        for number in range(10):
            api.post("/mlflow/registered-models/create", name=f"some{number}", description="需要").ok()
    return exported(live.database)[:10]


def of_file(tmp_path: Path, content: bytes, *options: str) -> Result:
    file = tmp_path / "log.jsonl"
    file.write_bytes(content)
    result = audit("verify", "--file", str(file), *options)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    assert "Traceback" not in result.output
    assert result.stderr.isprintable() or set(result.stderr) - {"\n"} <= set(map(chr, range(32, 127)))
    return result


def lines(records: list[Record]) -> bytes:
    return b"".join(json.dumps(each, sort_keys=True).encode() + b"\n" for each in records)


def test_a_part_says_what_is_not_in_it(some: list[Record], tmp_path: Path) -> None:
    heads = [f"{each['sequence']}:{each['digest']}" for each in some]
    part = some[6:]
    result = of_file(tmp_path, lines(part))
    assert (result.exit_code, result.stdout.strip()) == (0, heads[-1])
    assert "begin with record 7: nothing is proved about earlier ones" in result.stderr
    for head in heads[6:]:
        assert of_file(tmp_path, lines(part), "--head", head).exit_code == 0
    for head in heads[:6]:
        result = of_file(tmp_path, lines(part), "--head", head)
        assert (result.exit_code, result.stdout) == (1, "")
        assert "is not in it: it begins with record 7" in result.stderr
    result = of_file(tmp_path, lines(part), "--head", f"6:{'0' * 64}")
    assert (result.exit_code, "does not follow the head" in result.stderr) == (1, True)
    result = of_file(tmp_path, lines(some[:6]), "--head", heads[8])
    assert (result.exit_code, "Record 9 is missing: the last is 6" in result.stderr) == (1, True)
    assert of_file(tmp_path, lines(some[:6]) + lines(part), "--head", heads[2]).exit_code == 0, "two parts that fit"
    for joined in (lines(some) + lines(some), lines(part) + lines(some[:6]), lines(some[:5]) + lines(part)):
        assert of_file(tmp_path, joined).exit_code == 1


def test_what_stands_between_records_is_no_part_of_them(some: list[Record], tmp_path: Path) -> None:
    whole = lines(some)
    for content in (whole.replace(b"\n", b"\r\n"), b"\xef\xbb\xbf" + whole, whole.replace(b"\n", b"\n\n"), whole[:-1]):
        assert of_file(tmp_path, content).exit_code == 0


HOSTILE: dict[str, bytes] = {
    "nothing": b"",
    "blank": b"\n \r\n",
    "no JSON": b"nonsense\n",
    "not UTF-8": b'{"sequence": 1, "user_id": "\xff\xfe"}\n',
    "UTF-16": '{"sequence": 1}\n'.encode("utf-16"),
    "deep": b"[" * 200_000 + b"]" * 200_000 + b"\n",
    "deep in a record": b'{"sequence": 1, "detail": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}\n",
    "a list": b"[]\n",
    "a number": b"1\n",
    "null": b"null\n",
    "an empty record": b"{}\n",
    "escapes": b'{"\\u001b[31m": 1, "\\u001b[31m": 2}\n',
    "half a record": b'{"sequence": 1, \n',
    "two in a line": b"{} {}\n",
}


@pytest.mark.parametrize("what", HOSTILE)
def test_a_file_that_is_no_log(what: str, tmp_path: Path) -> None:
    result = of_file(tmp_path, HOSTILE[what])
    assert result.exit_code == 1
    assert result.stderr.startswith("Error: ")


BAD_FIELDS: list[dict[str, Any]] = [
    {"creation_timestamp": 10**20},
    {"creation_timestamp": 2**63 - 1},  # which a database could store: only its display is invalid
    {"creation_timestamp": -1},
    {"creation_timestamp": 1.5},
    {"creation_timestamp": 1e400},
    {"creation_timestamp": float("nan")},
    {"creation_timestamp": "soon"},
    {"creation_timestamp": None},
    {"sequence": 0},
    {"sequence": -1},
    {"sequence": True},
    {"sequence": 1.0},
    {"sequence": "1"},
    {"sequence": 10**4000},
    {"sequence": None},
    {"user_id": None},
    {"user_id": 1},
    {"user_id": "\ud800"},
    {"version": True},
    {"version": 0},
    {"detail": "text"},
    {"detail": []},
    {"detail": {"x": float("inf")}},
    {"previous": "0"},
    {"previous": "1" * 64},
    {"digest": None},
    {"digest": "X" * 64},
    {"surprise\x1b[31m": 1},
]


@pytest.mark.parametrize("fields", BAD_FIELDS, ids=str)
@pytest.mark.parametrize("seal", [True, False])
def test_a_record_that_is_none(fields: dict[str, Any], seal: bool, some: list[Record], tmp_path: Path) -> None:
    """Even if the digest matches."""
    record = some[0] | fields
    if seal and "digest" not in fields:
        content = {name: value for name, value in record.items() if name != "digest"}
        record["digest"] = digest_of(content)
    result = of_file(tmp_path, json.dumps(record).encode() + b"\n")
    sound = seal and fields == {"creation_timestamp": 2**63 - 1}
    assert result.exit_code == (0 if sound else 1)
    assert sound or result.stderr.startswith("Error: ")


@pytest.mark.parametrize("name", ["sequence", "id", "creation_timestamp", "user_id", "previous", "digest"])
def test_a_record_that_lacks_something(name: str, some: list[Record], tmp_path: Path) -> None:
    record = {each: value for each, value in some[0].items() if each != name}
    if name != "digest":
        record["digest"] = digest_of({each: value for each, value in record.items() if each != "digest"})
    result = of_file(tmp_path, json.dumps(record).encode() + b"\n")
    assert (result.exit_code, f"It has no {name}" in result.stderr) == (1, True)


def test_a_key_twice_in_a_record(some: list[Record], tmp_path: Path) -> None:
    """Another parser may take the first one."""
    twice = lines(some[:1]).replace(b'"user_id": ', b'"user_id": "mallory", "user_id": ', 1)
    result = of_file(tmp_path, twice)
    assert (result.exit_code, "uplicate key" in result.stderr) == (1, True)
    nested = lines([some[0] | {"detail": {"a": 1}}]).replace(b'"a": 1', b'"a": 2, "a": 1', 1)
    assert of_file(tmp_path, nested).exit_code == 1


def test_a_line_without_an_end(tmp_path: Path) -> None:
    """In bounded memory: the file has a line of a gigabyte, most of it a hole."""
    file = tmp_path / "long.jsonl"
    with file.open("wb") as stream:
        stream.write(b'{"sequence": "')
        stream.truncate(1 << 30)
    program = "import resource, sys; resource.setrlimit(resource.RLIMIT_AS, (1 << 29, 1 << 29)); sys.argv[0] = 'x'; "
    program += "from tui_registry_server.commands import main; main()"
    command_line = [PROGRAM[0], "-P", "-c", program, "audit", "verify", "--file", str(file)]
    result = subprocess.run(command_line, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (result.returncode, result.stderr) == (1, "Error: Line 1 is not a record: it is longer than any.\n")


@pytest.mark.parametrize(
    "head", ["", "5", "5:", "5:abc", f"0:{'0' * 64}", f"-5:{'0' * 64}", f"5:{'x' * 64}", f"5:{'0' * 65}"]
)
def test_a_head_that_is_none(head: str, tmp_path: Path) -> None:
    result = verify(str(tmp_path / "none.db"), "--head", head)
    assert (result.exit_code, "what 'audit verify' prints" in result.stderr) == (2, True)


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        assert audit("verify", "--file", str(path)).exit_code == 2
