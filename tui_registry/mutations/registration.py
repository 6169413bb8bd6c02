"""Registering a model of a run: the same two calls that MLflow's ``register_model`` makes, and one truth about both.

MLflow's client makes the registered model if there is none, then the version, with the run's id and, for a logged
model, ``models:/m-<id>`` as the source and the model's id. The link to the run is added here, because the registry and
the tracking server are apart. What MLflow notes about it on the tracking server is left out: that server would point to
its own registry.
"""

from dataclasses import dataclass, field

from tui_registry.client.errors import CallError, Refused, Unreachable
from tui_registry.client.registry import RegistryClient
from tui_registry.mutations import model as models
from tui_registry.mutations.mutation import Mutation
from tui_registry.mutations.version import newest_of
from tui_registry.queries.version_page import newest_versions
from tui_registry.tracking.candidate import Candidate
from tui_registry.tracking.run import Run
from tui_registry_server.wire.model_version import ModelVersion


@dataclass(slots=True, eq=False, kw_only=True)
class Registration:
    """One version to be made, and its model if ``is_new``. ``newest`` is the highest version before it, 0 without any;
    ``made`` is the new version's number, once it is known."""

    model: str
    description: str
    candidate: Candidate
    run: Run
    run_link: str
    is_new: bool
    newest: int
    made: str = field(default="", init=False)

    def mutations(self, client: RegistryClient) -> list[Mutation]:
        """What is to be run, in order."""
        version = Mutation(
            title=f"{self.model}: its first version" if self.is_new else f"{self.model}: a new version",
            action=f"register a version of {self.model} from a run",
            progress="registering",
            done="Registered from the run.",
            send=lambda: self._add(client),
            happened=lambda: self._is_added(client),
            check=lambda: self._is_gone(client),
        )
        return [models.create(client, self.model, ""), version] if self.is_new else [version]

    async def _add(self, client: RegistryClient) -> None:
        try:
            version = await client.versions.create(
                self.model,
                self.candidate.source,
                description=self.description,
                run_id=self.run.info.run_id,
                run_link=self.run_link,
                model_id=self.candidate.model_id,
            )
        except (Refused, Unreachable) as error:
            raise self._with_what_stays(error) from error
        self.made = version.version

    def _with_what_stays(self, error: Refused | Unreachable) -> CallError:
        """The error, and that the model is there all the same, if it was made for this."""
        if not self.is_new:
            return error
        text = f"{str(error).rstrip('.')}. The model {self.model} was created and stays, without a version."
        return type(error)(error.status, error.error_code, text) if isinstance(error, Refused) else Unreachable(text)

    async def _is_added(self, client: RegistryClient) -> bool:
        newest = await newest_versions(client, self.model, 20)
        found = [version for version in newest if self._is_this(version)]
        if found:
            self.made = found[-1].version
        return bool(found)

    def _is_this(self, version: ModelVersion) -> bool:
        return (
            version.name == self.model
            and int(version.version) > self.newest
            and version.source == self.candidate.source
            and version.run_id == self.run.info.run_id
        )

    async def _is_gone(self, client: RegistryClient) -> str:
        if await models.exists(client, self.model):
            return ""
        return f"the model {self.model} no longer exists."


async def registration(
    client: RegistryClient, *, model: str, description: str, candidate: Candidate, run: Run, run_link: str
) -> Registration:
    """What registering would come to, as the registry is now. Raises CallError."""
    is_new = not await models.exists(client, model)
    return Registration(
        model=model,
        description=description,
        candidate=candidate,
        run=run,
        run_link=run_link,
        is_new=is_new,
        newest=0 if is_new else await newest_of(client, model),
    )
