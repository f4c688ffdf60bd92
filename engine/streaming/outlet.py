"""The way out to one socket: a bounded queue, so that a slow socket holds up nobody else."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from typing import TYPE_CHECKING, Final

from starlette.websockets import WebSocketDisconnect

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

_logger = logging.getLogger(__name__)

MAX_FRAMES: Final = 2_000
MAX_CHARACTERS: Final = 4_000_000
CLOSE_SECONDS: Final = 10.0
"""How long a socket that does not read may take to accept the close frame."""
NORMAL: Final = 1000
TOO_SLOW: Final = 1008
RESTART: Final = 1012


class Outlet:
    """Frames wait here in order until the socket takes them."""

    def __init__(self, websocket: WebSocket) -> None:
        self._websocket = websocket
        self._frames: deque[str] = deque()
        self._characters = 0
        self._news = asyncio.Event()
        self._closing = asyncio.Event()
        self._close: tuple[int, str] | None = None

    @property
    def closing(self) -> bool:
        """Whether nothing more will be taken."""
        return self._close is not None

    def send(self, frame: str) -> None:
        """Put a frame behind the others. Past the bounds the socket is closed instead."""
        if self._close is not None:
            return
        self._frames.append(frame)
        self._characters += len(frame)
        if len(self._frames) > MAX_FRAMES or self._characters > MAX_CHARACTERS:
            _logger.warning("A socket did not keep up: %d frames were waiting, and it is closed.", len(self._frames))
            self._frames.clear()
            self.close(TOO_SLOW, "This socket did not keep up with what it was sent.")
        self._news.set()

    def close(self, code: int = NORMAL, reason: str = "") -> None:
        """Close the socket once all that waits has been sent."""
        if self._close is None:
            self._close = (code, reason)
            self._news.set()
            self._closing.set()

    async def run(self) -> bool:
        """Send until closed, or until the client is gone. False: the socket takes nothing any more and must be dropped."""
        writer = asyncio.create_task(self._run())
        closing = asyncio.create_task(self._closing.wait())
        try:
            await asyncio.wait({writer, closing}, return_when=asyncio.FIRST_COMPLETED)
            await asyncio.wait({writer}, timeout=CLOSE_SECONDS)
            return writer.done()
        finally:
            for task in (writer, closing):
                task.cancel()
            await asyncio.gather(writer, closing, return_exceptions=True)

    async def _run(self) -> None:
        try:
            while self._frames or self._close is None:
                while self._frames:
                    frame = self._frames.popleft()
                    self._characters -= len(frame)
                    await self._websocket.send_text(frame)
                if self._close is None:
                    self._news.clear()
                    await self._news.wait()
            await self._websocket.close(*self._close)
        except WebSocketDisconnect:  # the client is gone; the reader learns it as well
            self._frames.clear()
            self.close()
