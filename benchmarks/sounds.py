"""Sounds that are no speech, each by a function of a random generator and a number of samples; 16 kHz mono."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from scipy import signal

from audio.opus import OpusDecoder, OpusEncoder
from audio.pcm import FRAME_BYTES, FRAME_SAMPLES, SAMPLE_RATE

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Sound: TypeAlias = NDArray[np.float64]
    Random: TypeAlias = np.random.Generator


def at_level(sound: Sound | NDArray[np.int16], decibels: float) -> bytes:
    """The same sound as LINEAR16 with its mean power at a level in dB of full scale."""
    return linear16(scaled(sound.astype(np.float64), decibels))


def _white(random: Random, count: int) -> Sound:
    return random.standard_normal(count)


def _pink(random: Random, count: int) -> Sound:
    return _tilted(_white(random, count), 0.5)


def _brown(random: Random, count: int) -> Sound:
    return _tilted(_white(random, count), 1.0)


def room(random: Random, count: int) -> Sound:
    """The tone of a quiet room."""
    return _band(_white(random, count), 60, random.uniform(400, 1_500))


def _hum(random: Random, count: int) -> Sound:
    harmonics = np.array([1, 2, 3, 5])
    waves: Sound = np.sin(2 * np.pi * random.choice([50, 60]) * np.outer(harmonics, _moments(count))) / harmonics[:, None]
    summed: Sound = waves.sum(axis=0)
    return summed


def _buzz(random: Random, count: int) -> Sound:
    """A lamp or a power supply: mains, rectified."""
    wave = np.abs(np.sin(2 * np.pi * random.choice([50, 60]) * _moments(count)))
    return _band(np.sign(np.diff(wave, append=0.0)) * wave**4, 90, 6_000) + 0.01 * _white(random, count)


def _tone(random: Random, count: int) -> Sound:
    return np.sin(2 * np.pi * random.uniform(300, 2_000) * _moments(count))


def _clicks(random: Random, count: int) -> Sound:
    sound = 1e-4 * _white(random, count)
    sound[random.integers(0, count, max(1, count // 4_000))] = 1
    return sound


def _keyboard(random: Random, count: int) -> Sound:
    return _bursts(random, count, every=(0.08, 0.35), decay=0.0075, band=(1_500, 5_000))


def _mouse(random: Random, count: int) -> Sound:
    return _bursts(random, count, every=(0.1, 1.5), decay=0.003, band=(2_000, 7_000))


def _steps(random: Random, count: int) -> Sound:
    return _bursts(random, count, every=(0.45, 0.6), decay=0.03, band=(60, 500))


def _knocks(random: Random, count: int) -> Sound:
    return _bursts(random, count, every=(0.18, 0.7), decay=0.02, band=(120, 900))


def _door(random: Random, count: int) -> Sound:
    """A creak of the hinge, then the slam."""
    slam = _bursts(random, count, every=(2.0, 4.0), decay=0.09, band=(40, 400))
    return slam + 0.15 * _creak(random, count, 90, 300)


def _chair(random: Random, count: int) -> Sound:
    return _creak(random, count, 180, 700)


def _cough(random: Random, count: int) -> Sound:
    """Bursts of breath with a rough voice behind them."""
    breath = _bursts(random, count, every=(0.4, 1.6), decay=0.07, band=(200, 3_500))
    voice: Sound = 0.3 * _creak(random, count, 110, 220) * np.abs(breath) / np.abs(breath).max()
    return breath + voice


def _breath(random: Random, count: int) -> Sound:
    air = _band(_white(random, count), 400, 2_500) * np.maximum(0, np.sin(2 * np.pi * _moments(count) / random.uniform(2, 5)))
    return air * np.abs(air)


def _sniff(random: Random, count: int) -> Sound:
    return _bursts(random, count, every=(0.8, 2.0), decay=0.12, band=(1_500, 6_000))


def _paper(random: Random, count: int) -> Sound:
    crackle = _white(random, count) * (random.random(count) < 0.02)
    return _band(crackle + 0.05 * _white(random, count), 1_000, 7_500) * _swell(random, count, 4.0)


def _fan(random: Random, count: int) -> Sound:
    blades = np.sin(2 * np.pi * random.uniform(80, 220) * _moments(count))
    return _pink(random, count) / 300 * (1 + 0.2 * blades) + 0.05 * blades


def _traffic(random: Random, count: int) -> Sound:
    engine = signal.sawtooth(2 * np.pi * np.cumsum(random.uniform(40, 90) * (1 + 0.2 * _swell(random, count, 0.3))) / SAMPLE_RATE)
    return _band(scaled(_brown(random, count), -20) + 0.05 * engine, 30, 1_200) * (0.2 + _swell(random, count, 0.3))


def _chimes(random: Random, count: int) -> Sound:
    """A notification's bells, a telephone."""
    sound = np.zeros(count)
    for at in range(0, count, round(random.uniform(0.3, 0.9) * SAMPLE_RATE)):
        moments = _moments(count - at)
        sound[at:] += np.sin(2 * np.pi * random.choice([523.3, 659.3, 784.0, 1_046.5]) * moments) * np.exp(-moments / 0.2)
    return sound


def _chords(random: Random, count: int) -> Sound:
    moments = _moments(count)
    notes = np.array([220.0, 277.2, 329.6, 440.0]) * 2 ** (random.integers(-5, 6) / 12)
    waves: Sound = np.sin(2 * np.pi * np.outer(notes, moments)) * (1 + 0.3 * np.sin(2 * np.pi * 5 * moments))
    chords: Sound = waves.sum(axis=0) * (0.6 + 0.4 * np.sign(np.sin(2 * np.pi * 1.2 * moments)))
    return chords


def _music(random: Random, count: int) -> Sound:
    """A tune, a bass and drums out of a small loudspeaker."""
    beat = round(random.uniform(0.25, 0.5) * SAMPLE_RATE)
    tune = np.zeros(count)
    for number, at in enumerate(range(0, count, beat)):
        moments = _moments(min(beat, count - at))
        note = 220 * 2 ** (random.choice([0, 2, 4, 5, 7, 9, 11, 12]) / 12)
        shape = np.minimum(1, 50 * moments) * np.exp(-moments / 0.3)
        tune[at : at + beat] = signal.sawtooth(2 * np.pi * note * moments, 0.5) * shape
        tune[at : at + beat] += signal.square(2 * np.pi * 55 * 2 ** ((number // 4 % 4) / 6) * moments) * shape / 2
    drums = _bursts(random, count, every=(beat / SAMPLE_RATE, beat / SAMPLE_RATE + 0.01), decay=0.02, band=(100, 6_000))
    return _band(tune + drums, 250, 5_000)


def _comfort(random: Random, count: int) -> Sound:
    """What Opus makes of a quiet room: frames of two bytes while nothing is sent, and what the decoder puts in their place."""
    encoder, decoder = OpusEncoder(SAMPLE_RATE, 1, bitrate=24_000, dtx=True), OpusDecoder()
    quiet = at_level(room(random, -(-count // FRAME_SAMPLES) * FRAME_SAMPLES), -60)
    packets = [encoder.encode(quiet[at : at + FRAME_BYTES]) for at in range(0, len(quiet), FRAME_BYTES)]
    sound = b"".join(decoder.decode(packet) if len(packet) > 2 else decoder.conceal(FRAME_SAMPLES) for packet in packets)
    return np.frombuffer(sound, "<i2")[:count].astype(np.float64)


SOUNDS: Final[dict[str, Callable[[Random, int], Sound]]] = {
    "white": _white,
    "pink": _pink,
    "brown": _brown,
    "room tone": room,
    "hum": _hum,
    "mains buzz": _buzz,
    "tone": _tone,
    "clicks": _clicks,
    "keyboard": _keyboard,
    "mouse": _mouse,
    "steps": _steps,
    "knocks": _knocks,
    "door": _door,
    "chair": _chair,
    "cough": _cough,
    "breath": _breath,
    "sniff": _sniff,
    "paper": _paper,
    "fan": _fan,
    "traffic": _traffic,
    "chimes": _chimes,
    "chords": _chords,
    "music": _music,
    "comfort noise": _comfort,
}
"""What makes so many samples of each kind, at any level."""


def _moments(count: int) -> Sound:
    return np.arange(count) / SAMPLE_RATE


def _tilted(white: Sound, power: float) -> Sound:
    spectrum = np.fft.rfft(white)
    spectrum /= np.maximum(np.arange(len(spectrum)), 1) ** power
    tilted: Sound = np.fft.irfft(spectrum, len(white))
    return tilted


def _bursts(random: Random, count: int, every: tuple[float, float], decay: float, band: tuple[float, float]) -> Sound:
    sound = np.zeros(count)
    length = min(count, round(6 * decay * SAMPLE_RATE))
    shape = np.exp(-np.arange(length) / (decay * SAMPLE_RATE))
    at = round(0.3 * SAMPLE_RATE)
    while at + length < count:
        sound[at : at + length] += random.standard_normal(length) * shape * random.uniform(0.4, 1)
        at += round(random.uniform(*every) * SAMPLE_RATE)
    return _band(sound, *band) + 1e-4 * _white(random, count)


def _creak(random: Random, count: int, low: float, high: float) -> Sound:
    """Something that sticks and slips: pulses whose rate wanders, in a box that rings."""
    rate = low + (high - low) * _swell(random, count, 2.0)
    pulses = np.diff(np.floor(np.cumsum(rate) / SAMPLE_RATE), prepend=0.0) * (1 + 0.3 * _white(random, count))
    return _band(pulses, 300, random.uniform(1_200, 4_000)) * _swell(random, count, 1.0)


def _swell(random: Random, count: int, rate: float) -> Sound:
    """0 to 1, up and down about `rate` times a second."""
    points = random.random(max(4, round(count / SAMPLE_RATE * rate * 2) + 2))
    return np.interp(np.linspace(0, len(points) - 1, count), np.arange(len(points)), points)


def _band(sound: Sound, low: float, high: float) -> Sound:
    sections = signal.butter(2, [low, high], "bandpass", fs=SAMPLE_RATE, output="sos")
    filtered: Sound = signal.sosfilt(sections, sound)
    return filtered


def echoing(random: Random, sound: Sound) -> Sound:
    """The same from across a room."""
    length = round(random.uniform(0.1, 0.6) * SAMPLE_RATE)
    echo = _white(random, length) * np.exp(-6 * np.arange(length) / length)
    filtered: Sound = signal.fftconvolve(sound, echo)[: len(sound)]
    return filtered


def scaled(sound: Sound, decibels: float) -> Sound:
    """In full scale, its mean power at a level."""
    scaled: Sound = sound / np.sqrt(np.mean(sound**2) + 1e-20) * 10 ** (decibels / 20)
    return scaled


def linear16(sound: Sound) -> bytes:
    """As LINEAR16; what is beyond full scale is clipped."""
    clipped: NDArray[np.int16] = np.clip(sound * 32_768, -32_768, 32_767).astype("<i2")
    return clipped.tobytes()
