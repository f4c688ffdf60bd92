"""Sound as clients encode it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import av
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream

from audio.opus import OpusEncoder
from audio.resample import Resampler

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from numpy.typing import NDArray

TONE = 440


def tone(rate: int, seconds: float = 1.0) -> NDArray[np.int16]:
    return (np.sin(2 * np.pi * TONE * np.arange(round(rate * seconds)) / rate) * 10_000).astype(np.int16)


def is_tone(pcm: bytes, seconds: float, slack: float = 0.05) -> bool:
    """Whether 16 kHz mono holds the tone over (nearly) its whole length."""
    samples = np.frombuffer(pcm, "<i2").astype(np.float64)
    if abs(len(samples) / 16_000 - seconds) > slack:
        return False
    spectrum = np.abs(np.fft.rfft(samples))
    peak = int(np.argmax(spectrum)) * 16_000 / len(samples)
    loud = np.sqrt(np.mean(samples[1_600:-1_600] ** 2))
    return bool(abs(peak - TONE) < 4 and abs(loud - 7_071) < 500)


def encoded(
    samples: NDArray[np.int16],
    rate: int,
    codec: str,
    container: str,
    options: dict[str, str] | None = None,
    *,
    channels: int = 1,
    deep: bool = False,
) -> bytes:
    """One stream of a container, made by FFmpeg."""
    file = io.BytesIO()
    layout = "stereo" if channels == 2 else "mono"
    with av.open(file, "w", format=container, options=options or {}) as out:
        stream = out.add_stream(codec, rate=rate)
        assert isinstance(stream, AudioStream)
        stream.codec_context.layout = layout
        stream.codec_context.format = "s32" if deep else "s16"
        shaped = np.repeat(samples.astype(np.int32) << 16 if deep else samples, channels).reshape(1, -1)
        for at in range(0, shaped.shape[1], 960 * channels):
            frame = AudioFrame.from_ndarray(
                np.ascontiguousarray(shaped[:, at : at + 960 * channels]), format="s32" if deep else "s16", layout=layout
            )
            frame.sample_rate, frame.pts = rate, at // channels
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return file.getvalue()


def flac(samples: NDArray[np.int16], rate: int, *, channels: int = 1, deep: bool = False) -> bytes:
    return encoded(samples, rate, "flac", "flac", channels=channels, deep=deep)


def opus_packets(pcm: bytes) -> list[bytes]:
    """20 ms each, from 16 kHz mono."""
    resampler = Resampler(16_000, target=48_000)
    whole = resampler.process(pcm) + resampler.flush()
    encoder = OpusEncoder(48_000, 1)
    return [encoder.encode(whole[at : at + 1_920]) for at in range(0, len(whole) - 1_919, 1_920)]


def cut(data: bytes, dice: Random, most: int = 4_000) -> Iterator[bytes]:
    """Pieces of any length."""
    at = 0
    while at < len(data):
        length = dice.randrange(1, most)
        yield data[at : at + length]
        at += length
