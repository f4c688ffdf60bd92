"""Sound files of any kind that FFmpeg reads (PyAV), as PCM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import av
import numpy as np
from av.audio.resampler import AudioResampler

from audio.errors import UnreadableFile, UnsupportedFormat

if TYPE_CHECKING:
    from collections.abc import Iterator
    from os import PathLike

    from numpy.typing import NDArray

_LAYOUTS: Final = {1: "mono", 2: "stereo"}
_ALLOWED: Final = {
    "format_whitelist": "aac,aiff,amr,asf,au,avi,caf,flac,matroska,webm,mov,mp4,m4a,3gp,3g2,mj2,mp3,mpeg,mpegts,ogg,w64,wav",
    "protocol_whitelist": "file",
}
"""Files that hold sound themselves. A playlist would lead FFmpeg to other files of this machine, or to addresses."""
_LISTENED: Final = 120.0
"""Seconds of a file that are compared to tell whether its channels are different people."""
_LEVEL_SECONDS: Final = 0.1
_ALIKE: Final = 0.9
"""Channels whose levels rise and fall together, with at least this correlation, hear the same people."""


@dataclass(frozen=True, slots=True)
class SoundInfo:
    """A file's first audio track: channels, samples a second, and seconds, None where the file does not say."""

    channels: int
    rate: int
    seconds: float | None


def describe(path: str | PathLike[str]) -> SoundInfo:
    """What the file says about its sound.

    Raises:
        UnreadableFile: the file does not exist or holds no sound.
    """
    try:
        with av.open(str(path), container_options=_ALLOWED) as container:
            if not container.streams.audio:
                raise UnreadableFile(f"{path} holds no sound.")
            stream = container.streams.audio[0]
            seconds: float | None = None
            if stream.duration is not None and stream.time_base is not None:
                seconds = float(stream.duration * stream.time_base)
            elif container.duration is not None:
                seconds = container.duration / av.time_base
            return SoundInfo(stream.codec_context.channels, stream.codec_context.sample_rate, seconds)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UnreadableFile(f"{path} cannot be read as sound: {error}.") from error


def channels_alike(path: str | PathLike[str]) -> bool:
    """Whether all channels hear the same people, as in stereo: their levels rise and fall together in the first two minutes.

    Raises:
        UnreadableFile: the file does not exist, holds no sound, or is broken.
    """
    block_samples = round(_LEVEL_SECONDS * 16_000)
    levels: list[NDArray[np.float64]] = []
    held = np.empty((0, 0), np.float64)
    for block in stream_channels(path):
        samples = np.stack([np.frombuffer(channel, "<i2").astype(np.float64) for channel in block], axis=1)
        held = np.concatenate([held, samples]) if held.size else samples
        while len(held) >= block_samples:
            levels.append(np.log10(1.0 + np.square(held[:block_samples]).mean(axis=0)))
            held = held[block_samples:]
        if len(levels) * _LEVEL_SECONDS >= _LISTENED:
            break
    table = np.array(levels)
    if len(table) < 2 or table.shape[1] == 1:
        return True
    first = table[:, 0]
    return all(_correlation(first, other) >= _ALIKE for other in table.T[1:])


def _correlation(first: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Pearson's; 1 for two that are the same, 0 where one of two different ones never changes."""
    if np.array_equal(first, other):
        return 1.0
    a, b = first - first.mean(), other - other.mean()
    scale = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b) / scale if scale else 0.0


def stream_channels(path: str | PathLike[str], *, rate: int = 16_000) -> Iterator[list[bytes]]:
    """A file's sound in blocks, each channel apart as mono s16le at `rate`, with bounded memory.

    Raises:
        UnreadableFile: the file does not exist, holds no sound, or is broken.
    """
    for block in _blocks(path, rate, None):
        channels = np.frombuffer(block.to_ndarray().tobytes(), "<i2").reshape(-1, block.layout.nb_channels)
        yield [channels[:, index].tobytes() for index in range(channels.shape[1])]


def read_pcm(path: str | PathLike[str], *, rate: int = 16_000) -> NDArray[np.int16]:
    """A whole file as mono samples at `rate`. For long files take `stream_pcm`.

    Raises:
        UnreadableFile: the file does not exist, holds no sound, or is broken.
    """
    return np.frombuffer(b"".join(stream_pcm(path, rate=rate)), "<i2").astype(np.int16)


def stream_pcm(path: str | PathLike[str], *, rate: int = 16_000, channels: int = 1) -> Iterator[bytes]:
    """A file's sound in blocks of interleaved s16le at `rate`, with bounded memory.

    Args:
        path: any file that FFmpeg reads; its first audio track is taken.
        rate: samples a second of the output.
        channels: 1 or 2 of the output, mixed from what the file has.

    Raises:
        UnreadableFile: the file does not exist, holds no sound, or is broken.
        UnsupportedFormat: `channels` is neither 1 nor 2.
    """
    layout = _LAYOUTS.get(channels)
    if layout is None:
        raise UnsupportedFormat(f"Files are read into 1 or 2 channels, not {channels}.")
    for block in _blocks(path, rate, layout):
        yield block.to_ndarray().tobytes()


def _blocks(path: str | PathLike[str], rate: int, layout: str | None) -> Iterator[av.AudioFrame]:
    """Frames of packed s16 at `rate`; without a layout the file's own channels."""
    try:
        with av.open(str(path), container_options=_ALLOWED) as container:
            if not container.streams.audio:
                raise UnreadableFile(f"{path} holds no sound.")
            resampler = AudioResampler(format="s16", layout=layout, rate=rate)
            for frame in container.decode(container.streams.audio[0]):
                yield from resampler.resample(frame)
            yield from resampler.resample(None)
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UnreadableFile(f"{path} cannot be read as sound: {error}.") from error
