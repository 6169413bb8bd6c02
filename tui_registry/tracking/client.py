"""The calls to the tracking server that the console uses. (MLflow's REST API: experiments, runs, logged models,
artifacts.)"""

import asyncio
import os
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel

from tui_registry.client.access_token import TokenError
from tui_registry.client.endpoint import Endpoint, EndpointError
from tui_registry.client.errors import Refused, Unreachable
from tui_registry.client.journal import Journal
from tui_registry.client.transport import Transport
from tui_registry.tracking.artifact import Artifact, ArtifactPage
from tui_registry.tracking.authorization import authorization
from tui_registry.tracking.experiment import ExperimentPage
from tui_registry.tracking.logged_model import LoggedModel, LoggedModelPage
from tui_registry.tracking.run import Run, RunAnswer, RunPage

Answer = TypeVar("Answer", bound=BaseModel)

MAX_PAGES = 20  # of a run's models, or of a folder's files
MODELS_PER_PAGE = 50  # the server's maximum


class TrackingClient(Transport):
    """Calls to one tracking server. Nothing is written there.

    Errors are those of client.errors; an error that MLflow answers, such as for an invalid filter, is Refused.
    """

    server_kind: ClassVar[str] = "an MLflow tracking server"
    login_advice: ClassVar[str] = (
        "Set MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, and start again."
    )

    def __init__(
        self,
        uri: str,
        *,
        registry_token: str = "",
        ca: str | None = None,
        journal: Journal | None = None,
        environment: Mapping[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """``registry_token`` must never be sent. User and password in ``uri`` are removed: they would be displayed, and
        stored with the registered versions. Its certificate is verified with the file that MLflow's own variable
        names, or else with the system's CAs and that of ``ca``. Raises Unreachable if it is not a URL, or such a file
        cannot be used."""
        variables = os.environ if environment is None else environment
        try:
            address = str(httpx.URL(uri).copy_with(userinfo=b""))
        except httpx.InvalidURL as error:
            raise Unreachable(f"The tracking server's address is not a URL: {error}") from None
        own = variables.get("MLFLOW_TRACKING_SERVER_CERT_PATH")
        try:
            endpoint = Endpoint.of(address, own or ca, with_system=not own)
            given = authorization(variables, registry_token=registry_token)
        except (EndpointError, TokenError) as error:
            raise Unreachable(str(error)) from None
        super().__init__(address, "", read_only=True, endpoint=endpoint, transport=transport)
        del self._http.headers["Authorization"]
        if given is not None:
            self._http.headers["Authorization"] = given
        if journal is not None:
            self.journal = journal
        self._runs: dict[str, asyncio.Task[Run]] = {}  # that are being read, by their ids

    async def close(self) -> None:
        for reading in self._runs.values():
            reading.cancel()
        await super().close()

    async def experiments(
        self, *, filter_text: str = "", order_by: str = "", max_results: int = 100, page_token: str = ""
    ) -> ExperimentPage:
        """Experiments that are not deleted, newest first unless ordered otherwise."""
        return await self._search(
            "/mlflow/experiments/search",
            ExperimentPage,
            filter=filter_text,
            order_by=[order_by or "creation_time DESC"],
            max_results=max_results,
            page_token=page_token,
        )

    async def runs(
        self,
        experiment_id: str,
        *,
        filter_text: str = "",
        order_by: Sequence[str] = (),
        max_results: int = 100,
        page_token: str = "",
    ) -> RunPage:
        """Runs of an experiment that are not deleted, newest first unless ordered otherwise."""
        return await self._search(
            "/mlflow/runs/search",
            RunPage,
            experiment_ids=[experiment_id],
            filter=filter_text,
            order_by=list(order_by),
            max_results=max_results,
            page_token=page_token,
        )

    async def run(self, run_id: str) -> Run:
        """A run. Whoever asks while it is being read waits for the same answer; who no longer waits does not end that:
        a slow server is asked once, however often a place is loaded again meanwhile."""
        reading = self._runs.get(run_id)
        if reading is None:
            reading = self._runs[run_id] = asyncio.ensure_future(self._read_run(run_id))
            reading.add_done_callback(partial(self._forget_run, run_id))
        await asyncio.wait({reading})
        return reading.result()

    async def _read_run(self, run_id: str) -> Run:
        answer = await self.get("/mlflow/runs/get", RunAnswer, run_id=run_id)
        return answer.run

    def _forget_run(self, run_id: str, reading: asyncio.Task[Run]) -> None:
        del self._runs[run_id]
        if not reading.cancelled():
            reading.exception()  # is retrieved, also if nobody waits for it any longer

    async def logged_models(self, run: Run) -> list[LoggedModel]:
        """The models that a run has logged; none on a server before MLflow 3."""
        found: list[LoggedModel] = []
        token = ""
        for _ in range(MAX_PAGES):
            try:
                page = await self._search(
                    "/mlflow/logged-models/search",
                    LoggedModelPage,
                    experiment_ids=[run.info.experiment_id],
                    filter=f"source_run_id = '{run.info.run_id}'",
                    max_results=MODELS_PER_PAGE,
                    page_token=token,
                )
            except Refused as error:
                if error.status in {httpx.codes.NOT_FOUND, httpx.codes.METHOD_NOT_ALLOWED}:
                    return []
                raise
            found += page.models
            token = page.next_page_token
            if not token:
                break
        return found

    async def artifacts(self, run_id: str, path: str = "") -> list[Artifact]:
        """The entries of a folder of a run's artifacts."""
        found: list[Artifact] = []
        token = ""
        for _ in range(MAX_PAGES):
            page = await self.get("/mlflow/artifacts/list", ArtifactPage, run_id=run_id, path=path, page_token=token)
            found += page.files
            token = page.next_page_token
            if not token:
                break
        return found

    def run_link(self, run: Run) -> str:
        """The run's page on the server, for a browser."""
        return f"{self.url}/#/experiments/{quote(run.info.experiment_id)}/runs/{quote(run.info.run_id)}"

    async def _search(self, path: str, answer: type[Answer], **body: Any) -> Answer:
        """A read, although MLflow takes it by POST."""
        given = {name: value for name, value in body.items() if value not in ("", [])}
        return self._read(await self._call("POST", path, json=given), answer)
