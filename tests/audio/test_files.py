from __future__ import annotations

import wave
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from audio.errors import UnreadableFile, UnsupportedFormat
from audio.files import SoundInfo, channels_alike, describe, read_pcm, stream_channels, stream_pcm
from audio.pcm import seconds, silence
from benchmarks.speech import SHIPPED

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def write_wav(path: Path, samples: NDArray[np.float64] | NDArray[np.int16] | NDArray[np.int64], rate: int, channels: int) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.astype("<i2").tobytes())
    return path


def test_a_wav_of_the_house_format_comes_back_sample_for_sample(tmp_path: Path) -> None:
    samples = np.random.default_rng(1).integers(-32_768, 32_767, 50_001).astype(np.int16)
    read = read_pcm(write_wav(tmp_path / "a.wav", samples, 16_000, 1))
    assert read.dtype == np.int16
    assert np.array_equal(read, samples)


def test_flac_of_the_shipped_speech_is_read() -> None:
    assert seconds(read_pcm(SHIPPED / "jfk.flac").tobytes()) == pytest.approx(11.0, abs=0.01)


def test_stereo_at_44100_becomes_mono_at_16000(tmp_path: Path) -> None:
    moments = np.arange(44_100 * 2) / 44_100
    stereo = np.stack([9_000 * np.sin(2 * np.pi * 440 * moments), np.zeros(len(moments))], axis=1)
    read = read_pcm(write_wav(tmp_path / "a.wav", stereo, 44_100, 2))
    assert len(read) == pytest.approx(32_000, abs=20)
    assert 3_000 < np.abs(read.astype(int)).max() < 7_500


def test_blocks_are_bounded_and_keep_both_channels(tmp_path: Path) -> None:
    stereo = np.stack([np.full(480_000, 5_000), np.full(480_000, -5_000)], axis=1)
    blocks = list(stream_pcm(write_wav(tmp_path / "a.wav", stereo, 48_000, 2), rate=48_000, channels=2))
    assert max(map(len, blocks)) < 100_000
    both = np.frombuffer(b"".join(blocks), "<i2").reshape(-1, 2)
    assert both.shape == (480_000, 2)
    assert both.mean(axis=0).tolist() == [5_000, -5_000]


def test_files_that_are_no_sound_are_named(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no sound here")
    for path in (text, tmp_path / "missing.wav", tmp_path):
        with pytest.raises(UnreadableFile, match=path.name):
            read_pcm(path)


def test_a_picture_without_sound_is_named(tmp_path: Path) -> None:
    path = tmp_path / "silent.mkv"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 32
        stream.pix_fmt = "yuv420p"
        container.mux(stream.encode(av.VideoFrame(32, 32, "yuv420p")))
        container.mux(stream.encode(None))
    with pytest.raises(UnreadableFile, match="no sound"):
        read_pcm(path)


def test_a_file_that_breaks_off_gives_what_it_has_or_says_so(tmp_path: Path) -> None:
    whole = (SHIPPED / "jfk.flac").read_bytes()
    cut = tmp_path / "cut.flac"
    cut.write_bytes(whole[: len(whole) // 2])
    blocks: list[bytes] = []
    with pytest.raises(UnreadableFile, match=r"cut\.flac"):
        blocks.extend(stream_pcm(cut))
    assert sum(map(len, blocks)) > 100_000


def test_three_channels_out_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat):
        next(iter(stream_pcm(SHIPPED / "jfk.flac", channels=3)))


def test_lengths_of_pcm() -> None:
    assert seconds(silence(1.5)) == 1.5
    assert silence(-1) == b""


def speech(name: str) -> NDArray[np.int16]:
    return read_pcm(SHIPPED / f"{name}.flac")


def in_turns() -> NDArray[np.int16]:
    """Two people, each on a channel of their own, one after the other and again."""
    first, second = speech("jfk"), speech("lj_LJ001-0003")
    quiet = np.zeros_like(second), np.zeros_like(first)
    return np.stack([np.concatenate([first, quiet[0], first]), np.concatenate([quiet[1], second, quiet[1]])], axis=1)


@pytest.mark.parametrize("count", [1, 2, 3, 6])
def test_channels_come_apart_at_another_rate(tmp_path: Path, count: int) -> None:
    levels = np.array([1_000 * (number + 1) for number in range(count)])
    path = write_wav(tmp_path / "a.wav", np.tile(levels, (44_100 * 3, 1)), 44_100, count)
    assert describe(path) == SoundInfo(count, 44_100, 3.0)
    parts = [b"".join(blocks) for blocks in zip(*stream_channels(path), strict=True)]
    assert [seconds(part) for part in parts] == [pytest.approx(3.0, abs=0.01)] * count
    assert [round(float(np.median(np.frombuffer(part, "<i2")))) for part in parts] == levels.tolist()


def test_what_is_no_sound_cannot_be_described(tmp_path: Path) -> None:
    text = tmp_path / "notes.txt"
    text.write_text("no sound here")
    for path in (text, tmp_path / "missing.wav"):
        with pytest.raises(UnreadableFile, match=path.name):
            describe(path)


def test_two_people_on_two_channels_are_told_from_stereo(tmp_path: Path) -> None:
    one = speech("jfk").astype(np.float64)
    nearer = np.stack([one, 0.3 * np.roll(one, 7) + np.random.default_rng(1).normal(0, 3, len(one))], axis=1)
    assert channels_alike(write_wav(tmp_path / "same.wav", np.stack([one, one], axis=1), 16_000, 2))
    assert channels_alike(write_wav(tmp_path / "stereo.wav", nearer, 16_000, 2))
    assert channels_alike(write_wav(tmp_path / "mono.wav", one, 16_000, 1))
    assert not channels_alike(write_wav(tmp_path / "apart.wav", in_turns(), 16_000, 2))
    bleed = in_turns().astype(np.float64)
    bleed += 0.05 * bleed[:, ::-1]
    assert not channels_alike(write_wav(tmp_path / "bleed.wav", bleed, 16_000, 2))


def test_a_channel_on_which_nobody_speaks_is_not_the_same(tmp_path: Path) -> None:
    one = speech("jfk")
    assert not channels_alike(write_wav(tmp_path / "a.wav", np.stack([one, np.zeros_like(one)], axis=1), 16_000, 2))


@pytest.mark.parametrize(
    "playlist",
    [
        "ffconcat version 1.0\nfile other.wav\n",
        "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:1,\nother.wav\n#EXT-X-ENDLIST\n",
    ],
)
def test_a_playlist_does_not_lead_to_other_files(tmp_path: Path, playlist: str) -> None:
    write_wav(tmp_path / "other.wav", np.ones(16_000, np.int16), 16_000, 1)
    (tmp_path / "upload").write_text(playlist)
    for read in (read_pcm, describe):
        with pytest.raises(UnreadableFile):
            read(tmp_path / "upload")
