"""A person's voice: recorded sound to the frames that a Discord client sends, pauses left out. No I/O and no clock."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from audio.opus import OpusEncoder
from audio.resample import Resampler
from sandbox.voice.rtp import SILENCE

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE = 48_000
FRAME_SAMPLES = 960
FULL_SCALE = 32_768.0


class Kind(Enum):
    """What is sent in one tick of 20 ms."""

    VOICE = "voice"
    SILENCE = "silence"
    NOTHING = "nothing"


class PauseGate:
    """Decides for each 20 ms whether anything is sent.

    Args:
        level: dB of full scale (RMS) below which there is no voice.
        hangover: ticks of sound below the level that are still sent (200 ms).
        silence_frames: silence frames before nothing is sent at all.
    """

    def __init__(self, *, level: float = -60.0, hangover: int = 10, silence_frames: int = 5) -> None:
        self.level = level
        self.hangover = hangover
        self.silence_frames = silence_frames
        self._quiet = hangover + silence_frames

    def decide(self, level: float) -> Kind:
        """What to send for a tick of this level."""
        if level >= self.level:
            self._quiet = 0
            return Kind.VOICE
        self._quiet = min(self._quiet + 1, self.hangover + self.silence_frames + 1)
        if self._quiet <= self.hangover:
            return Kind.VOICE
        return Kind.SILENCE if self._quiet <= self.hangover + self.silence_frames else Kind.NOTHING


def levels(pcm: NDArray[np.int16], frame: int) -> NDArray[np.float64]:
    """The RMS level of each whole frame in dB of full scale; digital silence is -inf."""
    whole = pcm[: len(pcm) // frame * frame].reshape(-1, frame).astype(np.float64)
    power = np.square(whole / FULL_SCALE).mean(axis=1)
    with np.errstate(divide="ignore"):
        decibels: NDArray[np.float64] = 10 * np.log10(power)
    return decibels


class Utterance:
    """What a person says at one go: what to send in which tick. Frames are encoded when they are asked for, in order."""

    def __init__(self, pcm: NDArray[np.int16], gate: PauseGate, encoder: OpusEncoder) -> None:
        tail = gate.hangover + gate.silence_frames
        filler = -len(pcm) % FRAME_SAMPLES + tail * FRAME_SAMPLES
        self._pcm = np.concatenate([pcm, np.zeros(filler, np.int16)])
        self._encoder = encoder
        loudness = levels(self._pcm, FRAME_SAMPLES)
        self.plan = tuple(gate.decide(float(level)) for level in loudness)
        """One entry for each 20 ms."""
        voiced = np.flatnonzero(loudness >= gate.level)
        self.first_voiced = int(voiced[0]) if len(voiced) else None
        """The tick in which the voice begins, None if there is none."""
        self.last_voiced = int(voiced[-1]) if len(voiced) else None
        """The tick of the last voiced sample."""

    def frames(self, begin: int, end: int) -> list[tuple[int, bytes]]:
        """The frames to send in the ticks from `begin` up to `end`, as pairs of tick and Opus packet."""
        return [
            (tick, self._encode(tick) if self.plan[tick] is Kind.VOICE else SILENCE)
            for tick in range(begin, min(end, len(self.plan)))
            if self.plan[tick] is not Kind.NOTHING
        ]

    def _encode(self, tick: int) -> bytes:
        mono = self._pcm[tick * FRAME_SAMPLES : (tick + 1) * FRAME_SAMPLES]
        return self._encoder.encode(np.repeat(mono, 2).tobytes())


class Speaker:
    """One person's encoder: 48 kHz stereo, 64 kbit/s, in-band FEC, as Discord's own clients."""

    def __init__(self, *, bitrate: int = 64_000, expected_loss: int = 5) -> None:
        self._encoder = OpusEncoder(RATE, 2, bitrate=bitrate, fec=True, expected_loss=expected_loss)

    def utter(self, pcm: NDArray[np.int16], rate: int) -> Utterance:
        """Prepare mono sound of any rate. One utterance at a time: they share the encoder."""
        resampler = Resampler(rate, 1, RATE)
        resampled = resampler.process(np.ascontiguousarray(pcm, "<i2").tobytes()) + resampler.flush()
        return Utterance(np.frombuffer(resampled, "<i2").astype(np.int16), PauseGate(), self._encoder)
