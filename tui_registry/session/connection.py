"""Which registry to connect to, and with which token."""

import getpass
import os
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from tui_registry.client.access_token import WHITESPACE, TokenError, clean
from tui_registry.client.endpoint import Endpoint, EndpointError
from tui_registry.client.trust import is_plaintext
from tui_registry.session import credentials, profiles
from tui_registry_server.wire.workspace_name import DEFAULT_NAME, is_workspace_name

if TYPE_CHECKING:
    # Imported where they are used: most consoles open the registry of a profile, with a token.
    from tui_registry.session.embedded import EmbeddedRegistry
    from tui_registry.session.openid import DeviceCode
    from tui_registry.session.openid_session import OpenIdSession

ALL_OF_REGISTRY, ALL_OF_WORKSPACE = "whole registry", "whole workspace"
"""What a level on the object ``root`` is on: where there are several workspaces, it is on one of them."""


@dataclass(frozen=True, slots=True)
class Connection:
    """A registry and how to connect to it.

    token: never displayed.
    label: its name in the console.
    embedded: the embedded registry, to be closed at the end, if it is one.
    read_only: nothing may be written there.
    colour: the background of its name in the console's header.
    tracking_uri: the MLflow tracking server whose runs are registered there.
    workspace: the one whose models are meant; None for the default one.
    ca: the file of the CA that must sign its certificate; None for the system's CAs.
    endpoint: how to reach it.
    sign_in: that with the OpenID provider which its token is of, if it is.
    """

    url: str
    token: str
    label: str
    embedded: "EmbeddedRegistry | None" = None
    read_only: bool = False
    colour: str | None = None
    tracking_uri: str | None = None
    workspace: str | None = None
    ca: str | None = None
    endpoint: Endpoint | None = field(default=None, compare=False)
    sign_in: "OpenIdSession | None" = field(default=None, compare=False)

    @property
    def name(self) -> str:
        """Its label, with the workspace."""
        return self.label if self.workspace is None else f"{self.label}/{self.workspace}"

    def __repr__(self) -> str:
        return f"Connection({self.label!r}, {self.url!r})"


class ConnectionProblem(Exception):
    """There is no registry to open, or no token for it. Its text says what to do.

    ``lacking`` is the connection without its token, if only the token is missing.
    """

    def __init__(self, message: str, *, lacking: Connection | None = None) -> None:
        super().__init__(message)
        self.lacking = lacking


def connect(
    *,
    profile: str | None = None,
    workspace: str | None = None,
    ask_token: bool = False,
    in_terminal: bool = False,
    start_local: bool = True,
    switched: bool = False,
    environment: Mapping[str, str] | None = None,
    show_code: "Callable[[DeviceCode], None] | None" = None,
) -> Connection:
    """The registry of the profile named, of TUI_REGISTRY_URL and TUI_REGISTRY_TOKEN, of the default profile, or,
    without any of these, the embedded one, started if needed. Blocks.

    The token of a profile is that of TUI_REGISTRY_TOKEN, where that is meant for it, or that in the keyring.
    ``in_terminal``: it may be asked for in the terminal, if it is in neither. ``ask_token``: it is asked for in any
    case. ``start_local``: the embedded registry may be opened. ``switched``: another registry was open before.
    ``show_code``: shows somebody who has to sign in with the OpenID provider how.

    TUI_REGISTRY_READ_ONLY makes any of them read-only. ``workspace``, or else TUI_REGISTRY_WORKSPACE, names the
    workspace of the first one opened, instead of the profile's. TUI_REGISTRY_TRACKING_URI, TUI_REGISTRY_CA and
    TUI_REGISTRY_INSECURE_HTTP apply where no profile is used.
    """
    try:
        given = os.environ if environment is None else environment
        if workspace is not None:
            given = {**given, WORKSPACE_VARIABLE: workspace}
        return _connect(
            profile,
            ask_token=ask_token,
            in_terminal=in_terminal,
            start_local=start_local,
            switched=switched,
            environment=given,
            show_code=show_code,
        )
    except profiles.ProfileError as error:
        raise ConnectionProblem(str(error)) from None
    except OSError as error:
        subject = "The registry cannot be opened" if error.filename is None else error.filename
        raise ConnectionProblem(f"{subject}: {error.strerror or error}.") from None


WORKSPACE_VARIABLE = "TUI_REGISTRY_WORKSPACE"
_NO = {"", "0", "false", "no", "off"}


def is_read_only(environment: Mapping[str, str]) -> bool:
    """True for any value but an explicit no: a mistyped value should not allow writes."""
    return _variable(environment, "TUI_REGISTRY_READ_ONLY").lower() not in _NO


def _variable(environment: Mapping[str, str], variable: str) -> str:
    """The value of a variable, without a line end from the file that it may come from; empty if it is not set."""
    return environment.get(variable, "").strip(WHITESPACE)


def _checked(connection: Connection, *, insecure_http: bool, remedy: str) -> Connection:
    """The connection with its endpoint. Raises ConnectionProblem, also if its token would cross a network unencrypted
    and that was not allowed."""
    if is_plaintext(connection.url) and not insecure_http:
        raise ConnectionProblem(
            f"{connection.url} is plain http: anyone on the network could read your token. Nothing was sent.\n\n"
            f"Use its https:// URL, if it has one. If you trust the network, allow it with: {remedy}"
        )
    try:
        return replace(connection, endpoint=Endpoint.of(connection.url, connection.ca))
    except EndpointError as error:
        raise ConnectionProblem(str(error)) from None


def must_ask(profile: str | None, environment: Mapping[str, str], *, switched: bool = False) -> bool:
    """Whether the token of what ``connect`` would open is known to be stored nowhere; not if there is another problem,
    which ``connect`` finds out."""
    if profile is None and _variable(environment, "TUI_REGISTRY_URL"):
        return False
    try:
        known = profiles.read()
        chosen = known.profiles.get(profile or known.default or "")
        return (
            chosen is not None
            and chosen.ask_token
            and not _token_of_environment(environment, chosen, named=profile is not None, switched=switched)
        )
    except (profiles.ProfileError, TokenError):
        return False


def _token_of_environment(
    environment: Mapping[str, str], profile: profiles.Profile, *, named: bool, switched: bool
) -> str:
    """TUI_REGISTRY_TOKEN, if it is meant for this profile: TUI_REGISTRY_URL names its registry or, where that is not
    set, it is the first one opened, and is the default one or has no token of its own. A token must not reach the
    server of another profile only because that was opened in the same shell. Raises TokenError."""
    url = _variable(environment, "TUI_REGISTRY_URL").rstrip("/")
    if url != profile.url if url else switched or (named and not profile.ask_token):
        return ""
    return clean(environment.get("TUI_REGISTRY_TOKEN", ""), "TUI_REGISTRY_TOKEN")


def _connect(
    profile: str | None,
    *,
    ask_token: bool,
    in_terminal: bool,
    start_local: bool,
    switched: bool,
    environment: Mapping[str, str],
    show_code: "Callable[[DeviceCode], None] | None",
) -> Connection:
    if profile is None and _variable(environment, "TUI_REGISTRY_URL"):
        return _from_environment(environment, ask_token=ask_token)
    known = profiles.read()
    name = profile or known.default
    if name is None and ask_token:
        raise ConnectionProblem(
            "There is no registry to enter a token for: no default profile, --profile or TUI_REGISTRY_URL. The local "
            "registry needs none.\n\nCreate a profile with: tui-registry login URL"
        )
    if name is None and not start_local:
        raise ConnectionProblem("No profile and no TUI_REGISTRY_URL names a registry.")
    if name is None:
        return _embedded(environment)
    chosen = known.get(name)
    lacking = _checked(
        Connection(
            chosen.url,
            "",
            name,
            read_only=chosen.read_only or is_read_only(environment),
            colour=chosen.colour,
            tracking_uri=chosen.tracking_uri,
            workspace=_workspace("" if switched else _variable(environment, WORKSPACE_VARIABLE), chosen.workspace),
            ca=chosen.ca,
        ),
        insecure_http=chosen.insecure_http,
        remedy=f"tui-registry profiles set {shlex.quote(name)} --insecure-http",
    )
    if ask_token:
        return _asked(lacking, chosen, show_code)
    try:
        if given := _token_of_environment(environment, chosen, named=profile is not None, switched=switched):
            return replace(lacking, token=given)
        return _stored(name, chosen, lacking)
    except TokenError as error:
        raise ConnectionProblem(str(error), lacking=lacking) from None
    except ConnectionProblem:
        if not in_terminal or not sys.stdin.isatty():
            raise
        return _asked(lacking, chosen, show_code)


def _asked(
    lacking: Connection, profile: profiles.Profile, show_code: "Callable[[DeviceCode], None] | None"
) -> Connection:
    """With a token that the person enters, or by their sign-in with the OpenID provider; for this process only."""
    if not profile.sign_in or show_code is None:
        return replace(lacking, token=_prompt_token(profile.url))
    from tui_registry.session import openid
    from tui_registry.session.openid_session import OpenIdSession

    try:
        offer = openid.offer_of(profile.url, profile.ca)
        if offer is None:
            return replace(lacking, token=_prompt_token(profile.url))
        provider = openid.Provider.of(offer, profile.ca)
        session = OpenIdSession.begun(provider, provider.sign_in(show_code))
    except openid.OpenIdError as error:
        raise ConnectionProblem(str(error), lacking=lacking) from None
    return replace(lacking, token=session.token, sign_in=session)


def _from_environment(environment: Mapping[str, str], *, ask_token: bool) -> Connection:
    url = address(environment, "TUI_REGISTRY_URL") or ""
    lacking = _checked(
        Connection(
            url,
            "",
            url.partition("://")[2],
            read_only=is_read_only(environment),
            tracking_uri=address(environment, "TUI_REGISTRY_TRACKING_URI"),
            workspace=_workspace(_variable(environment, WORKSPACE_VARIABLE)),
            ca=_variable(environment, "TUI_REGISTRY_CA") or None,
        ),
        insecure_http=_variable(environment, "TUI_REGISTRY_INSECURE_HTTP").lower() in {"1", "true", "yes", "on"},
        remedy="TUI_REGISTRY_INSECURE_HTTP=1",
    )
    if ask_token:
        return replace(lacking, token=_prompt_token(url))
    try:
        token = clean(environment.get("TUI_REGISTRY_TOKEN", ""), "TUI_REGISTRY_TOKEN")
    except TokenError as error:
        raise ConnectionProblem(str(error), lacking=lacking) from None
    if not token:
        raise ConnectionProblem("TUI_REGISTRY_URL is set but TUI_REGISTRY_TOKEN is not.", lacking=lacking)
    return replace(lacking, token=token)


def _workspace(given: str, otherwise: str | None = None) -> str | None:
    """The workspace that is given or, without one, another; None for the default one. Raises ConnectionProblem."""
    if given and not is_workspace_name(given):
        raise ConnectionProblem(f"'{given[:100]}' is not the name of a workspace: it has a to z, 0 to 9 and -.")
    name = given or otherwise
    return None if name == DEFAULT_NAME else name


def address(environment: Mapping[str, str], variable: str) -> str | None:
    """The URL in a variable, validated like that of a profile."""
    given = _variable(environment, variable)
    try:
        return profiles.checked({"url": given}).url if given else None
    except profiles.ProfileError as error:
        raise ConnectionProblem(f"{variable}{str(error).removeprefix('url')}.") from None


def _embedded(environment: Mapping[str, str]) -> Connection:
    from tui_registry.session.embedded import EmbeddedError, EmbeddedRegistry, default_database

    tracking_uri = address(environment, "TUI_REGISTRY_TRACKING_URI")
    workspace = _workspace(_variable(environment, WORKSPACE_VARIABLE))
    registry = EmbeddedRegistry(default_database())
    try:
        token = registry.open()
        return Connection(
            registry.url,
            token,
            "local",
            registry,
            read_only=is_read_only(environment),
            tracking_uri=tracking_uri,
            workspace=workspace,
            endpoint=registry.endpoint,
        )
    except EmbeddedError as error:
        registry.close()
        raise ConnectionProblem(f"The registry on this machine could not be started.\n\n{error}") from None
    except BaseException:
        registry.close()
        raise


def _stored(name: str, profile: profiles.Profile, lacking: Connection) -> Connection:
    """With the token in the keyring, renewed if that is due. Raises ConnectionProblem."""
    text = _stored_text(name, profile, lacking)
    if profile.sign_in and (signed_in := _signed_in(text, name, profile, lacking)):
        return signed_in
    try:
        return replace(lacking, token=clean(text, f"The keyring's token of '{name}'"))
    except TokenError as error:
        raise ConnectionProblem(str(error), lacking=lacking) from None


def _signed_in(text: str, name: str, profile: profiles.Profile, lacking: Connection) -> Connection | None:
    """With the sign-in in ``text``, of the keyring; None if that is an access token. Raises ConnectionProblem."""
    from tui_registry.session.openid import OpenIdError, SignInEndedError
    from tui_registry.session.openid_session import OpenIdSession

    session = OpenIdSession.read(text, profiles.account(name, profile))
    if session is None:
        return None
    try:
        session = session.renewed(profiles.config_file().parent) if session.is_due else session
    except OpenIdError as error:
        if session.is_expired or isinstance(error, SignInEndedError):
            raise ConnectionProblem(
                f"The sign-in of profile '{name}' could not be renewed: {error}\n\nSign in again: "
                f"tui-registry login {profile.url} --profile {shlex.quote(name)}",
                lacking=lacking,
            ) from None
    return replace(lacking, token=session.token, sign_in=session)


def _stored_text(name: str, profile: profiles.Profile, lacking: Connection) -> str:
    if profile.ask_token:
        raise ConnectionProblem(
            f"The token of profile '{name}' is stored nowhere, as there was no keyring at login.\n\n"
            f"What you can do:\n{credentials.remedies(name)}\n"
            f"With a keyring, log in again: tui-registry login {profile.url} --profile {shlex.quote(name)}",
            lacking=lacking,
        )
    try:
        text = credentials.load(profiles.account(name, profile)) or ""
    except credentials.NoKeyringError as error:
        raise ConnectionProblem(
            f"The token of profile '{name}' is in the keyring, but {error}.\n\nWhat you can do:\n"
            f"{credentials.remedies(name)}",
            lacking=lacking,
        ) from None
    if not text.strip(WHITESPACE):
        raise ConnectionProblem(
            f"There is no token for profile '{name}'. To store one, quit and run:\n"
            f"  tui-registry login {profile.url} --profile {shlex.quote(name)}",
            lacking=lacking,
        )
    return text


def _prompt_token(url: str) -> str:
    if not sys.stdin.isatty():
        raise ConnectionProblem("Asking for a token needs a terminal. Set TUI_REGISTRY_TOKEN instead.")
    try:
        token = clean(getpass.getpass(f"Token for {url} (not displayed, not stored): "), "The input")
    except TokenError as error:
        raise ConnectionProblem(str(error)) from None
    except UnicodeDecodeError:
        raise ConnectionProblem("The input cannot be a token: it is not ASCII. Copy it again.") from None
    except EOFError:
        token = ""
    if not token:
        raise ConnectionProblem("No token was entered: nothing was sent.")
    return token
