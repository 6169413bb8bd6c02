"""What all tables share: their collection, the names of their constraints, and types."""

from sqlalchemy import BigInteger, Integer, MetaData, Text

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

Serial = BigInteger().with_variant(Integer, "sqlite")  # SQLite's rowid must be spelled INTEGER

Sorted = Text().with_variant(Text(collation="C"), "postgresql")
"""A text that is sorted and searched by prefixes: compared by code points, as on SQLite, whatever the database's locale
is."""
