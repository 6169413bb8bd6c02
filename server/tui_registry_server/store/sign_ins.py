"""Statements on sign-ins: the newest token of an OpenID provider that was seen of a user."""

from sqlalchemy import Connection, bindparam, insert, select, update

from tui_registry_server.store.statements import Statement
from tui_registry_server.store.tables import sign_ins

_the_sign_in = (
    sign_ins.c.principal_id == bindparam("principal_id"),
    sign_ins.c.issuer == bindparam("issuer"),
)
_NEWEST = Statement(select(sign_ins.c.issued_timestamp).where(*_the_sign_in))
_INSERT = Statement(insert(sign_ins))
_ADVANCE = Statement(
    update(sign_ins)
    .where(*_the_sign_in, sign_ins.c.issued_timestamp < bindparam("issued"))
    .values(issued_timestamp=bindparam("issued"))
)


def newest(connection: Connection, principal_id: str, issuer: str) -> int | None:
    """When the newest token was issued, in milliseconds since the epoch; None if none was seen."""
    answer: int | None = _NEWEST.scalar(connection, principal_id=principal_id, issuer=issuer)
    return answer


def put(connection: Connection, principal_id: str, issuer: str, issued: int) -> None:
    """Note a token, if it is the newest."""
    if newest(connection, principal_id, issuer) is not None:
        _ADVANCE.run(connection, principal_id=principal_id, issuer=issuer, issued=issued)
    else:
        _INSERT.run(connection, principal_id=principal_id, issuer=issuer, issued_timestamp=issued)
