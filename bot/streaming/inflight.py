"""Sound that is with the engine and not yet words: kept in case the engine dies, and to know when it was spoken. No I/O."""

from __future__ import annotations

from bisect import bisect_right
from collections import deque

from audio.pcm import BYTES_PER_SECOND, SAMPLE_BYTES, SAMPLE_RATE
from bot.streaming.outbox import Piece

KEPT = 30.0
"""Seconds of sound: no utterance is longer."""
SAME = 0.005
"""Seconds: a piece that follows this closely on the one before it goes on with it."""
WORTH_MAPPING = 1.0
"""Seconds: sound that was held for a shorter time keeps the engine's times."""


class InFlight:
    """What was sent on the connection of the moment.

    The engine takes its times from the moment at which sound arrives. Sound that was held while the engine was away arrives all
    at once, so its times are translated back with `heard_at`.
    """

    def __init__(self) -> None:
        self._unconfirmed: deque[Piece] = deque()
        self._size = 0.0
        self._first_at: float | None = None
        self._began = 0.0
        self._catching_up = True
        self._places: list[float] = []
        self._ats: list[float] = []
        self._place = 0.0

    def begin(self) -> None:
        """A new connection: the engine counts from its first sound."""
        self._unconfirmed.clear()
        self._size = 0.0
        self._first_at = None
        self._catching_up = True
        self._places, self._ats, self._place = [], [], 0.0

    def sent(self, piece: Piece, now: float, *, more: bool) -> None:
        """A piece went out at `now`, seconds on the wall clock; `more`: others were waiting behind it."""
        length = len(piece.pcm) / BYTES_PER_SECOND
        if self._first_at is None:
            self._first_at, self._began = piece.at, now - length
        if self._catching_up:
            if not self._places or abs(self._at(self._place) - piece.at) > SAME:
                self._places.append(self._place)
                self._ats.append(piece.at)
            self._place += length
            self._catching_up = more
        self._unconfirmed.append(piece)
        self._size += length
        while self._size > KEPT:
            self._size -= len(self._unconfirmed.popleft().pcm) / BYTES_PER_SECOND

    def recognised(self, end: float | None) -> None:
        """An utterance is final; `end` in seconds since the first sound of this connection, None when the engine does not say."""
        if end is None or self._first_at is None:
            self._unconfirmed.clear()
            self._size = 0.0
            return
        done = self.spoken_at(end)
        while self._unconfirmed and self._unconfirmed[0].at < done:
            piece = self._unconfirmed.popleft()
            left = piece.pcm[round((done - piece.at) * SAMPLE_RATE) * SAMPLE_BYTES :]
            self._size -= (len(piece.pcm) - len(left)) / BYTES_PER_SECOND
            if left:
                self._unconfirmed.appendleft(Piece(done, left))

    def spoken_at(self, place: float) -> float:
        """The `at` of what lies `place` seconds behind the first sound of this connection."""
        return self._at(place) if place < self._place else (self._first_at or 0.0) + place

    def take(self) -> list[Piece]:
        """What has not become words yet, oldest first; it is forgotten here."""
        pieces = list(self._unconfirmed)
        self._unconfirmed.clear()
        self._size = 0.0
        return pieces

    def heard_at(self, now: float) -> float | None:
        """The `at` of held sound to which the engine gives this time on the wall clock; None for all other sound."""
        place = now - self._began
        if self._first_at is None or self._place < WORTH_MAPPING or not -0.5 <= place <= self._place + 0.5:
            return None
        return self._at(place)

    def _at(self, place: float) -> float:
        index = max(0, bisect_right(self._places, place) - 1)
        return self._ats[index] + place - self._places[index]
