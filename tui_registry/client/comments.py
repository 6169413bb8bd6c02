"""Calls about the comments on a version."""

from tui_registry.client.transport import Transport
from tui_registry_server.wire.comment import Comment, CommentAnswer, CommentList
from tui_registry_server.wire.fields import Nothing

COMMENTS = "/mlflow/comments"


class Comments:
    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    async def of_version(self, name: str, version: str) -> list[Comment]:
        """Oldest first."""
        comments: list[Comment] = []
        token: str | None = ""
        while token is not None:
            page = await self._transport.get(
                f"{COMMENTS}/list", CommentList, name=name, version=version, page_token=token
            )
            comments += page.comments
            token = page.next_page_token or None
        return comments

    async def create(self, name: str, version: str, text: str) -> Comment:
        answer = await self._transport.send(
            "POST", f"{COMMENTS}/create", CommentAnswer, name=name, version=version, comment=text
        )
        return answer.comment

    async def update(self, id: str, text: str) -> Comment:  # noqa: A002  # the wire's name
        answer = await self._transport.send("PATCH", f"{COMMENTS}/update", CommentAnswer, id=id, comment=text)
        return answer.comment

    async def delete(self, id: str) -> None:  # noqa: A002  # the wire's name
        await self._transport.send("DELETE", f"{COMMENTS}/delete", Nothing, id=id)
