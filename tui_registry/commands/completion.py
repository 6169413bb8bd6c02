"""``tui-registry completion``: the scripts that make shells complete commands, and how they get their completions."""

import os
import re
from typing import Any

import click
from click.shell_completion import (
    BashComplete,
    CompletionItem,
    FishComplete,
    ShellComplete,
    ZshComplete,
    add_completion_class,
    get_completion_class,
    split_arg_string,
)

from tui_registry.commands.output import print_lines

VARIABLE = "_TUI_REGISTRY_COMPLETE"
"""By which a shell's script asks for completions."""

# The line is split here and not by bash, which also splits at the characters of COMP_WORDBREAKS: names have @ and :.
_BASH = """\
%(complete_func)s() {
    local completion

    COMPREPLY=()
    while IFS= read -r completion; do
        if [[ $completion == plain,* ]]; then
            COMPREPLY+=("${completion#plain,}")
        elif [[ -n $completion ]]; then
            compopt -o default
        fi
    done <<< "$(COMP_WORDS="${COMP_LINE:0:COMP_POINT}" COMP_CWORD= COMP_WORDBREAKS="$COMP_WORDBREAKS" \
        %(complete_var)s=bash_complete "$1" 2>/dev/null)"
    return 0
}

complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class _Silent(ShellComplete):
    """Completes nothing if that fails: an error would be printed into the line that is being typed."""

    def complete(self) -> str:
        try:
            return super().complete()
        except Exception:  # whatever it is: nobody has asked for a message
            return ""


class _Bash(_Silent, BashComplete):
    """Values are quoted as the word that was begun, as bash inserts them as they are: a name could hold a command."""

    source_template = _BASH

    def get_completion_args(self) -> tuple[list[str], str]:
        self._quote, self._done = "", ""
        if os.environ.get("COMP_CWORD"):
            return super().get_completion_args()
        line = os.environ["COMP_WORDS"]
        *words, last = split_arg_string(line + "x")  # so that the word that was begun is the last, even if it is empty
        begun = last[:-1]
        self._quote = _open_quote(line)
        breaks = set(os.environ.get("COMP_WORDBREAKS", "")) & set("@:=")
        if not self._quote:  # readline replaces only what follows the last of them, or begins with the last @
            self._done = begun[: max([0, *(begun.rfind(each) + (each != "@") for each in breaks)])]
        while words and re.match(r"\w+=", words[0]):
            del words[0]
        return words[1:], begun

    def format_completion(self, item: "CompletionItem[Any]") -> str:
        done = len(self._done) if item.value.casefold().startswith(self._done.casefold()) else 0
        return f"{item.type},{_quoted(item.value[done:], self._quote)}"


def _open_quote(line: str) -> str:
    """The quote that is still open at the end of a line of bash, empty if none is."""
    quote = ""
    for each in re.findall(r"\\.|[^\\]", line, re.DOTALL):
        if each == quote:
            quote = ""
        elif each in {"'", '"'} and not quote:
            quote = each
    return quote


class _Zsh(_Silent, ZshComplete):
    pass


class _Fish(_Silent, FishComplete):
    pass


def _quoted(value: str, quote: str) -> str:
    """A value as bash reads it, after a quote that is still open, or without one."""
    if quote == "'":
        return value.replace("'", "'\\''")
    if quote == '"':
        escaped = re.sub(r'(["$`\\])', r"\\\1", value)
        return escaped.replace("!", "\"'!'\"")  # a backslash before it would stay, and without one it means the history
    return re.sub(r"([^\w@%+=:,./-])", r"\\\1", value)


def register() -> None:
    """Make click use the classes of this module."""
    for each in (_Bash, _Zsh, _Fish):
        add_completion_class(each)


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, *, shell: str) -> None:
    """Print the script that completes commands in SHELL.

    \b
      bash  echo 'eval "$(tui-registry completion bash)"' >> ~/.bashrc
      zsh   echo 'eval "$(tui-registry completion zsh)"' >> ~/.zshrc
      fish  tui-registry completion fish > ~/.config/fish/completions/tui-registry.fish

    Names of models, versions, users, groups and so on are read from the registry that the command would open, for a
    second at most; not from the local registry.
    """
    register()
    found = get_completion_class(shell)
    if found is not None:
        script = found(context.find_root().command, {}, "tui-registry", VARIABLE).source()
        print_lines(script.splitlines())
