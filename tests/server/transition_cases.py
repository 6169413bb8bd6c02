"""Cases of stage transitions and requests for them."""

from tests.server.callers import MOVES, PAIRS, Caller, Callers
from tests.server.permission_case import (
    CANCEL_OTHERS,
    CANCEL_OWN,
    PRODUCTION,
    REQUEST,
    REQUESTS,
    TRANSITION,
    TRANSITION_PRODUCTION,
    VERSIONS,
    PermissionAttempt,
    case,
    open_request,
    requests_now,
    shared,
    somebody_but,
    version_now,
)


def to_move(origin: str, target: str) -> str:
    return TRANSITION_PRODUCTION if PRODUCTION in (origin, target) else TRANSITION


def _add_moves() -> None:
    for origin, target in PAIRS:
        for path in (f"{VERSIONS}/transition-stage", "/mlflow/databricks/model-versions/transition-stage"):

            @case(to_move(origin, target), f"POST {path}", f"{origin} -> {target}")
            def transition(
                callers: Callers, caller: Caller, path: str = path, origin: str = origin, target: str = target
            ) -> PermissionAttempt:
                model = shared(callers, "moved")
                version = callers.version(model, origin)
                return PermissionAttempt(
                    "POST",
                    path,
                    {"name": model, "version": version, "stage": target, "archive_existing_versions": False},
                    done=lambda: version_now(callers, model, version)["current_stage"] == target,
                )


def _add_requests() -> None:
    for origin, target in MOVES:

        @case(REQUEST, f"POST {REQUESTS}/create", f"{origin} -> {target}")
        def request(callers: Callers, caller: Caller, origin: str = origin, target: str = target) -> PermissionAttempt:
            model = shared(callers, "asked")
            version = callers.version(model, origin)
            return PermissionAttempt(
                "POST",
                f"{REQUESTS}/create",
                {"name": model, "version": version, "stage": target},
                done=lambda: (callers.user_id(caller), target) in requests_now(callers, model, version),
            )

        @case(to_move(origin, target), f"POST {REQUESTS}/approve", f"{origin} -> {target}")
        def approve(callers: Callers, caller: Caller, origin: str = origin, target: str = target) -> PermissionAttempt:
            model, version = asked(callers, origin, target)
            return PermissionAttempt(
                "POST",
                f"{REQUESTS}/approve",
                {"name": model, "version": version, "stage": target, "archive_existing_versions": False},
                done=lambda: version_now(callers, model, version)["current_stage"] == target,
            )

        @case(to_move(origin, target), f"POST {REQUESTS}/reject", f"{origin} -> {target}")
        def reject(callers: Callers, caller: Caller, origin: str = origin, target: str = target) -> PermissionAttempt:
            model, version = asked(callers, origin, target)
            return PermissionAttempt(
                "POST",
                f"{REQUESTS}/reject",
                {"name": model, "version": version, "stage": target},
                done=lambda: not requests_now(callers, model, version),
            )


def asked(callers: Callers, origin: str, target: str) -> tuple[str, str]:
    """A version in a stage, with a request of the creator to move it."""
    model = shared(callers, "asked")
    version = callers.version(model, origin)
    callers.creator.post(f"{REQUESTS}/create", name=model, version=version, stage=target).ok()
    return model, version


_add_moves()
_add_requests()


@case(CANCEL_OWN, f"DELETE {REQUESTS}/delete")
def cancel_own(callers: Callers, caller: Caller) -> PermissionAttempt:
    model = shared(callers, "asked")
    version = callers.version(model)
    open_request(callers, caller, model, version, PRODUCTION)
    return cancellation(callers, model, version, callers.user_id(caller))


@case(CANCEL_OTHERS, f"DELETE {REQUESTS}/delete", "somebody else's")
def cancel_others(callers: Callers, caller: Caller) -> PermissionAttempt:
    model = shared(callers, "asked")
    version = callers.version(model)
    requester = somebody_but(caller)
    open_request(callers, requester, model, version, PRODUCTION)
    return cancellation(callers, model, version, requester.name)


def cancellation(callers: Callers, model: str, version: str, creator: str) -> PermissionAttempt:
    return PermissionAttempt(
        "DELETE",
        f"{REQUESTS}/delete",
        {"name": model, "version": version, "stage": PRODUCTION, "creator": creator},
        done=lambda: not requests_now(callers, model, version),
    )
