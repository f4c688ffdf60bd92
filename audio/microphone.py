"""A microphone of this computer (PortAudio, by way of sounddevice), and a recording in the place of one.

PortAudio comes with sounddevice's wheels for macOS and Windows; on Linux the system has it. It is loaded when a microphone is asked
for, so nothing else needs it.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol, cast

from audio.errors import NoMicrophone
from audio.files import describe, stream_pcm
from audio.pcm import SAMPLE_BYTES

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
    from os import PathLike

BLOCK_SECONDS: Final = 0.05
MAX_WAITING: Final = 200
"""Blocks that may wait for a reader that is busy: 10 s. What is beyond is counted in `lost`."""

_NO_PORTAUDIO: Final = (
    "PortAudio is missing, through which the microphone is heard: install it (Debian and Ubuntu: sudo apt install libportaudio2; "
    "Fedora: sudo dnf install portaudio; Arch: sudo pacman -S portaudio) and start again."
)
_NO_DEVICE: Final = (
    "No microphone was found: plug one in, or allow the terminal to use it in the system's privacy settings, and start again."
)


class SoundSource(Protocol):
    """Where sound comes from, in real time: interleaved s16le of `channels` at `rate` samples a second."""

    name: str
    rate: int
    channels: int
    lost: float
    """Seconds that were recorded and could not be kept."""

    def blocks(self) -> AsyncIterator[bytes]:
        """Sound as it is heard, until the source ends."""

    def close(self) -> None:
        """Stop hearing: `blocks` ends with what was heard until now. May be called twice."""


@dataclass(frozen=True, slots=True)
class Device:
    """A microphone that can be picked by `number` or by a part of its name; `rate` is its own."""

    number: int
    name: str
    channels: int
    rate: int
    default: bool


class PortAudio(Protocol):
    """As much of sounddevice as is used."""

    PortAudioError: type[Exception]

    def query_devices(self) -> Sequence[Mapping[str, object]]:
        """All devices, those without input among them."""

    def query_hostapis(self) -> Sequence[Mapping[str, object]]:
        """The systems of sound, the preferred one first."""

    def RawInputStream(self, **options: object) -> InputStream:  # noqa: N802 - sounddevice's name
        """Opens a device."""


class InputStream(Protocol):
    """An open device."""

    def start(self) -> None:
        """Begin to call back."""

    def close(self) -> None:
        """No more calls come."""


def portaudio() -> PortAudio:
    """The library sounddevice. Raises `NoMicrophone` with what to install."""
    try:
        return cast("PortAudio", importlib.import_module("sounddevice"))
    except (ImportError, OSError) as error:
        raise NoMicrophone(_NO_PORTAUDIO) from error


def microphones(library: PortAudio) -> list[Device]:
    """Every device that can be heard; the system's own choice is marked."""
    chosen = next(
        (api["default_input_device"] for api in library.query_hostapis() if _number(api, "default_input_device") >= 0), -1
    )
    return [
        Device(
            number,
            str(device["name"]),
            _number(device, "max_input_channels"),
            _number(device, "default_samplerate"),
            default=number == chosen,
        )
        for number, device in enumerate(library.query_devices())
        if _number(device, "max_input_channels") > 0
    ]


def pick(devices: Sequence[Device], wish: str) -> Device:
    """By number, by name or a part of it; without a wish the system's own choice. Raises `NoMicrophone`."""
    if not devices:
        raise NoMicrophone(_NO_DEVICE)
    if not wish:
        return next((device for device in devices if device.default), devices[0])
    exact = [device for device in devices if wish in {str(device.number), device.name}]
    near = exact or [device for device in devices if wish.lower() in device.name.lower()]
    if not near:
        raise NoMicrophone(f'No microphone is called "{wish}"; there are: {_names(devices)}.')
    if len(near) > 1:
        raise NoMicrophone(f'Several microphones are called "{wish}": {_names(near)}; name one by its number.')
    return near[0]


def _names(devices: Sequence[Device]) -> str:
    return ", ".join(f"{device.number} {device.name}" for device in devices)


def _number(device: Mapping[str, object], key: str) -> int:
    value = device[key]
    return int(value) if isinstance(value, int | float) else 0


class Microphone:
    """A `SoundSource`: an open device.

    Args:
        library: sounddevice.
        device: what to hear.
        rate: samples a second; None takes the device's own.
        channels: how many to record; None takes one.

    Raises:
        NoMicrophone: it cannot be opened so; needs a running event loop.
    """

    def __init__(self, library: PortAudio, device: Device, *, rate: int | None = None, channels: int | None = None) -> None:
        self.name = device.name
        self.rate = rate or device.rate
        self.channels = channels or 1
        self.lost = 0.0
        if self.channels > device.channels:
            raise NoMicrophone(
                f"{device.name} has {device.channels} channel{'s' if device.channels > 1 else ''}, not {self.channels}: leave out --channels."
            )
        self._loop = asyncio.get_running_loop()
        self._blocks: asyncio.Queue[bytes | None] = asyncio.Queue()
        try:
            self._stream = library.RawInputStream(
                device=device.number,
                samplerate=self.rate,
                channels=self.channels,
                dtype="int16",
                blocksize=round(self.rate * BLOCK_SECONDS),
                callback=self._heard,
                finished_callback=self._finished,
            )
            self._stream.start()
        except (library.PortAudioError, ValueError) as error:
            raise NoMicrophone(
                f"{device.name} cannot be heard with {self.rate} Hz and {self.channels} channels ({error}): "
                "leave out --rate and --channels, or pick another with --device."
            ) from error

    async def blocks(self) -> AsyncIterator[bytes]:
        """Sound as it is heard; ends when the device is gone or was closed."""
        while (block := await self._blocks.get()) is not None:
            yield block

    def close(self) -> None:
        """Let go of the device."""
        self._stream.close()
        self._blocks.put_nowait(None)

    def _heard(self, data: object, _frames: int, _time: object, _status: object) -> None:
        """Called in PortAudio's thread, which must not wait."""
        self._tell(bytes(cast("bytes", data)))

    def _finished(self) -> None:
        """Called in PortAudio's thread when the stream has ended, whoever ended it."""
        self._tell(None)

    def _tell(self, block: bytes | None) -> None:
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody listens any more
            self._loop.call_soon_threadsafe(self._take, block)

    def _take(self, block: bytes | None) -> None:
        if block is not None and self._blocks.qsize() >= MAX_WAITING:
            self.lost += len(block) / (self.rate * self.channels * SAMPLE_BYTES)
            return
        self._blocks.put_nowait(block)


class PlayedFile:
    """A `SoundSource`: a recording that is played at the speed at which it was recorded.

    Args:
        path: any file that FFmpeg reads.
        clock: seconds, monotonic.
        sleep: waits for some seconds.

    Raises:
        UnreadableFile: the file does not exist or holds no sound.
    """

    def __init__(
        self,
        path: str | PathLike[str],
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        info = describe(path)
        self.name = str(path)
        self.rate = info.rate
        self.channels = min(info.channels, 2)
        self.lost = 0.0
        self._path = path
        self._clock = clock
        self._sleep = sleep
        self._closed = False

    async def blocks(self) -> AsyncIterator[bytes]:
        """Blocks of `BLOCK_SECONDS`, each when it would have been heard."""
        size = round(self.rate * BLOCK_SECONDS) * self.channels * SAMPLE_BYTES
        begun, played, waiting = self._clock(), 0.0, b""
        for piece in stream_pcm(self._path, rate=self.rate, channels=self.channels):
            waiting += piece
            while len(waiting) >= size:
                block, waiting = waiting[:size], waiting[size:]
                played += BLOCK_SECONDS
                await self._sleep(begun + played - self._clock())
                if self._closed:
                    return
                yield block
        if waiting:
            yield waiting

    def close(self) -> None:
        """Stop playing."""
        self._closed = True
