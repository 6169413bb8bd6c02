"""The baseline of the console: a minimal Textual application with a table."""

from textual.app import App, ComposeResult
from textual.widgets import DataTable

ROWS, COLUMNS = 100, 7


class BareTable(App[None]):
    """A DataTable and nothing else."""

    def compose(self) -> ComposeResult:
        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        table = self.query_one(DataTable)
        table.add_columns(*(f"column {number}" for number in range(COLUMNS)))
        table.add_rows([f"row {row}", *(f"{row} {column}" for column in range(1, COLUMNS))] for row in range(ROWS))


if __name__ == "__main__":
    BareTable().run()
