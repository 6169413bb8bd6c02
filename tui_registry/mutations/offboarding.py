"""Offboarding a user or service principal: what it does, in words, and doing it at once."""

from collections.abc import Iterable

from tui_registry.access.principal import Principal
from tui_registry.client.errors import CallError
from tui_registry.client.registry import RegistryClient
from tui_registry.mutations.mutation import Mutation
from tui_registry.session.connection import ALL_OF_REGISTRY
from tui_registry.terminal.sanitize import one_line, visible
from tui_registry_server.wire.principal_details import HeldGrant, Offboarding
from tui_registry_server.wire.workspace_name import DEFAULT_NAME

MAX_NAMED = 5  # of each list


def effects(plan: Offboarding, *, has_workspaces: bool) -> list[str]:
    """What it does, one sentence for each kind of thing that there is."""
    permissions = (held(each, has_workspaces=has_workspaces) for each in plan.grants)
    requests = (
        f"{_in_workspace(each.name, each.workspace)} version {each.version} → {each.to_stage}" for each in plan.requests
    )
    sentences = [
        (plan.deactivates, "The account is deactivated."),
        (plan.token_count, f"{_counted(plan.token_count, 'token')} revoked."),
        (
            plan.secret_count,
            f"{_counted(plan.secret_count, 'secret')} revoked, with the access tokens that were issued for it.",
        ),
        (plan.federation_rule_count, f"{_counted(plan.federation_rule_count, 'federation rule')} deleted."),
        (
            plan.group_count,
            f"Removed from {_counted(plan.group_count, 'group')}: {_some(plan.groups, plan.group_count)}.",
        ),
        (
            plan.grant_count,
            f"{_counted(plan.grant_count, 'permission')} revoked: {_some(permissions, plan.grant_count)}.",
        ),
        (
            plan.request_count,
            f"{_counted(plan.request_count, 'open request')} cancelled: {_some(requests, plan.request_count)}.",
        ),
    ]
    return [sentence for applies, sentence in sentences if applies]


def warnings(plan: Offboarding) -> list[str]:
    """What is left behind, in sentences."""
    sentences = []
    if plan.unmanaged_model_count:
        elsewhere = [_in_workspace(each.name, each.workspace) for each in plan.unmanaged_elsewhere]
        names = _some([*plan.unmanaged_models, *elsewhere], plan.unmanaged_model_count)
        prompts, models = plan.unmanaged_prompt_count, plan.unmanaged_model_count - plan.unmanaged_prompt_count
        counts = [_counted(number, noun) for number, noun in ((models, "model"), (prompts, "prompt")) if number]
        count = " and ".join(counts)
        sentences.append(f"Only administrators can manage {count} afterwards: {names}.")
    if plan.issued_token_count:
        issued = _counted(plan.issued_token_count, "token")
        sentences.append(f"Stays valid: {issued} of service principals, created by this account (see Tokens).")
    return sentences


def held(grant: HeldGrant, *, has_workspaces: bool) -> str:
    """A grant in words: ``CAN_MANAGE on churn``, or ``on risk/churn`` of the workspace risk."""
    is_in_one = has_workspaces or grant.workspace
    whole = f"all of workspace {grant.workspace or DEFAULT_NAME}" if is_in_one else f"the {ALL_OF_REGISTRY}"
    objects = {"registered-models": whole, "tokens": "tokens"}
    model = _in_workspace(grant.name, grant.workspace) if grant.name else "a deleted model"
    return f"{grant.permission_level} on {objects.get(grant.object_type, model)}"


def _in_workspace(name: str, workspace: str | None) -> str:
    """A model's name, with the workspace if that is not the default one. No model's name has a slash."""
    return f"{workspace}/{name}" if workspace else name


async def requested_by_others(client: RegistryClient, plan: Offboarding) -> list[str]:
    """The transitions that others have requested, too, among those whose requests are cancelled: these requests stay
    open. Of those in the open workspace, among its 1,000 newest requests."""
    opened = client.workspace or DEFAULT_NAME
    wanted = {
        (each.name, each.version, each.to_stage) for each in plan.requests if (each.workspace or DEFAULT_NAME) == opened
    }
    if not wanted:
        return []
    try:
        page = await client.requests.inbox(max_results=1000)
    except CallError:
        return ["Could not check whether others have requested the same."]
    found = [each for each in page.requests if each.user_id != plan.principal.name]
    by_others: dict[str, list[str]] = {}
    for each in found:
        if (each.name, each.version, each.to_stage) in wanted:
            what = f"{visible(each.name)} version {each.version} → {each.to_stage}"
            by_others.setdefault(what, []).append(each.user_id)
    sentences = [
        f"Stays open: the same request{'' if len(users) == 1 else 's'} for {what} by {_some(users, len(users))}."
        for what, users in by_others.items()
    ]
    rest = len(sentences) - MAX_NAMED
    more = [f"Stays open, too: the same for {_counted(rest, 'more transition')}."] if rest > 0 else []
    return sentences[:MAX_NAMED] + more


def is_nothing(plan: Offboarding) -> bool:
    return not effects(plan, has_workspaces=False)


def offboard(client: RegistryClient, plan: Offboarding, *, has_workspaces: bool) -> Mutation:
    principal = plan.principal

    async def send() -> object:
        return await client.principals.offboard(principal.id, etag=plan.etag)

    async def happened() -> bool:
        return is_nothing(await client.principals.offboarding(principal.id))

    async def check() -> str:
        now = await client.principals.offboarding(principal.id)
        return "" if now.etag == plan.etag else "what it has was changed by someone else. Review it again."

    return Mutation(
        title=str(Principal.of(principal)),
        progress="offboarding",
        done=f"Offboarded. {' '.join(effects(plan, has_workspaces=has_workspaces))}",
        send=send,
        happened=happened,
        check=check,
        undo_note="The account can be reactivated; its tokens, permissions and memberships have to be created again.",
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _some(names: Iterable[str], count: int) -> str:
    """The first of some names or texts with names, and how many more there are."""
    first = [one_line(visible(name), 120) for name, _ in zip(names, range(MAX_NAMED), strict=False)]
    more = f" and {count - len(first)} more" if count > len(first) else ""
    return ", ".join(first) + more
