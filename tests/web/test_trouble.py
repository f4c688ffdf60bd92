"""What the page says and does when something is in the way."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect

from benchmarks.speech import word_error_rate
from tests.web.browser import WITHIN, browser, person, recording
from tests.web.engine import EngineProgram, Line, conversation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from sandbox.people.script import Meeting, Turn
    from tests.web.browser import Person

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.asyncio(loop_scope="package")]

MOST_ERRORS = 25.0
"""Words in a hundred: a word that the break cut in two may stand there twice."""
TURNS = (9, 6)
"""The line is lost in the second one, before its first sentence has ended."""
PAUSE = 2.5
"""Seconds between the two: the page says when it hears the second one."""


@asynccontextmanager
async def line_to(port: int) -> AsyncIterator[Line]:
    line = Line(port)
    await line.up()
    try:
        yield line
    finally:
        line.down()


async def says(somebody: Person, what: str, way: str) -> None:
    problem = somebody.page.get_by_role("alert")
    await expect(problem).to_contain_text(what, timeout=WITHIN)
    await expect(problem).to_contain_text(way)
    assert await somebody.problems_of_access() == []


async def test_a_denied_microphone(tmp_path: Path, program: EngineProgram) -> None:
    recording(tmp_path / "silence.wav", [])
    async with (
        browser(tmp_path / "silence.wav", "--deny-permission-prompts") as running,
        person(running, microphone=False) as ana,
    ):
        await ana.begin(program.url, "Ana")
        await says(ana, "The microphone is not allowed.", "allow the microphone, then start again")
        await expect(ana.page.locator("#go")).to_be_enabled()


async def test_no_microphone(program: EngineProgram) -> None:
    async with browser() as running, person(running) as ana:
        await ana.begin(program.url, "Ana")
        await says(ana, "This machine has no microphone.", "Plug one in")
        await expect(ana.page.locator("#go")).to_be_focused()


async def test_an_insecure_address(program: EngineProgram) -> None:
    async with (
        browser(None, "--host-resolver-rules=MAP minutes.test 127.0.0.1") as running,
        person(running, microphone=False) as ana,
    ):
        await ana.page.goto(f"http://minutes.test:{program.port}/")
        await says(ana, "Browsers give the microphone only to pages of this machine", "http://localhost")
        await ana.page.locator("#go").click()
        await says(ana, "Browsers give the microphone only to pages of this machine", "ssh -L")


async def test_the_engine_is_gone_before_the_meeting(tmp_path: Path, program: EngineProgram) -> None:
    recording(tmp_path / "silence.wav", [])
    async with line_to(program.port) as line, browser(tmp_path / "silence.wav") as running, person(running) as ana:
        await ana.page.goto(line.url)
        line.down()
        await ana.page.locator("#go").click()
        await says(ana, "The engine does not answer.", "minutes serve")
        await line.up()
        await ana.page.locator("#go").click()
        await ana.live()
        await expect(ana.page.locator("#problem")).to_be_empty()


async def test_an_unknown_conversation(program: EngineProgram) -> None:
    async with browser() as running, person(running) as ana:
        await ana.page.goto(f"{program.url}/#conversation/1234567890123456")
        await says(ana, "There is no such conversation.", "go back to the first page")


async def test_a_dropped_line_loses_no_words(
    tmp_path: Path, program: EngineProgram, weekly: Meeting, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = [weekly.turns[number] for number in TURNS]
    length = recording(tmp_path / "said.wav", [weekly.sound(turn) for turn in turns], rate=weekly.rate, pause=PAUSE)
    async with line_to(program.port) as line, browser(tmp_path / "said.wav") as running, person(running) as ben:
        await ben.begin(line.url, "Ben")
        await ben.said("screenshots tomorrow", within=length)
        await _in_the_middle_of_the_next_sentence(ben)
        line.down()
        await expect(ben.page.locator("#state")).to_have_text("Waiting for the engine")
        await says(ben, "The engine does not answer.", "Go on talking")
        await line.up()
        await ben.live()
        await ben.said("Thursday afternoon", within=length)
        conversation_id = await ben.finish()
        await _nothing_lost(program, conversation_id, turns, "line", capsys)
        assert ben.errors == []


async def test_an_engine_that_dies_gets_the_words_again(
    tmp_path: Path, weekly: Meeting, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = [weekly.turns[number] for number in TURNS]
    length = recording(tmp_path / "said.wav", [weekly.sound(turn) for turn in turns], rate=weekly.rate, pause=PAUSE)
    mortal = EngineProgram(tmp_path / "engine")
    await mortal.start()
    try:
        async with browser(tmp_path / "said.wav") as running, person(running) as ben:
            await ben.begin(mortal.url, "Ben")
            await ben.said("screenshots tomorrow", within=length)
            await _in_the_middle_of_the_next_sentence(ben)
            await mortal.kill()
            await expect(ben.page.locator("#state")).to_have_text("Waiting for the engine")
            await mortal.start()
            await ben.said("Thursday afternoon", within=length + 20)
            conversation_id = await ben.finish()
            await _nothing_lost(mortal, conversation_id, turns, "engine", capsys)
    finally:
        await mortal.stop()


async def test_a_meeting_can_end_without_the_engine(tmp_path: Path, program: EngineProgram, weekly: Meeting) -> None:
    recording(tmp_path / "said.wav", [weekly.sound(weekly.turns[5])], rate=weekly.rate)
    async with line_to(program.port) as line, browser(tmp_path / "said.wav") as running, person(running) as dan:
        await dan.begin(line.url, "Dan")
        await dan.said("payment bug", within=20)
        line.down()
        await dan.page.get_by_role("button", name="End without it").click()
        await expect(dan.page.locator("#finished-note")).to_contain_text("what the page has heard", timeout=WITHIN)
        await expect(dan.page.locator("#finished-lines")).to_contain_text("payment bug")
        await expect(dan.page.locator("#finished-question .note")).to_contain_text("payment bug")


async def _in_the_middle_of_the_next_sentence(ben: Person) -> None:
    heard, clock = ben.page.locator("#heard"), ben.page.locator("#clock")
    await expect(heard).to_have_text("Listening", timeout=WITHIN)
    await expect(heard).to_have_text("You are heard", timeout=WITHIN)
    for _ in range(2):
        await expect(clock).not_to_have_text(await clock.inner_text())


async def _nothing_lost(
    program: EngineProgram, conversation_id: str, turns: list[Turn], what: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = await conversation(program.url, conversation_id)
    text = " ".join(message["text"] for message in kept["messages"])
    rate = word_error_rate([" ".join(turn.text for turn in turns)], [text])
    with capsys.disabled():
        sys.stdout.write(f"\nword error rate over a lost {what}: {rate:.1f} %: {text}\n")
    assert rate <= MOST_ERRORS
