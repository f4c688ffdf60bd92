"""When a voice connection that looks alive is dead, and has to be made anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

CONNECT_WITHIN: Final = 45.0
"""Seconds that discord.py may take to find its own way back."""
READ_WITHIN: Final = 2.0
"""Seconds for which nobody may read the voice gateway (between two connections nobody does)."""
ENCRYPT_WITHIN: Final = 10.0
"""Seconds without end-to-end session while others are in the channel."""
WINDOW: Final = 10.0
"""Seconds over which failed decryptions are compared with frames that were heard."""
MANY_FAILURES: Final = 100


@dataclass(frozen=True, slots=True)
class Observation:
    """The state of the connection at one moment; the counters only ever grow."""

    connected: bool
    gateway_read: bool
    encrypted_ready: bool
    others: int
    heard: int = 0
    undecryptable: int = 0


class Watchdog:
    """Looks at the connection about twice a second."""

    def __init__(self, now: float) -> None:
        self._since: dict[str, float] = {}
        self.reset(now)

    def reset(self, now: float) -> None:
        """A new connection was made."""
        self._since.clear()
        self._window = now
        self._heard: int | None = None
        self._undecryptable = 0

    def check(self, now: float, seen: Observation) -> str | None:
        """Why the connection must be made anew; None while it is well, or may yet become so."""
        troubles = (
            ("it was not connected", not seen.connected, CONNECT_WITHIN),
            ("nobody read the voice gateway", seen.connected and not seen.gateway_read, READ_WITHIN),
            (
                "its encryption was not established",
                seen.connected and bool(seen.others) and not seen.encrypted_ready,
                ENCRYPT_WITHIN,
            ),
        )
        for name, troubled, patience in troubles:
            since = self._since.setdefault(name, now)
            if not troubled:
                del self._since[name]
            elif now - since >= patience:
                return f"{name} for {now - since:.0f} s"
        return self._deaf(now, seen)

    def _deaf(self, now: float, seen: Observation) -> str | None:
        """Most frames cannot be decrypted."""
        if self._heard is not None and now - self._window < WINDOW:
            return None
        heard = seen.heard - (self._heard if self._heard is not None else seen.heard)
        failed = seen.undecryptable - (self._undecryptable if self._heard is not None else seen.undecryptable)
        self._window, self._heard, self._undecryptable = now, seen.heard, seen.undecryptable
        if failed >= MANY_FAILURES and failed > heard:
            return f"{failed} of {failed + heard} frames could not be decrypted within {WINDOW:.0f} s"
        return None
