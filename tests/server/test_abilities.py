"""The ability table, cell by cell: every level, granted in every way, on every route of each ability."""

from collections.abc import Iterator

import pytest
from _pytest.mark import ParameterSet

from tests.server.callers import CALLERS, LEVELS, WAYS, Caller, Callers
from tests.server.database_state import DatabaseState
from tests.server.permission_case import Case
from tests.server.permission_cases import CASES
from tui_registry_server.http.routes import ROUTES
from tui_registry_server.wire.permission_policy import Ability

# A copy by hand of the documented table. Columns: LEVELS.
TABLE = """
create a model                                             x x x x x x
see a model                                                . x x x x x
request a stage transition                                 . x x x x x
comment                                                    . x x x x x
add a version; edit descriptions, tags                     . . x x x x
transition, approve, reject among None, Staging, Archived  . . . x x x
transition, approve, reject, Production touched            . . . . x x
cancel a request of one's own                              . x x x x x
cancel somebody else's request                             . . . . . x
rename, delete, change permissions, delete versions        . . . . . x
set and delete aliases                                     . . . x x x
manage webhooks of a model                                 . . . . . x
follow a model                                             . x x x x x
see and end one's own follows                              x x x x x x
edit a comment of one's own                                . x x x x x
edit somebody else's comment                               . . . . . .
delete a comment of one's own                              . x x x x x
delete somebody else's comment                             . . . . . x
"""

ALLOWED = {
    row[:58].strip(): frozenset(level for level, mark in zip(LEVELS, row[58:].split(), strict=True) if mark == "x")
    for row in TABLE.strip().splitlines()
}

FOR_ANYONE = {
    ("GET", "/preview/scim/v2/Me"),
    *(
        ("GET", f"/preview/scim/v2/{plural}{suffix}")
        for plural in ("Users", "Groups", "ServicePrincipals")
        for suffix in ("", "/{id}")
    ),
    *(("POST", f"/preview/scim/v2/{prefix}.search") for prefix in ("", "Users/", "Groups/", "ServicePrincipals/")),
    *(
        ("GET", f"/preview/scim/v2/{path}")
        for path in ("ServiceProviderConfig", "ResourceTypes", "ResourceTypes/{id}", "Schemas", "Schemas/{id}")
    ),
    ("GET", "/token/list"),
    ("POST", "/token/delete"),
    ("PATCH", "/token/{token_id}"),
    ("GET", "/api/3.0/mlflow/workspaces"),
    ("GET", "/api/3.0/mlflow/workspaces/{workspace_name}"),
}
"""Routes for any valid token: users, groups, own tokens, workspaces. Tested in test_administration.py, test_scim.py and
test_workspaces.py."""

ELSEWHERE = {
    ("GET", "/mlflow/events"): "test_events.py and test_visibility.py",
}
"""Routes whose abilities do not depend on a level on a model, and where they are tested."""


def cells() -> Iterator[ParameterSet]:
    """Each level on each route by one way of granting it, which differs from route to route; the others are variants of
    that, as a level is found out before the route matters."""
    for row, case in enumerate(CASES):
        for column, caller in enumerate(CALLERS):
            is_chosen = column % len(WAYS) == (row + column // len(WAYS)) % len(WAYS)
            yield pytest.param(case, caller, id=f"{case}-{caller}", marks=() if is_chosen else pytest.mark.variant)


@pytest.mark.parametrize(("case", "caller"), list(cells()))
def test_cell(case: Case, caller: Caller, callers: Callers, database_state: DatabaseState) -> None:
    attempt = case.prepare(callers, caller)
    allowed = caller.level in ALLOWED[case.ability]
    if attempt.shown is not None:
        assert attempt.shown(attempt.make(callers.api(caller)).ok()) == allowed
    elif allowed:
        attempt.make(callers.api(caller)).ok()
        assert attempt.done()
    else:
        with database_state.unchanged():
            answer = attempt.make(callers.api(caller))
        if caller.level == "none":
            answer.missing()
        else:
            answer.denied()


def test_the_table_is_whole() -> None:
    assert {case.ability for case in CASES} == set(ALLOWED)


def test_every_route_is_tried() -> None:
    administration = {  # test_administration.py and test_webhooks.py
        Ability.USE_TOKENS,
        Ability.SEE_ACCOUNT,
        Ability.ADMINISTER,
        Ability.ADMINISTER_WEBHOOKS,
    }
    elsewhere = {Ability.PUBLIC, *administration}
    guarded = {
        (route.method, route.path)
        for route in ROUTES
        if route.ability not in elsewhere and (route.method, route.path) not in FOR_ANYONE
    }
    assert {(case.method, case.route) for case in CASES} | set(ELSEWHERE) == guarded


@pytest.mark.parametrize("caller", CALLERS, ids=str)
def test_the_registry_itself(caller: Caller, callers: Callers, database_state: DatabaseState) -> None:
    """The access control list of the registry depends on the level on it, which only direct grants give."""
    level = caller.level if caller.way in ("root", "admins") else "none"
    api, path = callers.api(caller), "/permissions/registered-models/root"
    for suffix in ("", "/permissionLevels"):
        answer = api.get(path + suffix)
        if level in ALLOWED["see a model"]:
            answer.ok()
        else:
            answer.denied()
    entry = {"user_name": Caller("CAN_READ", "root").name, "permission_level": "CAN_READ"}
    if level in ALLOWED["rename, delete, change permissions, delete versions"]:
        api.patch(path, access_control_list=[entry]).ok()
        return
    with database_state.unchanged():
        api.patch(path, access_control_list=[entry]).denied()
        api.put(path, access_control_list=[]).denied()
