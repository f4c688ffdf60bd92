"""The seam between hearing and the library that holds the voice connection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.voice.dave import Session


class Line(Protocol):
    """One voice connection. What it gives changes with every reconnect and every epoch: ask it each time, keep nothing."""

    @property
    def connected(self) -> bool:
        """Packets can come."""

    @property
    def gateway_read(self) -> bool:
        """Somebody reads the voice gateway; without that the keys grow old in silence."""

    def key(self) -> Sequence[int] | None:
        """The transport key now."""

    def session(self) -> Session | None:
        """The end-to-end session now."""

    def encrypted(self) -> bool:
        """The call is encrypted end to end now."""

    def people(self) -> Mapping[int, bool]:
        """The others in the voice channel now; True: a bot."""

    def send_silence(self) -> None:
        """Send one silence frame, if connected: it keeps the UDP route open."""

    async def hang_up(self) -> None:
        """Leave the channel and free everything. Never raises."""


class Handler(Protocol):
    """What a line calls. `packet` is called on a thread of the line's own, the others on the event loop."""

    def packet(self, data: bytes) -> None:
        """A datagram came. Never raises, never waits."""

    def gateway(self, op: int, data: Mapping[str, object]) -> None:
        """The voice gateway said something in JSON."""

    def people_changed(self) -> None:
        """Somebody came or went: ask `Line.people`."""

    def down(self, reason: str) -> None:
        """The connection was lost; the line makes a new one by itself."""

    def up(self) -> None:
        """The connection is made."""

    def broken(self, reason: str) -> None:
        """The line cannot be used any more: a new one is needed."""

    def ended(self, reason: str) -> None:
        """The bot was sent away, or the channel is gone: nobody wants a new line."""
