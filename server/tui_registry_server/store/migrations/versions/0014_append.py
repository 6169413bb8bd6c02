"""On SQLite, the trigger that keeps activities in order fails instead of aborting. Aborting undoes what the statement
has changed so far: for that, SQLite keeps a copy of every page of the table and its seven indexes that the INSERT
touches, which made it take twice as long. The trigger runs before a row is inserted: there is nothing to undo."""

from alembic import op

revision = "0014"
down_revision = "0013"

SQLITE = (
    "DROP TRIGGER activities_in_order",
    """CREATE TRIGGER activities_in_order BEFORE INSERT ON activities
        WHEN NEW.sequence IS NOT (SELECT coalesce(max(sequence), 0) + 1 FROM activities) BEGIN
        SELECT RAISE(FAIL, 'activities are only ever added to: they are the audit log');
    END""",
)


def upgrade() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for statement in SQLITE:
            op.execute(statement)
