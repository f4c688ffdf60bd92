"""Sound that waits to be sent: bounded, in order, with nothing dropped unsaid. No I/O."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from audio.pcm import BYTES_PER_SECOND, SAMPLE_BYTES
from bot.streaming.events import Dropped

JOIN = 0.1
"""Seconds: pieces that are dropped closer together than this are one loss."""

MOST_LOSSES = 100
"""Losses that are told apart; more become one with the last."""


@dataclass(frozen=True, slots=True)
class Piece:
    """Sound and when it was heard, in seconds on its owner's clock."""

    at: float
    pcm: bytes

    @property
    def until(self) -> float:
        """When it ends."""
        return self.at + len(self.pcm) / BYTES_PER_SECOND


class Outbox:
    """A queue of sound. When it is full the oldest goes: what is said now matters more than what was said a minute ago."""

    def __init__(self, limit: float) -> None:
        """`limit`: seconds of sound."""
        self._limit = int(limit * BYTES_PER_SECOND)
        self._pieces: deque[Piece] = deque()
        self._size = 0
        self._dropped: list[tuple[float, float]] = []

    def __len__(self) -> int:
        """Bytes that wait."""
        return self._size

    def put(self, piece: Piece) -> None:
        """Add to the end; empty pieces are nothing."""
        if not piece.pcm:
            return
        self._pieces.append(piece)
        self._size += len(piece.pcm)
        while self._size > self._limit:
            self._drop(self._pieces.popleft())

    def take(self, most: int) -> Piece | None:
        """The next frame: at most `most` bytes, whole samples, only sound that joins on to each other."""
        if not self._pieces:
            return None
        first = self._pieces.popleft()
        parts, size, until = [first.pcm], len(first.pcm), first.until
        while self._pieces and size < most and abs(self._pieces[0].at - until) < JOIN:
            following = self._pieces.popleft()
            parts.append(following.pcm)
            size += len(following.pcm)
            until = following.until
        pcm = b"".join(parts)
        self._size -= len(pcm)
        most -= most % SAMPLE_BYTES
        if len(pcm) > most:
            self.restore(Piece(first.at + most / BYTES_PER_SECOND, pcm[most:]))
        return Piece(first.at, pcm[:most])

    def restore(self, piece: Piece) -> None:
        """Put back to the front what could not be sent."""
        self._pieces.appendleft(piece)
        self._size += len(piece.pcm)

    def abandon(self) -> None:
        """Nothing more will be sent: what waits is lost."""
        while self._pieces:
            self._drop(self._pieces.popleft())

    def losses(self, reason: str) -> list[Dropped]:
        """What was lost since the last call, joined where it belongs together."""
        lost, self._dropped = self._dropped, []
        return [Dropped(begin, end - begin, reason) for begin, end in lost]

    def _drop(self, piece: Piece) -> None:
        self._size -= len(piece.pcm)
        if self._dropped and (abs(piece.at - self._dropped[-1][1]) < JOIN or len(self._dropped) >= MOST_LOSSES):
            self._dropped[-1] = (self._dropped[-1][0], piece.until)
        else:
            self._dropped.append((piece.at, piece.until))
