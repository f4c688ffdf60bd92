"""What the sandbox needs from its voice server, as a type: tests of everything else bring a silent one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class VoiceRooms(Protocol):
    """A voice server: bots are admitted to it by the gateway, people come and go and speak."""

    @property
    def endpoint(self) -> str:
        """`host:port`, as VOICE_SERVER_UPDATE names it."""

    async def start(self, host: str = "127.0.0.1") -> None:
        """Listen on free ports."""

    async def stop(self) -> None:
        """Close every connection."""

    def admit(self, *, guild_id: int, channel_id: int, user_id: int, session_id: str, token: str) -> None:
        """From now on a bot may connect with this session and token."""

    async def dismiss(self, user_id: int) -> None:
        """Close the connection of a bot that left or was moved (4014)."""

    async def join(self, channel_id: int, user_id: int) -> None:
        """A person comes in."""

    async def leave(self, user_id: int) -> None:
        """A person goes."""

    async def say(self, user_id: int, pcm: NDArray[np.int16], rate: int) -> None:
        """A person speaks, in real time: mono samples at 16 or 48 kHz. Returns when they have finished."""
