"""A bound on what a request may send before anything reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.exceptions import HTTPException

from wire.jobs import PROCESS_PATH
from wire.tokens import TOKEN_PATH

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY: Final = 4 << 20
"""Bytes of a REST body: 20,000 speaker events."""
MAX_TOKEN_BODY: Final = 65_536
"""Bytes from somebody who has no token yet."""
MAX_TEXT_BODY: Final = 16 << 20
"""Bytes of a job of text."""


def most_of(path: str) -> int | None:
    """How many bytes a request to an address may send."""
    if path == TOKEN_PATH:
        return MAX_TOKEN_BODY
    media = path.removeprefix(f"{PROCESS_PATH}/").split("/")
    if path.startswith(PROCESS_PATH) and media[0] in {"audio", "video"} and media[1:2] != ["url"]:
        return None  # a file: the spool bounds it
    return MAX_TEXT_BODY if path.startswith(f"{PROCESS_PATH}/text") else MAX_BODY


class BodyLimit:
    """ASGI middleware that answers 413 once more than `most(path)` bytes have come; None is no bound here."""

    def __init__(self, app: ASGIApp, most: Callable[[str], int | None]) -> None:
        self._app = app
        self._most = most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, counting."""
        most = self._most(scope["path"]) if scope["type"] == "http" else None
        if most is None:
            await self._app(scope, receive, send)
            return
        seen = 0

        async def counted() -> Message:
            nonlocal seen
            message = await receive()
            seen += len(message.get("body", b""))
            if seen > most:
                raise HTTPException(413, f"The body is larger than {most} bytes")
            return message

        await self._app(scope, counted, send)
