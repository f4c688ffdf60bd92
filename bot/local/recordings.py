"""Files as speakers on one clock: which tracks they hold, and their sound in step, with bounded memory."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from audio.errors import AudioError
from audio.files import channels_alike, describe, stream_channels, stream_pcm
from audio.pcm import seconds
from bot.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Generator, Sequence
    from pathlib import Path

BLOCK = 0.5
"""Seconds of sound that are read at once."""
MOST_SPEAKERS = 32


class UnreadableRecording(RefusedError):
    """A file is not there, holds no sound, or is broken."""


@dataclass(frozen=True, slots=True)
class Recording:
    """One file. `split`: each of its channels is a speaker; else they are mixed into one."""

    path: Path
    channels: int
    split: bool
    seconds: float | None

    @property
    def speakers(self) -> int:
        """How many people it stands for."""
        return self.channels if self.split else 1


@dataclass(frozen=True, slots=True)
class Piece:
    """Sound of one speaker, 16 kHz mono LINEAR16, that begins `at` seconds."""

    speaker: int
    pcm: bytes
    at: float


def look_at(paths: Sequence[Path], *, split: bool | None) -> list[Recording]:
    """What the files hold; `split` None tells by listening whether channels are different people. Raises `UnreadableRecording`."""
    found = []
    for path in paths:
        try:
            info = describe(path)
            apart = info.channels > 1 and (split if split is not None else not channels_alike(path))
        except AudioError as error:
            raise UnreadableRecording(str(error)) from error
        found.append(Recording(path, info.channels, apart, info.seconds))
    count = sum(recording.speakers for recording in found)
    if count > MOST_SPEAKERS:
        raise RefusedError(f"These files hold {count} channels; at most {MOST_SPEAKERS} speakers can be told apart: take --mix.")
    return found


def speaker_names(recordings: Sequence[Recording], given: Sequence[str]) -> list[str]:
    """The names that were given, in order; then a file's own name where several files are one speaker each, else numbers.

    Raises `RefusedError` when more names were given than there are speakers.
    """
    count = sum(recording.speakers for recording in recordings)
    if len(given) > count:
        raise RefusedError(f"{len(given)} names were given for {count} speaker{'s' if count != 1 else ''}: leave some out.")
    names: list[str] = []
    for recording in recordings:
        if len(recordings) > 1:
            stem = _spoken(recording.path.stem)
            names += [f"{stem} {number}" for number in range(1, recording.speakers + 1)] if recording.split else [stem]
        else:
            names += [f"Speaker {number}" for number in range(1, recording.speakers + 1)]
    return [*given, *names[len(given) :]]


def _spoken(stem: str) -> str:
    """A file's name as a person's: `ana_maria` is Ana Maria."""
    name = stem.replace("_", " ").strip()
    return name.title() if name.islower() else name or stem


async def in_step(recordings: Sequence[Recording]) -> AsyncIterator[Piece]:
    """The sound of all speakers, none of them more than a block ahead of another. Raises `UnreadableRecording`."""
    first = 0
    tracks: list[_Track] = []
    for recording in recordings:
        tracks.append(_Track(recording, first))
        first += recording.speakers
    try:
        while tracks:
            track = min(tracks, key=lambda one: one.at)
            pieces = await asyncio.to_thread(track.read)
            if not pieces:
                tracks.remove(track)
            for piece in pieces:
                yield piece
    finally:
        for track in tracks:
            track.close()


class _Track:
    """One file while it is read; `first` is the index of its first speaker."""

    def __init__(self, recording: Recording, first: int) -> None:
        self._first = first
        self._path = recording.path
        self._blocks = _split(recording.path) if recording.split else _mixed(recording.path)
        self.at = 0.0

    def read(self) -> list[Piece]:
        """The next block of each speaker; none at the end."""
        parts: list[list[bytes]] = []
        length = 0.0
        try:
            while length < BLOCK and (block := next(self._blocks, None)) is not None:
                parts.append(block)
                length += seconds(block[0])
        except AudioError as error:
            raise UnreadableRecording(str(error)) from error
        joined = [b"".join(channel) for channel in zip(*parts, strict=True)]
        pieces = [Piece(self._first + index, pcm, self.at) for index, pcm in enumerate(joined)]
        self.at += length
        return pieces

    def close(self) -> None:
        """Let go of the file."""
        self._blocks.close()


def _split(path: Path) -> Generator[list[bytes]]:
    yield from stream_channels(path)


def _mixed(path: Path) -> Generator[list[bytes]]:
    for block in stream_pcm(path):
        yield [block]
