from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

from bot.errors import PlaceGone, PostError, PostRefused
from bot.meetings.entries import Line, Opened, Posted, Posting
from bot.meetings.result import MeetingResult
from bot.publish.archive import Archive
from bot.publish.publisher import ThreadPublisher
from tests.bot.publish.fakes import FakeJournal, FakeRoom, FakeThread, JumpingClock, NoMenus
from wire.conversations import ActionItem, Topic

if TYPE_CHECKING:
    from pathlib import Path

    from bot.meetings.entries import Entry

OPENED = Opened(
    meeting_id="m1",
    guild_id=1,
    voice_channel_id=5,
    thread_id=77,
    title="Weekly sync",
    started_at="2026-01-05T09:00:00+00:00",
    connection_id="c",
)


class World:
    def __init__(self, folder: Path, history: list[Entry] | None = None) -> None:
        self.clock = JumpingClock()
        self.thread = FakeThread(self.clock)
        self.journal = FakeJournal()
        self.room = FakeRoom(team=FakeThread(self.clock))
        self.folder = folder
        self.publisher = self.another(history or [OPENED])

    def another(self, history: list[Entry]) -> ThreadPublisher:
        return ThreadPublisher(
            self.room, self.thread, self.journal, history, clock=self.clock, archive=Archive(self.folder), menus=NoMenus()
        )

    def add(self, *lines: Line) -> None:
        for each in lines:
            self.publisher.add(each)

    async def flush(self) -> None:
        await self.clock.run(self.publisher.flush())

    def posted(self) -> list[str]:
        return [key for entry in self.journal.entries if isinstance(entry, Posted) for key in entry.keys]


@pytest.fixture
async def world(tmp_path: Path) -> World:
    return World(tmp_path)


def line(number: int, *, at: float | None = None, text: str | None = None) -> Line:
    start = float(number) if at is None else at
    name = ("Ana", "Ben", "Cem")[number % 3]
    return Line(key=f"k{number}", user_id=number % 3, name=name, start=start, end=start + 1, text=text or f"Sentence {number}.")


def result(*lines: Line, **more: object) -> MeetingResult:
    return MeetingResult(OPENED, lines, 60.0, "stopped by Ana", "1234", **more)  # type: ignore[arg-type] # the test names the rest


async def test_a_line_is_posted_within_a_tenth_of_a_second(world: World) -> None:
    began = world.clock.time
    world.add(line(1))
    await world.flush()

    assert world.thread.text == "**Ben** `0:01` Sentence 1."
    assert world.thread.messages[0].at - began < 0.1


async def test_lines_that_come_together_are_ordered_by_when_they_were_said(world: World) -> None:
    world.add(line(3), line(1), line(2))
    await world.flush()

    assert [part.split("Sentence ")[1] for part in world.thread.text.split("\n")] == ["1.", "2.", "3."]
    assert len(world.thread.messages) == 1


async def test_what_is_posted_is_announced_in_the_journal_before(world: World) -> None:
    world.thread.trouble.append(PostError("no answer"))
    world.add(line(1))
    await world.flush()

    announced, posted = world.journal.entries
    assert isinstance(announced, Posting)
    assert isinstance(posted, Posted)
    assert announced.content == world.thread.text
    assert announced.post_key == posted.post_key == world.thread.messages[0].key
    assert posted.url == f"{world.thread.url}/100"


async def test_a_flood_is_posted_whole_in_order_within_the_limits(world: World) -> None:
    count = 1500
    world.add(*(line(number, text=f"This is the sentence with the number {number} of many.") for number in range(count)))
    await world.flush()

    numbers = [int(part.split()[0]) for part in world.thread.text.split("number ")[1:]]
    assert numbers == list(range(count))
    assert world.posted() == [f"k{number}" for number in range(count)]
    assert len(world.thread.tries) == len(world.thread.messages), "Discord never had to refuse"
    assert len(world.thread.messages) < count / 10, "a backlog makes longer messages"


async def test_failures_lose_and_double_nothing(world: World, caplog: pytest.LogCaptureFixture) -> None:
    for number in range(30):
        world.thread.trouble.append((None, PostError("no answer"), PostError("slow", retry_after=2.0))[number % 3])
        world.thread.lose_answers += number % 2
        world.add(line(number))
        await world.clock.run(world.clock.sleep(1.0))
    await world.flush()

    assert [part.split(".")[0] for part in world.thread.text.split("Sentence ")[1:]] == [str(number) for number in range(30)]
    assert sorted(world.posted()) == sorted(f"k{number}" for number in range(30))


async def test_a_message_whose_answer_was_lost_long_ago_is_recognised(world: World) -> None:
    world.thread.lose_answers = 1
    world.thread.trouble.extend([None, *[PostError("away")] * 8])
    world.add(line(1))
    await world.flush()

    assert world.clock.time > 1060, "Discord had forgotten the key"
    assert len(world.thread.messages) == 1
    assert world.posted() == ["k1"]


async def test_a_thread_that_is_gone_is_told_once(world: World) -> None:
    world.thread.trouble.extend([PlaceGone("#weekly-sync was deleted.")] * 9)
    world.add(line(1))
    await world.flush()
    world.add(line(2))
    await world.flush()
    await world.clock.run(world.publisher.summary(result(line(1), line(2))))

    assert world.thread.messages == []
    assert len(world.room.notices) == 1
    assert "#weekly-sync was deleted." in world.room.notices[0]
    assert world.publisher.trouble == world.room.notices[0]
    assert "Sentence 2." in (world.folder / "meetings" / "m1" / "transcript.md").read_text()


async def test_a_refused_message_does_not_stop_the_next(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.thread.trouble.append(PostRefused("Discord refused it."))
    world.add(line(1))
    await world.flush()
    world.add(line(2))
    await world.flush()

    assert world.posted() == ["k2"]
    assert any("Discord refused it." in record.message for record in caplog.records if record.levelno == logging.ERROR)


async def test_the_summary_comes_after_all_lines_with_the_file_on_its_last_message(world: World) -> None:
    lines = [line(number) for number in range(4)]
    world.add(*lines)
    item = ActionItem(id="a", text="Ben will send the report.", message_ids=["x2"])
    await world.clock.run(
        world.publisher.summary(result(*lines, action_items=(item,), topics=(Topic(id="t", text="report"),), links={"x2": "k2"}))
    )

    assert "Sentence 3." in world.thread.messages[0].content
    assert "## Weekly sync: summary" in world.thread.messages[1].content
    assert f"[0:02]({world.thread.url}/100)" in world.thread.text
    [file] = world.thread.messages[-1].files
    assert file.name == "transcript.md"
    assert file.data == (world.folder / "meetings" / "m1" / "transcript.md").read_bytes()
    assert world.room.team is not None
    assert "Ben will send the report." in world.room.team.text
    assert world.thread.url in world.room.team.text


async def test_after_a_crash_the_summary_is_not_said_twice(world: World) -> None:
    lines = [line(number) for number in range(4)]
    world.add(*lines)
    await world.clock.run(world.publisher.summary(result(*lines)))
    before = world.thread.text, world.room.team.text if world.room.team else ""

    again = world.another([OPENED, *world.journal.entries])
    await world.clock.run(again.summary(result(*lines)))

    assert (world.thread.text, world.room.team.text if world.room.team else "") == before


async def test_links_lead_to_posts_of_before_a_crash(tmp_path: Path) -> None:
    posted = Posted(post_key="p", keys=["k1"], message_id=9, url="https://discord.test/old/9")
    world = World(tmp_path, [OPENED, line(1), posted])
    item = ActionItem(id="a", text="Do it.", message_ids=["k1"])
    await world.clock.run(world.publisher.summary(result(line(1), action_items=(item,))))

    assert "[0:01](https://discord.test/old/9)" in world.thread.text


async def test_a_file_that_is_refused_does_not_cost_the_summary(world: World, caplog: pytest.LogCaptureFixture) -> None:
    world.thread.trouble.append(PostRefused("too large"))
    await world.clock.run(world.publisher.summary(result()))

    [message] = world.thread.messages
    assert "summary" in message.content
    assert message.files == []


async def test_discord_away_at_the_end_leaves_the_summary_to_the_next_start(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.thread.trouble.extend([PostError("away")] * 200)
    world.add(line(1))
    with pytest.raises(PostError):
        await world.clock.run(world.publisher.summary(result(line(1))))

    assert (world.folder / "meetings" / "m1" / "transcript.md").exists()
    assert world.posted() == []


async def test_the_age_of_the_backlog_is_known(world: World) -> None:
    world.thread.trouble.extend([PostError("away")] * 3)
    world.add(line(1))
    await world.clock.run(world.clock.sleep(1.0))

    assert 0.9 <= world.publisher.backlog_age <= 1.1
    await world.flush()
    assert world.publisher.backlog_age == 0.0
    await world.publisher.close()
