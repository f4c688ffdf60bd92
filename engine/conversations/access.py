"""What all routes of the Conversation and Async API share: who asks, for which conversation, and how answers go out."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import Depends, Path
from fastapi.security import APIKeyHeader, HTTPBearer
from starlette.requests import Request  # noqa: TC002 - FastAPI reads the annotation
from starlette.responses import Response

from engine.conversations.models import ConversationRow
from wire.tokens import Refusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from engine.auth import Tokens
    from engine.clock import Clock
    from engine.conversations.store import Store
    from engine.streaming.findings import InsightsFactory
    from wire.base import Shape

JSON: Final = "application/json"
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    400: {"model": Refusal, "description": "Something about the request is wrong; the message says what"},
    401: {"model": Refusal, "description": "The token is missing or bad"},
    413: {"model": Refusal, "description": "The body is too large"},
}
NOT_FOUND: Final[dict[int | str, dict[str, Any]]] = {
    404: {"model": Refusal, "description": "No such conversation, or not yours"},
}
_ON_THE_PAGE: Final = frozenset({"", "/messages", "/topics", "/questions", "/action-items", "/follow-ups"})
"""What the link to a meeting's page opens."""
_BEARER: Final = HTTPBearer(auto_error=False, description="A token of `POST /oauth2/token:generate`.")
_API_KEY: Final = APIKeyHeader(name="x-api-key", auto_error=False, description="The same token; deprecated by the service.")


class ShapeResponse(Response):
    """A shape of the wire as JSON, absent members left out."""

    media_type = JSON

    def __init__(self, shape: Shape, status_code: int = 200) -> None:
        super().__init__(shape.wire(), status_code)


@dataclass(frozen=True, slots=True)
class Archive:
    """What the routes work with; stands in `app.state.archive`."""

    store: Store
    tokens: Tokens
    clock: Clock
    insights: InsightsFactory
    discard: Callable[[str], Awaitable[None]]
    """Ends the streams and jobs of a conversation that is about to be deleted."""
    link_key: bytes
    """Signs the addresses of pages that need no token."""
    public_url: str
    """Where the engine is found from outside; empty where it is not."""
    link_seconds: int
    """How long the link to a meeting's page lives."""

    def signature(self, conversation_id: str, name: str) -> str:
        """What proves that a page's address was given out by this engine."""
        return hmac.new(self.link_key, f"page {conversation_id} {name}".encode(), hashlib.sha256).hexdigest()


def _archive(request: Request) -> Archive:
    archive: Archive = request.app.state.archive
    return archive


Kept = Annotated[Archive, Depends(_archive)]


def _application(
    request: Request, archive: Kept, _bearer: Annotated[object, Depends(_BEARER)], _key: Annotated[object, Depends(_API_KEY)]
) -> str:
    return archive.tokens.of_request(request)


Application = Annotated[str, Depends(_application)]
ConversationId = Annotated[str, Path(description="The 16 digits of the conversation.", max_length=64)]


async def _known(
    request: Request,
    conversation_id: ConversationId,
    archive: Kept,
    _bearer: Annotated[object, Depends(_BEARER)],
    _key: Annotated[object, Depends(_API_KEY)],
) -> ConversationRow:
    shown = request.method == "GET" and request.url.path.rpartition(conversation_id)[2] in _ON_THE_PAGE
    by_link = shown and "refresh" not in request.query_params
    app_id = archive.tokens.of_request(request, conversation_id if by_link else None)
    return await archive.store.conversation(archive.tokens.sees(app_id), conversation_id)


Known = Annotated[ConversationRow, Depends(_known)]
