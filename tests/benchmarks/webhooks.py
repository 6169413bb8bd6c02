"""What webhooks cost those who write: the rate of writes with ten active webhooks, beside that with none.

``python -m tests.benchmarks.webhooks`` takes half a minute. All are measured in turns on one server: with webhooks that
are notified of every write, with those of other events, and with disabled ones. The receiver is another process.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from tests.benchmarks.http_load import Script, endless, request, run
from tests.benchmarks.report import print_heading, print_table
from tests.live_registry import ROOT, serving
from tests.server.api import Api
from tests.server.receiver import Receiver

WEBHOOKS = 10
WRITERS = 16
ROUNDS = 5
CASES = {
    "none active": ("DISABLED", "MODEL_VERSION_TAG_SET"),
    "ten of other events": ("ACTIVE", "COMMENT_CREATED"),
    "ten that are notified of every write": ("ACTIVE", "MODEL_VERSION_TAG_SET"),
}


@contextmanager
def receiver() -> Iterator[str]:
    """The URL of a receiver in another process."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.benchmarks.webhooks", "--receive"],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


def receive() -> None:
    """Receive until the end of stdin."""
    with Receiver() as receiving:
        print(receiving.url, flush=True)
        sys.stdin.read()


def writes(api: Api, writer: int) -> Script:
    fields = {"name": "m", "version": "1", "key": f"k{writer}", "value": "v"}
    return endless([request("POST", "/api/2.0/mlflow/model-versions/set-tag", token=api.token, body=fields)])


@click.command()
@click.option("--seconds", default=2.0, show_default=True, help="Of each of the rounds.")
@click.option("--receive", "is_receiver", is_flag=True, hidden=True)
def main(*, seconds: float, is_receiver: bool) -> None:
    """Print the rates."""
    if is_receiver:
        receive()
        return
    rates: dict[str, list[float]] = {case: [] for case in CASES}
    options = ("--webhook-allow", "127.0.0.1")
    with (
        receiver() as url,
        tempfile.TemporaryDirectory() as folder,
        serving(Path(folder), *options) as live,
        Api(live.url, live.admin_token) as api,
    ):
        api.post("/mlflow/registered-models/create", name="m").ok()
        api.post("/mlflow/model-versions/create", name="m", source="s3://x").ok()
        for _ in range(ROUNDS):
            for case, (status, event) in CASES.items():
                ids = [_webhook(api, url, status, event) for _ in range(WEBHOOKS)]
                measured = run(live.url, [writes(api, writer) for writer in range(WRITERS)], seconds)
                rates[case].append(measured.rate)
                for each in ids:
                    api.delete("/mlflow/registry-webhooks/delete", id=each).ok()
    print_heading("Writes beside webhooks", "tui-registry")
    base = sorted(rates["none active"])[ROUNDS // 2]
    medians = {case: sorted(of_case)[ROUNDS // 2] for case, of_case in rates.items()}
    print_table(
        ("webhooks", "writes/s, median", "least", "most", "beside none"),
        [
            (case, round(rate), round(min(rates[case])), round(max(rates[case])), f"{rate / base:.2f}")
            for case, rate in medians.items()
        ],
    )


def _webhook(api: Api, url: str, status: str, event: str) -> str:
    fields = {"events": [event], "http_url_spec": {"url": url}, "status": status}
    made: str = api.post("/mlflow/registry-webhooks/create", **fields).ok()["webhook"]["id"]
    return made


if __name__ == "__main__":
    main()
