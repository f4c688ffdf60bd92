"""Notices when the bot looks fine and hears nothing, or when it may go home. No I/O; times are seconds since the meeting began."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bot.voice.events import VoiceHealth

LINK_PATIENCE = 15.0
"""Seconds without a connection after which people are told while it lasts."""
DEAF_AFTER = 120.0
"""Seconds of sound that cannot be decrypted, and nothing heard, after which people are told."""


class Outage:
    """A connection that breaks and comes back: told once while it lasts too long, and once when it is over."""

    def __init__(self, what: str) -> None:
        self._what = what
        self._since: float | None = None
        self._told = False

    @property
    def is_open(self) -> bool:
        """It is down now."""
        return self._since is not None

    def began(self, now: float) -> None:
        """The connection broke; more of the same changes nothing."""
        if self._since is None:
            self._since, self._told = now, False

    def ended(self, now: float) -> str | None:
        """It is back: what to tell."""
        if self._since is None:
            return None
        away, self._since = now - self._since, None
        return f"{self._what} is back after {away:.0f} s." if self._told else f"{self._what} was lost for {away:.1f} s."

    def tick(self, now: float) -> str | None:
        """What to tell while it lasts."""
        if self._since is None or self._told or now - self._since < LINK_PATIENCE:
            return None
        self._told = True
        return f"{self._what} has been lost for {now - self._since:.0f} s; I keep trying to get it back."


class DeafnessWatch:
    """People are there, their packets come in, and not one can be read."""

    def __init__(self) -> None:
        self._quiet_since = 0.0
        self._unreadable_before: int | None = None
        self._lost = False
        self._told = False

    def heard(self, now: float) -> str | None:
        """Speech was heard: what to tell if people were told otherwise."""
        self._quiet_since = now
        self._unreadable_before, self._lost = None, False
        told, self._told = self._told, False
        return "I can hear again." if told else None

    def lost(self) -> None:
        """Sound came and was lost."""
        self._lost = True

    def tick(self, now: float, health: VoiceHealth) -> str | None:
        """What to tell."""
        counted = health.bad_packets + health.dropped_packets + sum(speaker.undecryptable for speaker in health.speakers)
        unreadable = counted + health.unknown_ssrcs
        if self._unreadable_before is None:
            self._unreadable_before = unreadable
        came = self._lost or unreadable > self._unreadable_before
        if self._told or not came or not health.people or now - self._quiet_since < DEAF_AFTER:
            return None
        self._told = True
        return (
            f"People are talking and I could not decrypt anything for {now - self._quiet_since:.0f} s: "
            "nothing is being transcribed. Stop the meeting and start it again, or let everybody leave the channel and rejoin."
        )


class LonelinessWatch:
    """Nobody is left in the channel."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since: float | None = None

    def tick(self, now: float, people: int) -> bool:
        """True when the meeting may end."""
        if people:
            self._since = None
            return False
        if self._since is None:
            self._since = now
        return now - self._since >= self._patience
