"""The workspaces that the finder offers: ``workspace risk``, or the name alone."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from tui_registry.client.errors import UnknownEndpoint
from tui_registry.client.registry import RegistryClient
from tui_registry.screens.finder.candidate import Candidate, Kind, find
from tui_registry.terminal.sanitize import one_line, summary
from tui_registry_server.wire.workspace import Workspace
from tui_registry_server.wire.workspace_name import DEFAULT_NAME

VERBS = frozenset({"workspace", "ws"})
MAX_WORKSPACES = 8
MAX_DETAIL = 200  # characters


class WorkspaceSource:
    """Those that the caller may use, but for the open one; read once."""

    name = "workspaces"
    kinds = frozenset({Kind.WORKSPACE})

    def __init__(self, client: RegistryClient, current: str | None, open_workspace: Callable[[str], None]) -> None:
        """``current``: None for the default one."""
        self._client = client
        self._current = current or DEFAULT_NAME
        self._open = open_workspace
        self._known: Sequence[Candidate] | None = None

    async def find(self, typed: str) -> Sequence[Candidate]:
        verb, _, rest = typed.partition(" ")
        if self._known is None:
            try:
                found = await self._client.workspaces.all()
            except UnknownEndpoint:  # of an older server
                found = []
            self._known = [self._candidate(each) for each in found if each.name != self._current]
        query = rest.strip() if verb.casefold() in VERBS else None
        candidates = (replace(each, query=query) for each in self._known)
        return [each for each in candidates if find(each, typed) is not None][:MAX_WORKSPACES]

    def _candidate(self, workspace: Workspace) -> Candidate:
        return Candidate(
            kind=Kind.WORKSPACE,
            name=workspace.name,
            act=partial(self._open, workspace.name),
            detail=one_line(summary(workspace.description or "", MAX_DETAIL), MAX_DETAIL),
        )
