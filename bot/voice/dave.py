"""DAVE, Discord's end-to-end encryption of voice: frames are opened with the group's session of the moment."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final, Protocol

import davey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SILENCE: Final = b"\xf8\xff\xfe"
"""The frame that clients send at the end of speech. It is never encrypted, so it says nothing about its sender."""
MARKER: Final = b"\xfa\xfa"
"""The last two bytes of every encrypted frame."""

_AUDIO: Final = davey.MediaType.audio


class Session(Protocol):
    """What is used of `davey.DaveSession`."""

    @property
    def ready(self) -> bool:
        """The group is established and its keys are known."""

    def get_user_ids(self) -> list[str]:
        """The members of the group, the bot among them."""

    def decrypt(self, user_id: int, media_type: davey.MediaType, packet: bytes) -> bytes:
        """Open a frame of a member. Refuses a frame that was opened before."""


class Failure(Enum):
    """Why a frame could not be opened."""

    UNKNOWN_USER = "its sender is not a member of the encrypted group"
    UNDECRYPTABLE = "it could not be decrypted"
    NOT_ENCRYPTED = "it was not encrypted though the call is"


class FrameCipher:
    """Opens each frame exactly once, when it comes: a session refuses a frame that it has opened before.

    Args:
        session: gives the session now, or None. Asked for every frame: it is replaced when the group is made anew.
        required: says whether the call is encrypted end to end now.
    """

    __slots__ = ("_required", "_session")

    def __init__(self, session: Callable[[], Session | None], required: Callable[[], bool]) -> None:
        self._session = session
        self._required = required

    @property
    def ready(self) -> bool:
        """Frames can be opened now."""
        if not self._required():
            return True
        session = self._session()
        return session is not None and session.ready

    def open(self, user_id: int, frame: bytes) -> bytes | Failure:
        """The Opus packet in a frame of this person."""
        if frame == SILENCE:
            return frame
        if not self._required() and not frame.endswith(MARKER):
            return frame
        session = self._session()
        if session is None:
            return Failure.UNDECRYPTABLE
        try:
            return session.decrypt(user_id, _AUDIO, frame)
        except ValueError as error:
            return _classified(error)

    def owner(self, frame: bytes, candidates: Iterable[int]) -> tuple[int, bytes] | None:
        """Whose frame it is, found by trying to open it, and the Opus packet in it.

        Only an encrypted frame proves its sender. The frame is then used up: it must not be opened again.
        """
        session = self._session()
        if session is None or not session.ready or not frame.endswith(MARKER):
            return None
        for user_id in candidates:
            try:
                opus = session.decrypt(user_id, _AUDIO, frame)
            except ValueError:  # not this person's: the next one is tried
                continue
            if len(opus) < len(frame):
                return user_id, opus
        return None

    def members(self) -> list[int]:
        """The people in the encrypted group now, the bot among them."""
        session = self._session()
        return [int(user_id) for user_id in session.get_user_ids()] if session is not None else []


def _classified(error: ValueError) -> Failure:
    text = str(error)
    if "NoDecryptorForUser" in text:
        return Failure.UNKNOWN_USER
    if "UnencryptedWhenPassthroughDisabled" in text:
        return Failure.NOT_ENCRYPTED
    return Failure.UNDECRYPTABLE
