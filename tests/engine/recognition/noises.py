"""Sounds that are no speech, seeded: name to float32 at 16 kHz."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import signal

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Sound = NDArray[np.float64]

RATE = 16_000


def noises(seconds: float, decibels: float, seed: int = 0) -> dict[str, bytes]:
    """LINEAR16 of each kind, at a level in dB of full scale."""
    random = np.random.default_rng(seed)
    count = round(RATE * seconds)
    moments = np.arange(count) / RATE
    white: Sound = random.standard_normal(count)
    kinds = {
        "white": white,
        "pink": _tilted(white, 0.5),
        "brown": _tilted(white, 1.0),
        "hum 50 Hz": _hum(moments, 50),
        "hum 60 Hz": _hum(moments, 60),
        "clicks": _clicks(random, white),
        "keyboard": _bursts(random, white, every=(0.08, 0.35), decay=0.0075, band=(1_500, 5_000)),
        "cough": _bursts(random, white, every=(0.9, 1.4), decay=0.07, band=(200, 3_500)),
        "breath": _band(white, 400, 2_500) * np.maximum(0, np.sin(2 * np.pi * moments / 3)) ** 2,
        "room": _band(white, 60, 700),
        "comfort noise": _band(white, 80, 3_000) * 0.1,
        "tone": np.sin(2 * np.pi * 1_000 * moments),
        "chords": _chords(moments),
    }
    return {name: _linear16(sound, decibels) for name, sound in kinds.items()}


def at_level(sound: Sound | NDArray[np.int16], decibels: float) -> bytes:
    """The same sound with its mean power at a level in dB of full scale."""
    return _linear16(sound.astype(np.float64), decibels)


def _linear16(sound: Sound, decibels: float) -> bytes:
    scaled = sound / np.sqrt(np.mean(sound**2)) * 10 ** (decibels / 20) * 32_768
    clipped: NDArray[np.int16] = np.clip(scaled, -32_768, 32_767).astype("<i2")
    return clipped.tobytes()


def _tilted(white: Sound, power: float) -> Sound:
    spectrum = np.fft.rfft(white)
    spectrum /= np.maximum(np.arange(len(spectrum)), 1) ** power
    tilted: Sound = np.fft.irfft(spectrum, len(white))
    return tilted


def _hum(moments: Sound, frequency: float) -> Sound:
    harmonics = np.array([1, 2, 3, 5])
    summed: Sound = (np.sin(2 * np.pi * frequency * np.outer(harmonics, moments)) / harmonics[:, None]).sum(axis=0)
    return summed


def _clicks(random: np.random.Generator, white: Sound) -> Sound:
    sound = 1e-4 * white
    sound[random.integers(0, len(white), 20)] = 1
    return sound


def _bursts(
    random: np.random.Generator, white: Sound, every: tuple[float, float], decay: float, band: tuple[float, float]
) -> Sound:
    sound = np.zeros(len(white))
    length = round(6 * decay * RATE)
    shape = np.exp(-np.arange(length) / (decay * RATE))
    at = round(0.3 * RATE)
    while at + length < len(white):
        sound[at : at + length] += random.standard_normal(length) * shape * random.uniform(0.4, 1)
        at += round(random.uniform(*every) * RATE)
    return _band(sound, *band) + 1e-4 * white


def _band(sound: Sound, low: float, high: float) -> Sound:
    sections = signal.butter(2, [low, high], "bandpass", fs=RATE, output="sos")
    filtered: Sound = signal.sosfilt(sections, sound)
    return filtered


def _chords(moments: Sound) -> Sound:
    notes = [
        np.sin(2 * np.pi * note * moments) * (1 + 0.3 * np.sin(2 * np.pi * 5 * moments)) for note in (220.0, 277.2, 329.6, 440.0)
    ]
    return np.sum(notes, axis=0, dtype=np.float64) * (0.6 + 0.4 * np.sign(np.sin(2 * np.pi * 1.2 * moments)))
