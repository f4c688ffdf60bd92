from __future__ import annotations

import asyncio
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from audio.errors import NoMicrophone, UnreadableFile
from audio.files import read_pcm
from audio.microphone import BLOCK_SECONDS, MAX_WAITING, Device, Microphone, PlayedFile, microphones, pick, portaudio
from benchmarks.speech import SHIPPED

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

BUILT_IN = Device(1, "Built-in Microphone", 1, 44_100, default=False)
HEADSET = Device(3, "USB Headset", 2, 48_000, default=True)


class Refused(Exception):
    pass


class FakeStream:
    """Calls back from a thread of its own, as PortAudio does."""

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.started = self.closed = False

    def start(self) -> None:
        self.started = True

    def close(self) -> None:
        self.closed = True
        self.on_thread(self.options["finished_callback"])

    def hear(self, *blocks: bytes) -> None:
        for block in blocks:
            self.on_thread(partial(self.options["callback"], memoryview(block), 0, None, None))

    @staticmethod
    def on_thread(work: Callable[[], object]) -> None:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()


class FakeLibrary:
    """A computer with two microphones and a loudspeaker between them."""

    PortAudioError: type[Exception] = Refused

    def __init__(self) -> None:
        self.streams: list[FakeStream] = []

    def query_devices(self) -> list[dict[str, object]]:
        speaker = {"name": "Speakers", "max_input_channels": 0, "default_samplerate": 48000.0}
        return [
            speaker,
            {"name": BUILT_IN.name, "max_input_channels": 1, "default_samplerate": 44100.0},
            speaker,
            {"name": HEADSET.name, "max_input_channels": 2, "default_samplerate": 48000.0},
        ]

    def query_hostapis(self) -> list[dict[str, object]]:
        return [{"name": "JACK", "default_input_device": -1}, {"name": "ALSA", "default_input_device": 3}]

    def RawInputStream(self, **options: object) -> FakeStream:  # noqa: N802 - sounddevice's name
        if options["samplerate"] == 1234:
            raise Refused("Invalid sample rate")
        self.streams.append(FakeStream(options))
        return self.streams[-1]


def test_microphones_are_listed_without_loudspeakers() -> None:
    assert microphones(FakeLibrary()) == [BUILT_IN, HEADSET]


@pytest.mark.parametrize(
    ("wish", "found"), [("", HEADSET), ("1", BUILT_IN), ("headset", HEADSET), ("Built-in Microphone", BUILT_IN)]
)
def test_one_is_picked_by_number_name_or_a_part_of_it(wish: str, found: Device) -> None:
    assert pick([BUILT_IN, HEADSET], wish) == found


@pytest.mark.parametrize(
    ("devices", "wish", "reason"),
    [
        ([], "", "plug one in"),
        ([BUILT_IN, HEADSET], "webcam", '"webcam"; there are: 1 Built-in Microphone, 3 USB Headset'),
        ([BUILT_IN, HEADSET], "e", "by its number"),
    ],
)
def test_none_that_can_be_meant_is_said_with_what_there_is(devices: list[Device], wish: str, reason: str) -> None:
    with pytest.raises(NoMicrophone, match=reason):
        pick(devices, wish)


async def test_what_is_heard_comes_in_order_until_it_is_closed() -> None:
    library = FakeLibrary()
    microphone = Microphone(library, HEADSET, channels=2)
    (stream,) = library.streams
    assert (stream.started, microphone.rate, microphone.channels) == (True, 48_000, 2)
    assert {key: stream.options[key] for key in ("device", "samplerate", "channels", "dtype", "blocksize")} == {
        "device": 3,
        "samplerate": 48_000,
        "channels": 2,
        "dtype": "int16",
        "blocksize": 2_400,
    }
    stream.hear(b"one!", b"two!")
    reader = microphone.blocks()
    assert [await anext(reader), await anext(reader)] == [b"one!", b"two!"]
    microphone.close()
    assert [block async for block in reader] == []
    assert stream.closed


async def test_a_device_that_is_pulled_out_ends_the_sound() -> None:
    library = FakeLibrary()
    microphone = Microphone(library, BUILT_IN)
    library.streams[0].hear(b"one!")
    library.streams[0].on_thread(library.streams[0].options["finished_callback"])
    assert [block async for block in microphone.blocks()] == [b"one!"]
    microphone.close()


async def test_what_nobody_reads_is_bounded_and_counted() -> None:
    library = FakeLibrary()
    microphone = Microphone(library, BUILT_IN)
    block = bytes(2 * round(44_100 * BLOCK_SECONDS))
    library.streams[0].hear(*[block] * (MAX_WAITING + 20))
    await asyncio.sleep(0)
    microphone.close()
    assert len([block async for block in microphone.blocks()]) == MAX_WAITING
    assert microphone.lost == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize(("options", "reason"), [({"rate": 1234}, "1234 Hz.*--rate"), ({"channels": 2}, "has 1 channel, not 2")])
async def test_what_the_device_cannot_do_is_one_sentence(options: dict[str, int], reason: str) -> None:
    with pytest.raises(NoMicrophone, match=reason):
        Microphone(FakeLibrary(), BUILT_IN, **options)


def test_the_real_library_lists_what_is_there_or_says_what_to_install() -> None:
    found, problem = [], ""
    try:
        found = microphones(portaudio())
    except NoMicrophone as error:
        problem = str(error)
    assert problem == "" or "libportaudio2" in problem
    assert all(device.channels > 0 and device.rate > 0 for device in found)


class Time:
    """Passes when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 100.0

    def clock(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.now += max(0.0, seconds)


async def test_a_recording_is_played_as_fast_as_it_was_recorded(tmp_path: Path) -> None:
    time = Time()
    played = PlayedFile(SHIPPED / "jfk.flac", clock=time.clock, sleep=time.sleep)
    blocks = []
    async for block in played.blocks():
        blocks.append(block)
        assert time.now - 100.0 == pytest.approx(len(blocks) * BLOCK_SECONDS, abs=BLOCK_SECONDS)
    assert np.array_equal(np.frombuffer(b"".join(blocks), "<i2"), read_pcm(SHIPPED / "jfk.flac", rate=played.rate))
    with pytest.raises(UnreadableFile):
        PlayedFile(tmp_path / "missing.wav", clock=time.clock, sleep=time.sleep)


async def test_playing_can_be_stopped() -> None:
    time = Time()
    played = PlayedFile(SHIPPED / "jfk.flac", clock=time.clock, sleep=time.sleep)
    count = 0
    async for _ in played.blocks():
        count += 1
        if count == 10:
            played.close()
    assert count == 10
