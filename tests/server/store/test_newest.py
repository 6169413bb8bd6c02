"""The revision constant, by which a start needs no Alembic, is the last migration."""

from alembic.config import Config
from alembic.script import ScriptDirectory

from tui_registry_server.store.schema import MIGRATIONS, NEWEST


def test_newest_is_the_head_of_the_migrations() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [NEWEST]
