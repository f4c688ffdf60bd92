"""The whole page in a real browser that hears recorded speech, with the real recogniser."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import TYPE_CHECKING, Any

import pytest
import websockets
from playwright.async_api import expect

from benchmarks.speech import word_error_rate
from tests.web.browser import as_json, browser, download, person, recording
from tests.web.engine import conversation, page_token

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page

    from sandbox.people.script import Meeting
    from tests.web.browser import Person
    from tests.web.engine import EngineProgram

pytestmark = [pytest.mark.browser, pytest.mark.model, pytest.mark.asyncio(loop_scope="package")]

MOST_ERRORS = 20.0
"""Words in a hundred, over some forty words."""
TURNS = (5, 6, 13)
"""A question, an action item with its day, a follow-up."""


async def test_speech_becomes_a_meeting_with_its_insights(
    tmp_path: Path, program: EngineProgram, weekly: Meeting, capsys: pytest.CaptureFixture[str]
) -> None:
    turns = [weekly.turns[number] for number in TURNS]
    length = recording(tmp_path / "said.wav", [weekly.sound(turn) for turn in turns], rate=weekly.rate)
    async with browser(tmp_path / "said.wav") as running, person(running, color_scheme="dark") as alice:
        await alice.begin(program.url, "Alice <i>")
        await alice.live()
        assert await alice.problems_of_access() == []
        await _words_and_insights_appear(alice, length)
        await _an_insight_lights_up_its_words(alice.page)
        assert await alice.problems_of_access() == []

        conversation_id = await alice.finish()
        assert await alice.problems_of_access() == []
        shown = await alice.lines("finished")
        rate = word_error_rate([" ".join(turn.text for turn in turns)], [" ".join(shown)])
        with capsys.disabled():
            sys.stdout.write(f"\nword error rate on the page: {rate:.1f} %\n")
        assert rate <= MOST_ERRORS
        kept = await conversation(program.url, conversation_id)
        assert [message["text"] for message in kept["messages"]] == shown
        await _the_finished_page_tells_the_same(alice.page, kept)
        await _everything_can_be_taken_along(alice.page, shown)
        assert alice.errors == []

        await alice.page.locator(".brand").click()
        await expect(alice.page.locator("#earlier-list")).to_contain_text("Alice <i>")
        assert await alice.problems_of_access() == []


async def _words_and_insights_appear(alice: Person, length: float) -> None:
    page = alice.page
    await expect(page.locator("#interims .said")).not_to_be_empty(timeout=length * 1000)
    await expect(page.locator("#heard")).to_have_text("You are heard")
    await alice.said("Thursday afternoon", within=length)
    await expect(page.locator("#live-question .note")).to_contain_text("payment bug")
    await expect(page.locator("#live-action_item .note")).to_contain_text("Thursday afternoon")
    await alice.said("next Monday", within=length)
    await expect(page.locator("#live-lines .who").first).to_have_text("Alice <i>")


async def _an_insight_lights_up_its_words(page: Page) -> None:
    note = page.locator("#live-action_item .note").filter(has_text="Thursday")
    await note.focus()
    await expect(page.locator("#live-lines mark")).to_contain_text("Thursday afternoon")
    await note.press("Enter")
    await expect(note).to_have_attribute("aria-pressed", "true")
    await page.keyboard.press("Escape")
    await expect(page.locator("#live-lines mark")).to_have_count(0)


async def _the_finished_page_tells_the_same(page: Page, kept: dict[str, Any]) -> None:
    assert [member["name"] for member in kept["members"]] == ["Alice <i>"]
    assert kept["endTime"]
    for part, kind in (
        ("actionItems", "action_item"),
        ("followUps", "follow_up"),
        ("questions", "question"),
        ("topics", "topic"),
    ):
        texts = [item["text"] for item in kept[part]]
        notes = page.locator(f"#finished-{kind} .note")
        assert await notes.count() == len(texts)
        for text in texts:
            await expect(notes.filter(has_text=text)).to_be_visible()
    seconds = round(sum(message["duration"] for message in kept["messages"]))
    talk = " ".join((await page.locator("#talk tbody").inner_text()).split())
    assert talk == f"Alice <i> 100 % {seconds // 60}:{seconds % 60:02}"
    assert await page.locator("#timeline .block").count() == len(kept["messages"])
    await page.get_by_label("Search the transcript").fill("thursday")
    await expect(page.locator("#finished-lines .line:visible")).to_have_count(1)
    await expect(page.locator("#finished-lines mark")).to_have_text("Thursday")
    await expect(page.locator("#hits")).to_have_text("1 line")
    await page.get_by_label("Search the transcript").fill("")
    await expect(page.locator("#finished-lines .line:visible")).to_have_count(len(kept["messages"]))


async def _everything_can_be_taken_along(page: Page, shown: list[str]) -> None:
    exported = as_json(await download(page, "#save-json"))
    assert [message["text"] for message in exported["messages"]] == shown
    assert exported["actionItems"][0]["messages"], "each item names the messages that it comes from"
    assert "Alice \\<i\\>" in await download(page, "#save-md"), "what people say is text, not markup"
    assert (await download(page, "#save-srt")).startswith("1\n00:00:00,000 --> 00:00:0")
    assert shown[0] in await download(page, "#save-txt")
    await page.locator("#copy-link").click()
    link = await page.evaluate("navigator.clipboard.readText()")
    await page.goto("about:blank")
    await page.goto(link)
    await expect(page.locator("#finished-lines .said")).to_have_text(shown)


async def test_two_people_speak_in_one_meeting(tmp_path: Path, program: EngineProgram, weekly: Meeting) -> None:
    recording(tmp_path / "first.wav", [weekly.sound(weekly.turns[6])], rate=weekly.rate)
    recording(tmp_path / "second.wav", [weekly.sound(weekly.turns[number]) for number in (9, 13)], rate=weekly.rate)
    async with (
        browser(tmp_path / "first.wav") as one,
        browser(tmp_path / "second.wav") as other,
        person(one) as ben,
        person(other, viewport={"width": 390, "height": 780}) as carla,
    ):
        await ben.begin(program.url, "Ben")
        await ben.said("serious one", within=20)
        await ben.page.locator("#share").click()
        link = await ben.page.evaluate("navigator.clipboard.readText()")
        place = link.removeprefix(program.url)

        await carla.begin(program.url, "Carla", to=place)
        await expect(carla.page.locator("#go-label")).to_have_text("Join and talk")
        await carla.said("serious one", within=20)  # what was said before she came
        await expect(ben.page.locator("#interims .who").filter(has_text="Carla")).to_be_visible(timeout=20_000)
        await ben.said("screenshots tomorrow", within=20)
        await carla.said("next Monday", within=20)
        for someone in (ben, carla):
            assert set(await someone.page.locator("#live-lines .who").all_inner_texts()) == {"Ben", "Carla"}
        assert await carla.problems_of_access() == []
        assert await carla.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out on a phone"
        await carla.page.locator("#show-notes").click()
        await carla.page.locator("#live-follow_up .note, #live-action_item .note").first.click()
        await expect(carla.page.locator("#live-lines .lit")).to_be_in_viewport()

        conversation_id = await ben.finish()
        await expect(ben.page.locator("#finished-note")).to_contain_text("still goes on")
        assert await carla.finish() == conversation_id
        kept = await conversation(program.url, conversation_id)
        speakers = {message["from"]["name"] for message in kept["messages"]}
        assert speakers == {"Ben", "Carla"}
        assert await carla.page.locator("#talk tbody tr").count() == 2
        assert await carla.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert await carla.problems_of_access() == []
        assert ben.errors + carla.errors == []


async def test_sound_of_any_rate_becomes_16_khz(program: EngineProgram) -> None:
    async with browser() as running, person(running) as somebody:
        await somebody.page.goto(program.url)
        for rate in (8_000, 11_025, 16_000, 22_050, 44_100, 48_000, 96_000, 192_000):
            error, length = await somebody.page.evaluate(_TONE, rate)
            assert length == pytest.approx(16_000, abs=2), rate
            assert error < 0.001, f"a tone of 1 kHz from {rate} Hz differs by {error}"
            if rate > 16_000:
                assert (await somebody.page.evaluate(_ALIAS, rate)) < 0.001, f"10 kHz shines through from {rate} Hz"


_RESAMPLED = """async (rate, frequency) => {
  const { Resampler } = await import("/web/resampler.js");
  const resampler = new Resampler(rate);
  const out = [];
  for (let at = 0; at < rate; ) {
    const size = Math.min(rate - at, 1 + ((at * 7919) % 1000));
    out.push(...resampler.process(Float32Array.from({ length: size }, (_, n) => Math.sin((2 * Math.PI * frequency * (at + n)) / rate))));
    at += size;
  }
  return [...out, ...resampler.flush()];
}"""
_TONE = f"""async (rate) => {{
  const out = await ({_RESAMPLED})(rate, 1000);
  const middle = out.map((value, n) => Math.abs(value - Math.sin((2 * Math.PI * 1000 * n) / 16000))).slice(200, -200);
  return [Math.max(...middle), out.length];
}}"""
_ALIAS = f"async (rate) => Math.max(...(await ({_RESAMPLED})(rate, 10000)).slice(200, -200).map(Math.abs))"


async def test_words_are_marked_where_they_stand(program: EngineProgram) -> None:
    async with browser() as running, person(running) as somebody:
        await somebody.page.goto(program.url)
        marks = await somebody.page.evaluate(
            """async () => {
              const { topicRanges, insightRanges, matches } = await import("/web/words.js");
              const cut = (text, ranges) => ranges.map(([start, end]) => text.slice(start, end));
              const said = "The Payment-bug is bad. I will fix it by 3.30 today. Why?";
              return [
                cut(said, topicRanges(said, { text: "payment bug", roots: [] })),
                cut(said, topicRanges(said, { text: "bugs", roots: ["bad", "bug"] })),
                cut(said, topicRanges(said, { text: "weather", roots: [] })),
                cut(said, insightRanges(said, { text: "Ben will fix it by 3.30 today." })),
                cut("a+b (c) a+b", matches("a+b (c) a+b", "A+B")),
              ];
            }"""
        )
        assert marks == [
            ["Payment-bug"],
            ["bug", "bad"],
            ["The Payment-bug is bad. I will fix it by 3.30 today. Why?"],
            ["I will fix it by 3.30 today."],
            ["a+b", "a+b"],
        ]


async def test_a_page_that_is_closed_ends_its_meeting(tmp_path: Path, program: EngineProgram, weekly: Meeting) -> None:
    recording(tmp_path / "said.wav", [weekly.sound(weekly.turns[5])], rate=weekly.rate)
    async with browser(tmp_path / "said.wav") as running, person(running) as dan:
        await dan.begin(program.url, "Dan")
        await dan.live()
        connection_id, token = dan.page.url.partition("#")[2], await page_token(program.url)
        address = f"{program.url.replace('http', 'ws')}/v1/subscribe/{connection_id}?access_token={token}"
        async with websockets.connect(address) as listener, asyncio.timeout(30):
            await dan.said("payment bug", within=20)
            await dan.page.close(run_before_unload=True)
            kinds = {json.loads(frame).get("message", {}).get("type") async for frame in listener}
        assert "conversation_completed" in kinds
