"""Where the settings of a command come from: the command line, else the environment, else a file, else the defaults.

All three name a setting as its option does: ``--metrics-port 9100``, ``TUI_REGISTRY_SERVER_METRICS_PORT=9100``,
``metrics-port = 9100``. What exists is read from the command's options, so that a new one needs nothing here.
"""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterable, Mapping, MutableMapping
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from tui_registry_server.output import print_lines
from tui_registry_server.rules.errors import InvalidParameterValue
from tui_registry_server.store.engine import redact_url

PREFIX = "TUI_REGISTRY_SERVER_"
DEFAULT_FILE = Path("/etc/tui-registry/server.toml")
EMBEDDED = "--end-with"
"""The option by which the console starts a server of its own, which has no settings but those."""
MASK = "***"
_SECRET = re.compile(r"(secret|password|token|key)$")
_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+(?=@)")


class ConfiguredCommand(click.Command):
    """Adds ``--config`` and ``--print-config``, and a variable for each option that has none."""

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.settings = [each for each in self.params if isinstance(each, click.Option) and not each.hidden]
        """The options that are settings: those that are documented."""
        for option in self.settings:
            if option.envvar is None:
                option.envvar = PREFIX + name_of(option).upper().replace("-", "_")
        self.params.append(
            click.Option(
                ["--config"],
                type=click.Path(path_type=Path),
                metavar="FILE",
                envvar=f"{PREFIX}CONFIG",
                is_eager=True,
                expose_value=False,
                callback=self._read_file,
                help=f"Take settings from this TOML file, by the options' names; else from {DEFAULT_FILE}, if there is "
                f"one. Environment variables, such as {PREFIX}PORT, come before it, and options before these.",
            )
        )
        self.params.append(
            click.Option(
                ["--print-config"],
                is_flag=True,
                expose_value=False,
                callback=lambda context, _, wanted: context.meta.update({_WANTED: wanted}),
                help="Print each setting, and where it comes from, and exit.",
            )
        )

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        if any(argument.partition("=")[0] == EMBEDDED for argument in args):
            extra["default_map"] = {}
            _forget_variables(os.environ)
        else:
            known = {str(option.envvar) for option in self.settings} | {f"{PREFIX}CONFIG"}
            _refuse_unknown((name for name in os.environ if name.startswith(PREFIX)), known, "the environment")
        return super().make_context(info_name, args, parent, **extra)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.BadParameter as error:
            if isinstance(error.param, click.Option) and (source := _source(ctx, error.param)) is not None:
                text = f"{error.message} This is from {source}."
                raise click.BadParameter(text, error.ctx, error.param, error.param_hint) from None
            raise

    def invoke(self, ctx: click.Context) -> Any:
        if ctx.meta[_WANTED]:
            print_lines(_described(ctx, option) for option in self.settings)
            return None
        return super().invoke(ctx)

    def _read_file(self, context: click.Context, _: click.Parameter, file: Path | None) -> None:
        if context.default_map is not None or (file is None and not DEFAULT_FILE.exists()):
            return
        file = file or DEFAULT_FILE
        try:
            content = tomllib.loads(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise click.UsageError(f"The settings in {file} could not be read: {error.strerror}.") from None
        except ValueError as error:  # not TOML, or not UTF-8
            raise click.UsageError(f"{file} is not a TOML file: {error}.") from None
        by_name = {name_of(option): option for option in self.settings}
        _refuse_unknown(content, by_name, str(file))
        context.meta[_FILE] = file
        context.default_map = {
            str(by_name[name].name): _checked(by_name[name], value, file) for name, value in content.items()
        }


_WANTED = "tui_registry_server.print_config"
_FILE = "tui_registry_server.config"


def name_of(option: click.Option) -> str:
    """An option's name without its dashes: ``metrics-port``."""
    return max(option.opts, key=len).removeprefix("--")


def _forget_variables(environment: MutableMapping[str, str]) -> None:
    for name in [name for name in environment if name.startswith(PREFIX)]:
        del environment[name]


def _refuse_unknown(given: Iterable[str], known: Iterable[str], where: str) -> None:
    """Raises UsageError for a name that is not known, with the nearest one that is: it would change nothing."""
    known = sorted(known)
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"Did you mean {near[0]}?" if near else f"There are: {', '.join(known)}."
            raise click.UsageError(f"There is no setting '{name}', which is in {where}. {hint}")


def _checked(option: click.Option, value: Any, file: Path) -> Any:
    """The value from a file, of a kind that the option takes; its type checks the rest. Raises UsageError."""
    if option.multiple:
        if isinstance(value, Mapping):  # [limit] connections = 100
            value = [f"{name}={each}" for name, each in value.items()]
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return value
        wanted = 'a list of texts, such as ["a", "b"]'
    elif option.is_flag:
        if isinstance(value, bool):
            return value
        wanted = "true or false"
    else:
        if isinstance(value, str | int | float) and not isinstance(value, bool):
            return value
        wanted = "a text or a number"
    raise click.UsageError(f"'{name_of(option)}' in {file} must be {wanted}.")


def _source(context: click.Context, option: click.Option) -> str | None:
    """Where the value comes from; None for the command line."""
    match context.get_parameter_source(str(option.name)):
        case ParameterSource.ENVIRONMENT:
            return f"the environment, {option.envvar}"
        case ParameterSource.DEFAULT_MAP:
            return str(context.meta[_FILE])
        case ParameterSource.COMMANDLINE:
            return None
        case _:
            return "the default"


def _described(context: click.Context, option: click.Option) -> str:
    """A setting as a line of a settings file, with its source; what is not set, as a comment."""
    name, value = name_of(option), context.params[str(option.name)]
    source = _source(context, option) or "the command line"
    if value is None:
        return f"# {name} =  # {source}"
    if isinstance(value, tuple):
        shown: Any = [_masked(name, str(each)) for each in value]
    else:
        shown = value if isinstance(value, bool | int | float) else _masked(name, str(value))
    return f"{name} = {json.dumps(shown, ensure_ascii=False)}  # {source}"


def _masked(name: str, value: str) -> str:
    if _SECRET.search(name) and name != "tls-key":  # a file
        return MASK
    if name == "database":
        try:
            return redact_url(value)
        except InvalidParameterValue:
            return MASK
    return _CREDENTIALS.sub(MASK, value)
