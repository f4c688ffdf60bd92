"""What the voice gateway's JSON messages tell about whose SSRC is whose (https://discord.com/developers/docs/topics/voice-connections)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bot.voice.events import Lost
    from bot.voice.unseal import Frame, Unsealer

log = logging.getLogger(__name__)

READY: Final = 2
SESSION_DESCRIPTION: Final = 4
SPEAKING: Final = 5
CLIENTS_CONNECT: Final = 11
VIDEO: Final = 12
CLIENT_DISCONNECT: Final = 13

_MICROPHONE = 1
_SOUNDSHARE = 2


def apply(op: int, data: Mapping[str, object], unsealer: Unsealer, now: float) -> Sequence[Frame | Lost]:
    """Tell the unsealer; gives out what it could not give out before. A message that cannot be read is left alone."""
    try:
        if op == READY:
            return unsealer.session_began(now)
        if op == SPEAKING:
            if _number(data, "speaking") & (_SOUNDSHARE | _MICROPHONE) == _SOUNDSHARE:  # the sound of a shared screen
                unsealer.ignore(_number(data, "ssrc"))
                return ()
            return unsealer.speaking(_number(data, "user_id"), _number(data, "ssrc"), now)
        if op == VIDEO:
            for name in ("video_ssrc", "rtx_ssrc"):
                unsealer.ignore(_number(data, name))
            return unsealer.speaking(_number(data, "user_id"), _number(data, "audio_ssrc"), now)
        if op == CLIENT_DISCONNECT:
            unsealer.left(_number(data, "user_id"))
    except (TypeError, ValueError):
        log.warning("a message of the voice gateway could not be read: op %s, fields %s", op, sorted(data))
    return ()


def _number(data: Mapping[str, object], name: str) -> int:
    """A field as a number; ids come as strings. 0 if it is not there. Raises TypeError or ValueError if it is no number."""
    value = data.get(name, 0)
    if not isinstance(value, int | str):
        raise TypeError(f"{name} is no number")
    return int(value)
