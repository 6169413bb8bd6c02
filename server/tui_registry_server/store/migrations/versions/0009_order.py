"""Activities can only be inserted with the next number. On SQLite, INSERT OR REPLACE would replace a record without
running the triggers that prevent deletions; and gaps in the numbers would hide removed records."""

from alembic import op

revision = "0009"
down_revision = "0008"

REFUSAL = "'activities are only ever added to: they are the audit log'"
NEXT = "(SELECT coalesce(max(sequence), 0) + 1 FROM activities)"

SQLITE = (
    f"""CREATE TRIGGER activities_in_order BEFORE INSERT ON activities WHEN NEW.sequence IS NOT {NEXT} BEGIN
        SELECT RAISE(ABORT, {REFUSAL});
    END""",
)
POSTGRESQL = (
    f"""CREATE FUNCTION activities_are_in_order() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        IF NEW.sequence IS DISTINCT FROM {NEXT} THEN RAISE EXCEPTION {REFUSAL}; END IF;
        RETURN NEW;
    END $$""",
    """CREATE TRIGGER activities_in_order BEFORE INSERT ON activities
        FOR EACH ROW EXECUTE FUNCTION activities_are_in_order()""",
)


def upgrade() -> None:
    for statement in SQLITE if op.get_bind().dialect.name == "sqlite" else POSTGRESQL:
        op.execute(statement)
