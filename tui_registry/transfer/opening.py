"""From what is written on a command line to a Source."""

import base64
import configparser
import os
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

import httpx
from pydantic import ValidationError

from tui_registry.client.access_token import TokenError, clean
from tui_registry.client.endpoint import Endpoint, EndpointError
from tui_registry.client.errors import CallError, Misunderstood, Refused
from tui_registry.client.transport import Transport
from tui_registry.client.trust import is_plaintext
from tui_registry.tracking.authorization import authorization
from tui_registry.transfer.archive import Archive
from tui_registry.transfer.mlflow_database import SCHEMES, MlflowDatabase
from tui_registry.transfer.mlflow_server import MlflowServer
from tui_registry.transfer.retries import retried
from tui_registry.transfer.source import Source, SourceError
from tui_registry.transfer.workspace import Workspace
from tui_registry_server.wire.fields import Entity
from tui_registry_server.wire.server_info import ServerInfo

DATABRICKS = "databricks"
TIMEOUT = httpx.Timeout(120.0, connect=10.0)  # seconds: a page of many versions takes MLflow long


class SourceTransport(Transport):
    """Calls to a source, which is only read."""

    server_kind: ClassVar[str] = "a registry to import from"
    login_advice: ClassVar[str] = (
        "Give a token by --source-token-file or TUI_REGISTRY_SOURCE_TOKEN; for an MLflow server also by "
        "MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD."
    )

    def __init__(self, url: str, credentials: str | None, ca: str | None) -> None:
        """``credentials``: the value of the Authorization header. Raises EndpointError."""
        super().__init__(url, "", read_only=True, endpoint=Endpoint.of(url, ca, with_system=True))
        self._http.timeout = TIMEOUT
        del self._http.headers["Authorization"]
        if credentials is not None:
            self._http.headers["Authorization"] = credentials

    async def is_this_registry(self) -> bool:
        """Whether the server says that it is a tui-registry: others answer something else, or nothing."""
        try:
            response = await self._http.get("/version")
            return bool(ServerInfo.model_validate_json(response.content).mlflow_version)
        except (httpx.HTTPError, ValidationError):
            return False


async def open_source(
    where: str,
    *,
    token: str = "",
    identity: str = "",
    insecure_http: bool = False,
    environment: Mapping[str, str] | None = None,
) -> Source:
    """``where``: the URL of an MLflow server, of its database, or of a workspace; ``databricks://PROFILE``; or the file
    of an archive. ``identity``: by which it is to be recognized, by default its URL. Raises SourceError and
    CallError."""
    variables = os.environ if environment is None else environment
    if where.startswith(SCHEMES):
        return MlflowDatabase(where, identity or _without_password(where))
    if where == DATABRICKS or where.startswith(f"{DATABRICKS}://"):
        url, token = _databricks_profile(where.partition("://")[2], variables, token)
        return await _workspace(_transport(url, f"Bearer {token}", variables, insecure_http), identity or url)
    if not where.startswith(("http://", "https://")):
        return Archive(Path(where), identity)
    url, given = _without_userinfo(where.rstrip("/"))
    if token := token or _token(variables, "TUI_REGISTRY_SOURCE_TOKEN"):
        given = f"Bearer {token}"
    if given is None:
        try:
            given = authorization(variables, registry_token=_token(variables, "TUI_REGISTRY_TOKEN"))
        except TokenError as error:
            raise SourceError(str(error)) from None
    transport = _transport(url, given, variables, insecure_http)
    try:
        if await _has_people(transport):
            return await _workspace(transport, identity or url)
    except CallError:
        await transport.close()
        raise
    return MlflowServer(transport, identity or url)


class _Anybody(Entity):
    id: str


async def _has_people(transport: Transport) -> bool:
    """Whether a server knows who calls, as Databricks and this registry do, and MLflow's own does not."""
    try:
        await retried(lambda: transport.get("/preview/scim/v2/Me", _Anybody))
    except (Refused, Misunderstood) as error:
        if isinstance(error, Misunderstood) or error.status in {404, 405}:
            return False
        raise
    return True


async def _workspace(transport: SourceTransport, identity: str) -> Workspace:
    return Workspace(transport, identity, lists_by_model=await transport.is_this_registry())


def _transport(url: str, credentials: str | None, variables: Mapping[str, str], insecure_http: bool) -> SourceTransport:
    if credentials is not None and is_plaintext(url) and not insecure_http:
        raise SourceError(
            f"{url} is plain http: anyone on the network could read your token. Nothing was sent. Use its https:// "
            "URL or, if you trust the network, --insecure-http."
        )
    try:
        return SourceTransport(url, credentials, variables.get("MLFLOW_TRACKING_SERVER_CERT_PATH"))
    except EndpointError as error:
        raise SourceError(str(error)) from None


def _databricks_profile(profile: str, variables: Mapping[str, str], token: str) -> tuple[str, str]:
    """URL and token: of the environment if no profile is named, else of Databricks' configuration file."""
    token = token or _token(variables, "TUI_REGISTRY_SOURCE_TOKEN")
    if not profile and variables.get("DATABRICKS_HOST"):
        url, token = variables["DATABRICKS_HOST"], token or _token(variables, "DATABRICKS_TOKEN")
    else:
        file = Path(variables.get("DATABRICKS_CONFIG_FILE") or "~/.databrickscfg").expanduser()
        known = configparser.ConfigParser(interpolation=None)
        try:
            known.read_string(file.read_text(encoding="utf-8"))
            section = known[profile or "DEFAULT"]
        except (OSError, UnicodeDecodeError, configparser.Error, KeyError):
            raise SourceError(f"{file} has no profile {profile or 'DEFAULT'}: see 'databricks configure'.") from None
        url, token = section.get("host", ""), token or section.get("token", "")
    if not url or not token:
        raise SourceError(
            "A workspace needs a host and a personal access token: in the profile, or as DATABRICKS_HOST and "
            "DATABRICKS_TOKEN. Other ways to sign in are not supported."
        )
    return (url if "://" in url else f"https://{url}").rstrip("/"), token


def _token(variables: Mapping[str, str], name: str) -> str:
    try:
        return clean(variables.get(name, ""), name)
    except TokenError as error:
        raise SourceError(str(error)) from None


def _without_userinfo(url: str) -> tuple[str, str | None]:
    """A URL without user and password, as it is displayed and stored; and these as a header."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SourceError(f"{url[:200]} is not the URL of a server: {error}") from None
    if not parsed.userinfo:
        return url, None
    given = base64.b64encode(f"{parsed.username}:{parsed.password}".encode()).decode()
    return str(parsed.copy_with(userinfo=b"")).rstrip("/"), f"Basic {given}"


def _without_password(url: str) -> str:
    """The identity of a database: secrets are not sent to the target."""
    scheme, separator, rest = url.partition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}".partition("?")[0]
