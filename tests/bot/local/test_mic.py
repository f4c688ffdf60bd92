"""A meeting at the microphone: the real engine with a scripted recogniser, sound that the test hands over."""

from __future__ import annotations

import asyncio
import io
from typing import TYPE_CHECKING

import numpy as np
import pytest
from rich.console import Console

from audio.pcm import silence
from bot.clock import SystemClock
from bot.errors import EngineDown
from bot.local.mic import SILENT, MeetingWish, MicrophoneMeeting, hold, level
from bot.local.screen import Lines
from bot.local.talk import Trouble
from tests.bot.fakes import FakeClock, settle
from tests.bot.local.fakes import HandedOver, settings_of
from tests.engine.fakes import SENTENCES, pause, say
from tests.engine.server import engine

if TYPE_CHECKING:
    from pathlib import Path

    from bot.local.talk import TalkEvent


class FakeTalk:
    """Takes sound."""

    def __init__(self) -> None:
        self.sound = b""
        self.ats: list[float] = []

    def feed(self, speaker: int, pcm: bytes, at: float) -> None:
        assert speaker == 0
        self.sound += pcm
        self.ats.append(at)


class FakeScreen:
    def __init__(self) -> None:
        self.told: list[TalkEvent] = []
        self.levels: list[float] = []

    def tell(self, event: TalkEvent) -> None:
        self.told.append(event)

    def heard(self, seconds: float, level: float) -> None:
        self.levels.append(level)


def meeting_of(
    source: HandedOver, clock: FakeClock, silence: float | None = None
) -> tuple[MicrophoneMeeting, FakeTalk, FakeScreen]:
    talk, screen = FakeTalk(), FakeScreen()
    return MicrophoneMeeting(talk, source, screen, exit_on_silence=silence, clock=clock), talk, screen


async def test_any_rate_and_channels_become_16_khz_mono_without_a_gap() -> None:
    source = HandedOver(44_100, 2)
    meeting, talk, screen = meeting_of(source, FakeClock())
    moments = np.arange(3 * 44_100) / 44_100
    tone = (8_000 * np.sin(2 * np.pi * 440 * moments)).astype("<i2")
    source.hear(np.repeat(tone, 2).tobytes())
    source.end()
    assert await meeting.run(asyncio.Event()) == "a test's microphone gives no more sound"
    heard = np.frombuffer(talk.sound, "<i2").astype(float)
    assert len(heard) == pytest.approx(48_000, abs=2)
    expected = 8_000 * np.sin(2 * np.pi * 440 * np.arange(len(heard)) / 16_000)
    assert np.abs(heard - expected)[200:-200].max() < 30
    assert meeting.seconds == len(heard) / 16_000
    assert talk.ats == sorted(talk.ats)
    assert screen.levels[20] == pytest.approx(20 * np.log10(8_000 / 32_768) - 3, abs=0.2)
    assert source.closed


async def test_ctrl_c_ends_it() -> None:
    source, stop = HandedOver(), asyncio.Event()
    meeting, talk, _ = meeting_of(source, FakeClock())
    running = asyncio.create_task(meeting.run(stop))
    source.hear(say(1))
    await settle()
    stop.set()
    assert await running == "you ended it"
    assert talk.sound == say(1)
    assert source.closed


async def test_silence_ends_it_and_words_do_not() -> None:
    source, clock = HandedOver(), FakeClock()
    meeting, _, _ = meeting_of(source, clock, 10.0)
    running = asyncio.create_task(meeting.run(asyncio.Event()))
    await clock.advance(9.0)
    meeting.word()
    for passing in (5.0, 4.0):
        await clock.advance(passing)
        source.hear(silence(0.05))
        await settle()
    before = running.done()
    await clock.advance(1.0)
    source.hear(silence(0.05))
    assert await running == "nobody spoke for 10 s"
    assert not before


async def test_lost_sound_is_said_once() -> None:
    source = HandedOver()
    meeting, _, screen = meeting_of(source, FakeClock())
    source.lost = 1.5
    source.hear(silence(0.2))
    source.end()
    await meeting.run(asyncio.Event())
    assert screen.told == [Trouble("1.5 s were lost: this computer is too busy.")]


def test_levels_are_decibels() -> None:
    assert level(b"") == level(silence(0.1)) == SILENT
    assert level(np.full(100, 3_277, "<i2").tobytes()) == pytest.approx(-20.0, abs=0.01)


async def test_a_meeting_from_the_first_word_to_the_way_back(tmp_path: Path) -> None:
    shown, source = io.StringIO(), HandedOver()
    source.hear(say(1) + pause() + say(2) + pause() + say(3) + pause() + say(5) + pause())
    source.end()
    async with engine(tmp_path) as running:
        await hold(
            settings_of(tmp_path, running.url),
            MeetingWish("Ana", "Weekly"),
            lambda: source,
            console=Console(file=shown, width=200),
            clock=SystemClock(),
        )
        (conversation,) = (await running.get("")).json()["conversations"]
    lines = shown.getvalue().splitlines()
    assert conversation["name"] == "Weekly"
    assert [member["name"] for member in conversation["members"]] == ["Ana"]
    assert lines[0] == "listening to a test's microphone; Ctrl-C ends the meeting"
    assert [line.partition("] ")[2] for line in lines if line.startswith("[")] == [f"Ana: {SENTENCES[n]}" for n in (1, 2, 3, 5)]
    assert f"? {SENTENCES[2]}  (Ana)" in lines
    assert "The meeting lasted 0:04: a test's microphone gives no more sound." in lines
    assert "  # release plan" in lines
    assert f"Conversation {conversation['id']}" in lines
    assert lines[-1].endswith(f"{running.url}/v1/conversations/{conversation['id']}/messages")


async def test_the_microphone_is_let_go_when_the_engine_is_not_there(tmp_path: Path) -> None:
    source = HandedOver()
    with pytest.raises(EngineDown):
        await hold(
            settings_of(tmp_path, "http://127.0.0.1:1"), MeetingWish(), lambda: source, console=Console(), clock=SystemClock()
        )
    assert source.closed


def test_lines_take_no_markup_and_no_control_characters() -> None:
    shown = io.StringIO()
    Lines(Console(file=shown)).tell(Trouble("[red]x[/red]\x1b[31m"))
    assert shown.getvalue() == "! [red]x[/red][31m\n"
