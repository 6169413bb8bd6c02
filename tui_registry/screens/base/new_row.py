"""Making what becomes a row of a list."""

from collections.abc import Callable, Sequence

from tui_registry.console import Console
from tui_registry.mutations.mutation import Mutation
from tui_registry.widgets.new_row_table import NewRowTable


def make(
    app: Console,
    table: NewRowTable,
    mutation: Mutation | Sequence[Mutation],
    is_new: Callable[[str], bool],
    then: Callable[[], None] | None = None,
) -> None:
    """Run a mutation that makes a row, or several in order, and put the cursor on the one whose key is new. ``then`` is
    called once it is made."""

    def made() -> None:
        table.new_is_made()
        if then is not None:
            then()

    table.await_new(is_new)
    steps = [mutation] if isinstance(mutation, Mutation) else mutation
    app.mutations.start(*steps, then=made, otherwise=table.stop_awaiting)
