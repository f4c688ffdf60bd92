"""A recorded meeting, and people who play it in a voice channel on one clock."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from audio.errors import AudioError
from audio.files import read_pcm
from sandbox.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from os import PathLike

    import numpy as np
    from numpy.typing import NDArray

    from sandbox.voice.server import VoiceServer

LEAD_IN = 0.5
"""Seconds from the moment when everybody is there to the first turn."""
_ARRIVAL = 2.0
"""Who joins late comes so many seconds before their first turn."""
_GOODBYE = 0.4
"""Who leaves early goes so many seconds after the last voiced sample of their last turn."""


@dataclass(frozen=True, slots=True)
class Turn:
    """Something that one person says; `start` and `end` are seconds from the meeting's beginning."""

    number: int
    speaker: str
    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True)
class Meeting:
    """A script and one recording a speaker, all on the same clock."""

    title: str
    names: Mapping[str, str]
    """Speaker to display name."""
    turns: tuple[Turn, ...]
    rate: int
    tracks: Mapping[str, NDArray[np.int16]]
    """Speaker to mono samples at `rate`."""

    @classmethod
    def load(cls, folder: str | PathLike[str]) -> Self:
        """Read `meeting.json` and one FLAC a speaker; raises SandboxError that names what is wrong."""
        script = Path(folder) / "meeting.json"
        try:
            data = json.loads(script.read_text(encoding="utf-8"))
            names, rate = dict(data["names"]), int(data["sample_rate"])
            turns = tuple(
                Turn(int(t["n"]), str(t["speaker"]), float(t["start"]), float(t["end"]), str(t["text"])) for t in data["turns"]
            )
            tracks = {speaker: read_pcm(script.with_name(f"{speaker}.flac"), rate=rate) for speaker in names}
        except (OSError, AudioError) as error:
            raise SandboxError(f"The meeting in {folder} cannot be read: {error}") from error
        except (KeyError, TypeError, ValueError) as error:
            raise SandboxError(f"{script} is no meeting (title, names, sample_rate, turns): {error!r}") from error
        strangers = {turn.speaker for turn in turns} - set(names)
        if strangers:
            raise SandboxError(f"{script} has turns of {', '.join(sorted(strangers))}, who are not among its names.")
        return cls(str(data.get("title", script.parent.name)), names, turns, rate, tracks)

    def sound(self, turn: Turn) -> NDArray[np.int16]:
        """The samples of one turn."""
        return self.tracks[turn.speaker][round(turn.start * self.rate) : round(turn.end * self.rate)]


async def play(
    meeting: Meeting,
    voice: VoiceServer,
    channel_id: int,
    user_ids: Mapping[str, int],
    *,
    from_turn: int = 0,
    to_turn: int | None = None,
    join_late: Mapping[str, int] | None = None,
    leave_early: Mapping[str, int] | None = None,
    join: Callable[[int], Awaitable[None]] | None = None,
    leave: Callable[[int], Awaitable[None]] | None = None,
) -> None:
    """Play a meeting in real time; returns when the last voiced sample has been sent. Nobody but `leave_early` leaves.

    Args:
        meeting: what is said.
        voice: where.
        channel_id: the voice channel.
        user_ids: speaker to user id.
        from_turn: number of the first turn that is played; the clock begins there.
        to_turn: number of the first turn that is not played any more; None plays to the end.
        join_late: speaker to the first turn for which they are there; they do not say the ones before.
        leave_early: speaker to the last turn for which they are there; they do not say the ones behind.
        join: brings a user into the channel (default: `voice.join`); called for those who are not there yet.
        leave: takes a user out of it (default: `voice.leave`).
    """
    cast = _cast(meeting, from_turn, to_turn, join_late or {}, leave_early or {})
    missing = cast.keys() - user_ids.keys()
    if missing or not cast:
        raise SandboxError(f"There is no user for {', '.join(sorted(missing))}." if missing else "There is no turn to play.")

    async def come(user_id: int) -> None:
        if voice.channel_of(user_id) != channel_id:
            await (join(user_id) if join else voice.join(channel_id, user_id))

    async def go(user_id: int) -> None:
        await (leave(user_id) if leave else voice.leave(user_id))

    for speaker, part in cast.items():
        if not part.late:
            await come(user_ids[speaker])
    begin = asyncio.get_running_loop().time() + LEAD_IN - min(part.turns[0].start for part in cast.values())
    async with asyncio.TaskGroup() as group:
        for speaker, part in cast.items():
            group.create_task(_perform(meeting, voice, user_ids[speaker], part, begin, come, go))


@dataclass(frozen=True, slots=True)
class _Part:
    turns: tuple[Turn, ...]
    late: bool
    early: bool


def _cast(
    meeting: Meeting, from_turn: int, to_turn: int | None, join_late: Mapping[str, int], leave_early: Mapping[str, int]
) -> dict[str, _Part]:
    """Who says what; speakers with nothing to say are left out."""
    played: dict[str, list[Turn]] = {}
    for turn in meeting.turns:
        first = max(from_turn, join_late.get(turn.speaker, 0))
        last = leave_early.get(turn.speaker, turn.number)
        if first <= turn.number <= last and (to_turn is None or turn.number < to_turn):
            played.setdefault(turn.speaker, []).append(turn)
    return {name: _Part(tuple(turns), name in join_late, name in leave_early) for name, turns in played.items()}


async def _perform(
    meeting: Meeting,
    voice: VoiceServer,
    user_id: int,
    part: _Part,
    begin: float,
    come: Callable[[int], Awaitable[None]],
    go: Callable[[int], Awaitable[None]],
) -> None:
    """One person's part; second 0 of the meeting is at `begin` on the event loop's clock."""
    if part.late:
        await asyncio.sleep(begin + part.turns[0].start - _ARRIVAL - asyncio.get_running_loop().time())
        await come(user_id)
    for turn in part.turns:
        await voice.say(user_id, meeting.sound(turn), meeting.rate, start=begin + turn.start)
        voice.log.record("people.turn", number=turn.number, speaker=turn.speaker, user_id=user_id)
    if part.early:
        await asyncio.sleep(_GOODBYE)
        await go(user_id)
