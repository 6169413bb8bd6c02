"""Cases of comments."""

from tests.server.callers import Caller, Callers
from tests.server.permission_case import (
    COMMENT,
    COMMENTS,
    DELETE_OTHERS_COMMENT,
    DELETE_OWN_COMMENT,
    EDIT_OTHERS_COMMENT,
    EDIT_OWN_COMMENT,
    PermissionAttempt,
    case,
    comments_now,
    model_now,
    open_comment,
    shared,
    somebody_but,
)


@case(COMMENT, f"POST {COMMENTS}/create")
def comment(callers: Callers, caller: Caller) -> PermissionAttempt:
    model, version = talked_about(callers)
    words = callers.new_name("words")
    return PermissionAttempt(
        "POST",
        f"{COMMENTS}/create",
        {"name": model, "version": version, "comment": words},
        done=lambda: words in comments_now(callers, model, version).values(),
    )


def talked_about(callers: Callers) -> tuple[str, str]:
    model = shared(callers, "talked")
    if not model_now(callers, model).get("latest_versions"):
        callers.version(model)
    return model, callers.version(model)


def _add_comments() -> None:
    for mine in (True, False):

        @case(
            EDIT_OWN_COMMENT if mine else EDIT_OTHERS_COMMENT, f"PATCH {COMMENTS}/update", "" if mine else "another's"
        )
        def edit(callers: Callers, caller: Caller, mine: bool = mine) -> PermissionAttempt:
            model, version = talked_about(callers)
            identifier = open_comment(callers, caller if mine else somebody_but(caller), model, version)
            words = callers.new_name("words")
            return PermissionAttempt(
                "PATCH",
                f"{COMMENTS}/update",
                {"id": identifier, "comment": words},
                done=lambda: comments_now(callers, model, version)[identifier] == words,
            )

        @case(
            DELETE_OWN_COMMENT if mine else DELETE_OTHERS_COMMENT,
            f"DELETE {COMMENTS}/delete",
            "" if mine else "another's",
        )
        def delete(callers: Callers, caller: Caller, mine: bool = mine) -> PermissionAttempt:
            model, version = talked_about(callers)
            identifier = open_comment(callers, caller if mine else somebody_but(caller), model, version)
            return PermissionAttempt(
                "DELETE",
                f"{COMMENTS}/delete",
                {"id": identifier},
                done=lambda: identifier not in comments_now(callers, model, version),
            )


_add_comments()
