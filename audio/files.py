"""Sound files of any kind that FFmpeg reads (PyAV), as PCM."""

from __future__ import annotations

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
    try:
        with av.open(str(path)) as container:
            if not container.streams.audio:
                raise UnreadableFile(f"{path} holds no sound.")
            resampler = AudioResampler(format="s16", layout=layout, rate=rate)
            for frame in container.decode(container.streams.audio[0]):
                for block in resampler.resample(frame):
                    yield block.to_ndarray().tobytes()
            for block in resampler.resample(None):
                yield block.to_ndarray().tobytes()
    except (av.FFmpegError, OSError, ValueError) as error:
        raise UnreadableFile(f"{path} cannot be read as sound: {error}.") from error
