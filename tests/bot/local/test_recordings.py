from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from audio.pcm import seconds
from bot.errors import RefusedError
from bot.local.recordings import BLOCK, Recording, UnreadableRecording, in_step, look_at, speaker_names
from tests.bot.local.sounds import levels, write_wav

if TYPE_CHECKING:
    from bot.local.recordings import Piece


async def pieces(*recordings: Recording) -> list[Piece]:
    return [piece async for piece in in_step(recordings)]


def test_channels_of_different_people_are_told_apart_by_listening(tmp_path: Path) -> None:
    turns = np.stack([levels(1, 0, 3, 0), levels(0, 2, 0, 4)], axis=1)
    same = np.stack([levels(1, 0, 3, 0)] * 2, axis=1)
    paths = [write_wav(tmp_path / "turns.wav", turns), write_wav(tmp_path / "same.wav", same)]
    assert [recording.speakers for recording in look_at(paths, split=None)] == [2, 1]
    assert [recording.speakers for recording in look_at(paths, split=True)] == [2, 2]
    assert [recording.speakers for recording in look_at(paths, split=False)] == [1, 1]


def test_files_that_cannot_be_read_are_named_before_anything_begins(tmp_path: Path) -> None:
    with pytest.raises(UnreadableRecording, match=r"missing\.wav"):
        look_at([write_wav(tmp_path / "a.wav", levels(1)), tmp_path / "missing.wav"], split=None)


def test_more_channels_than_can_be_told_apart_are_refused(tmp_path: Path) -> None:
    path = write_wav(tmp_path / "a.wav", np.stack([levels(1)] * 8, axis=1))
    with pytest.raises(RefusedError, match=r"40 channels.*--mix"):
        look_at([path] * 5, split=True)


@pytest.mark.parametrize(
    ("files", "given", "names"),
    [
        ([1], [], ["Speaker 1"]),
        ([2], ["Ana"], ["Ana", "Speaker 2"]),
        ([1, 1], [], ["Ana Maria", "DJ Bob"]),
        ([2, 1], ["Ann"], ["Ann", "Ana Maria 2", "DJ Bob"]),
    ],
)
def test_who_is_called_what(files: list[int], given: list[str], names: list[str]) -> None:
    paths = [Path("ana_maria.flac"), Path("DJ Bob.flac")]
    recordings = [Recording(path, count, count > 1, 1.0) for path, count in zip(paths, files, strict=False)]
    assert speaker_names(recordings, given) == names


def test_too_many_names_are_refused() -> None:
    with pytest.raises(RefusedError, match="2 names were given for 1 speaker:"):
        speaker_names([Recording(Path("a.wav"), 1, split=False, seconds=1.0)], ["Ana", "Bob"])


async def test_speakers_come_in_step_and_whole(tmp_path: Path) -> None:
    two = np.stack([levels(1, 2, 3), levels(4, 5, 6)], axis=1)
    short = levels(7)
    first, second = write_wav(tmp_path / "two.wav", two, 48_000), write_wav(tmp_path / "short.wav", short)
    found = await pieces(Recording(first, 2, split=True, seconds=None), Recording(second, 1, split=False, seconds=None))
    reached = [0.0, 0.0, 0.0]
    sound = [b"", b"", b""]
    for piece in found:
        assert piece.at == pytest.approx(reached[piece.speaker])
        assert piece.at <= min(reached[:2]) + BLOCK + 0.1
        reached[piece.speaker] += seconds(piece.pcm)
        sound[piece.speaker] += piece.pcm
    assert reached == [pytest.approx(len(two) / 48_000, abs=0.01)] * 2 + [pytest.approx(len(short) / 16_000)]
    assert sound[2] == short.astype("<i2").tobytes()
    assert [round(np.frombuffer(one, "<i2").max() / 1000) for one in sound] == [3, 6, 7]


async def test_a_file_that_breaks_off_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.wav"
    path.write_text("no sound")
    with pytest.raises(UnreadableRecording, match=r"a\.wav"):
        await pieces(Recording(path, 1, split=False, seconds=None))
