"""The levels of a user or service principal on models, and why."""

from itertools import starmap

from tui_registry_server.operations.call import Answer, Call
from tui_registry_server.operations.grant_reasons import Granted, Holder
from tui_registry_server.operations.principal_details import find
from tui_registry_server.operations.record import without_empty
from tui_registry_server.operations.subjects import Subject
from tui_registry_server.rules.page_tokens import digest, read_token, write_token
from tui_registry_server.rules.permissions import Level
from tui_registry_server.store import grants, principal_levels, principals
from tui_registry_server.store.prompts import prompts_among
from tui_registry_server.wire.principal import PrincipalKind
from tui_registry_server.wire.principal_details import MAX_REASONS, ListPrincipalLevels


def listed(call: Call, body: ListPrincipalLevels, subject: Subject) -> Answer:
    """The level on every model that it may read, or on those where it is higher than on the whole registry, by name,
    with the grants that it comes from."""
    row = find(call.connection, body.id)
    who = principals.with_rights(
        call.connection, row.id, PrincipalKind(row.kind), row.name, call.principal.workspace_id
    )
    query = digest("levels", row.id, body.name, str(body.only_higher))
    (after,) = read_token(body.page_token, query, (str,)) if body.page_token else ("",)
    models = principal_levels.readable_models(
        call.connection,
        who,
        part=body.name,
        only_higher=body.only_higher,
        after=str(after),
        limit=body.max_results,
    )
    direct = principal_levels.on_models(call.connection, who, [row[0] for row in models], MAX_REASONS)
    holder, held = Holder.of(call.connection, who), frozenset(who.identities)
    inherited = [
        Granted(each.principal_id, each.level)
        for each in grants.on(call.connection, call.principal.root_id)
        if each.principal_id in held and each.level >= Level.READ
    ]
    prompts = prompts_among(call.connection, [row[0] for row in models])
    entities = []
    for model_id, name in models:
        reasons = holder.reasons(starmap(Granted, direct[model_id]), inherited, registry_wide=False)
        entity = {"name": name, "permission_level": reasons[0]["permission_level"], "grants": reasons}
        entities.append(entity | ({"is_prompt": True} if model_id in prompts else {}))
    return without_empty(
        {"models": entities, "next_page_token": write_token(query, [models[-1][1]]) if models.more else None}
    )
