"""The options of ``serve`` about e-mail."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, TypeVar

import click

from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.rules.secret_box import is_exposed

if TYPE_CHECKING:
    from tui_registry_server.rules.mail import MailServer

Command = TypeVar("Command", bound=Callable[..., Any])


class MailOptions(TypedDict):
    smtp_url: str | None
    smtp_from: str | None
    smtp_password_file: Path | None
    smtp_domains: tuple[str, ...]
    insecure_smtp: bool


OPTIONS = (
    click.option(
        "--smtp-url",
        envvar="TUI_REGISTRY_SMTP_URL",
        metavar="URL",
        help="Send e-mail by this mail server: smtp://user@host:587 (STARTTLS), or smtps://user@host:465; or "
        "TUI_REGISTRY_SMTP_URL. The password may be in it, in TUI_REGISTRY_SMTP_PASSWORD or in a file.",
    ),
    click.option("--smtp-from", metavar="ADDRESS", help="The sender: 'Registry <registry@example.com>'."),
    click.option(
        "--smtp-password-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The mail server's password, in a file that only you can read.",
    ),
    click.option(
        "--smtp-domain",
        "smtp_domains",
        multiple=True,
        metavar="DOMAIN",
        help="Users may have e-mail sent to addresses there, besides their own. More than once for several.",
    ),
    click.option("--insecure-smtp", is_flag=True, help="Send e-mail without TLS, as to a relay on this machine."),
)


def mail_options(command: Command) -> Command:
    """A decorator: adds the options, whose values are MailOptions."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def mail_server_of(given: MailOptions) -> "MailServer | None":
    """The mail server of the options; None without one. Raises click.BadParameter."""
    from tui_registry_server.rules.mail import PASSWORD_VARIABLE, mail_server

    if given["smtp_url"] is None:
        if given["smtp_from"] or given["smtp_password_file"] or given["smtp_domains"] or given["insecure_smtp"]:
            raise click.UsageError("Options for e-mail need --smtp-url.")
        return None
    if given["smtp_from"] is None:
        raise click.UsageError("--smtp-url needs --smtp-from: who the e-mail is from.")
    try:
        file = given["smtp_password_file"]
        password = os.environ.get(PASSWORD_VARIABLE, "") if file is None else _secret(file)
        return mail_server(
            given["smtp_url"],
            given["smtp_from"],
            given["smtp_domains"],
            password=password,
            insecure=given["insecure_smtp"],
        )
    except InvalidParameterValue as error:
        raise click.BadParameter(error.message, param_hint="--smtp-url") from None


def _secret(file: Path) -> str:
    try:
        with file.open() as stream:
            if is_exposed(os.fstat(stream.fileno())):
                raise InvalidParameterValue(f"Others can read {file}. Change that with: chmod 600 {file}")
            return stream.read().strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = (error.strerror if isinstance(error, OSError) else None) or "it is not text"
        raise InvalidParameterValue(f"The password file {file} could not be read: {why}.") from None
