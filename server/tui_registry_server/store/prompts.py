"""Which models are prompts of MLflow's, which it keeps as models with a tag."""

import json
from collections.abc import Iterable

from sqlalchemy import Connection, String, bindparam, select

from tui_registry_server.rules.search_filter import IS_PROMPT
from tui_registry_server.store.dialects import among
from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import model_tags, registered_models

_PROMPTS = select(model_tags.c.model_id).where(model_tags.c.key == IS_PROMPT, model_tags.c.value == "true")
IS_A_PROMPT = registered_models.c.id.in_(_PROMPTS)
"""Whether a registered model is a prompt, as a column or a condition. Usually there are few or none of them."""
_AMONG = Statement(_PROMPTS.where(among(model_tags.c.model_id, bindparam("model_ids", type_=String()))))


def prompts_among(connection: Connection, model_ids: Iterable[str]) -> frozenset[str]:
    """Those of these models that are prompts, by their ids."""
    return frozenset(row[0] for row in _AMONG.run(connection, model_ids=json.dumps(list(model_ids))))
